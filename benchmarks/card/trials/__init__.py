"""Trials of possible speed-ups: measured by the part `kernels`, and not used otherwise."""
