"""`python -m benchmarks.card`: what a graphics card makes of GoT-6B's sizes and of got-mini, in parts (`parts.py`)."""
