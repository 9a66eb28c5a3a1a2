"""Trains, evaluates and exports GoT models. Builds on the engine; the app only runs it as a process."""
