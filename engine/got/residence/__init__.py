"""Where a model's weights lie, and in how many bits."""
