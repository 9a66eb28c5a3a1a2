"""The app's data and logic without widgets: documents, plans, engine jobs and settings, observed through signals."""
