"""The user's own pictures as training data: the formats they come in, what is wrong with them, and the folder to train
from."""
