"""Experiments on top of everything else: what the chain and its boxes bring, and a kind of thing that is new."""
