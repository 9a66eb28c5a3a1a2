"""What the app shows: widgets that follow the model. Geometry is in pure functions beside them."""
