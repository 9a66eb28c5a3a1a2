"""Placement of a model's weights, and their quantization."""
