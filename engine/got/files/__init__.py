"""A model's files: the native layout, and adapters."""
