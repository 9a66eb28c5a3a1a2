"""What the app knows and does, without widgets: documents, plans, the engine's work, settings; observed by signals."""
