"""The user's own pictures as training data: input formats, checks, and the training folder."""
