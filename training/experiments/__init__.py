"""Experiments: the effect of the chain and its boxes, and fine-tuning on a new kind of object."""
