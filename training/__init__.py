"""Trains, evaluates and exports GoT models. Stands on the engine; the app knows it only as a process."""
