"""Fine-tunes a GoT model on the user's own pairs (paper sec. 5.4); the result is an adapter or a whole model."""
