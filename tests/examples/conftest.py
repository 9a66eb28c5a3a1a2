"""The engine's places, as in the engine's own tests."""

from tests.engine.conftest import served, tiny_model

__all__ = ["served", "tiny_model"]
