"""The user's own pictures as training data: records, the formats they come in, and what is wrong with them."""
