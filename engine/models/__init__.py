"""Which models there are, and how the released ones become native ones."""
