"""The renderer: renders the image of a chain's turn."""
