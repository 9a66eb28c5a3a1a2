"""Fine-tuning of a GoT model on the user's own pairs, to an adapter or to a whole model (paper sec. 5.4)."""
