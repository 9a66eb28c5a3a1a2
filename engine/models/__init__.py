"""The models on this machine, and the import of released models."""
