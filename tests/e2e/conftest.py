"""The engine's folders, as in the engine's own tests."""

from tests.engine.conftest import place, served, tiny_model

__all__ = ["place", "served", "tiny_model"]
