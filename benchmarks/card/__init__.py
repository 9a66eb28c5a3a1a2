"""`python -m benchmarks.card`: measurements on a GPU, for a model of GoT-6B's size and for got-mini, in parts
(`parts.py`)."""
