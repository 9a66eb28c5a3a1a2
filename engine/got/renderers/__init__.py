"""What draws the picture of a chain's turn."""
