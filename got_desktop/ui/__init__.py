"""The app's widgets, which follow the model, and pure functions for geometry."""
