"""The engine: everything that needs a model, behind the door `engine.api`."""

VERSION = "0.1.0"
