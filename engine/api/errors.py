"""Errors that are shown to people: what is wrong, and what to do about it. Standard library only."""

from __future__ import annotations

from engine.api.notes import Note


class EngineError(Exception):
    """An error that a user can understand and act on. `str()` is one line in English: the message, then the remedy.

    Message and remedy are literal templates whose {fields} are filled from `values`; the catalog of translations
    contains them (`engine.api.language`). `message` and `remedy` are the English sentences.
    """

    exit_code = 1
    """Exit status of the command line for this error."""

    def __init__(self, code: str, message: str, remedy: str = "", /, **values: object) -> None:
        self.code = code
        self.parts = (Note.of(code, message, **values), Note.of(code, remedy, **values))
        """Message and remedy with their templates and values."""
        self.message, self.remedy = (part.text for part in self.parts)
        super().__init__(code, self.message, self.remedy)

    def __str__(self) -> str:
        return " ".join(f"{self.message} {self.remedy}".split())


class RequestError(EngineError):
    """The request is not valid: an option out of range, an empty instruction."""

    exit_code = 2


class ImageError(EngineError):
    """A picture that cannot be read."""

    exit_code = 3


class ModelError(EngineError):
    """A model, adapter or checkpoint that is missing, damaged or of the wrong kind."""

    exit_code = 4


class ChainError(EngineError):
    """A GoT chain that cannot be used as it is."""

    exit_code = 5


class OutputError(EngineError):
    """A result that cannot be written to the requested place."""

    exit_code = 6


class EngineUnavailable(EngineError):
    """The engine does not start, does not answer, or is no longer running."""

    exit_code = 7


class NotFound(RequestError):
    """An id that the engine does not know, or no longer knows."""


class Busy(EngineError):
    """The engine's queue is full; try again later."""

    exit_code = 7


class OutOfMemory(ModelError):
    """The device does not have enough memory for the request; the message says what fits."""


class Cancelled(EngineError):
    """The user cancelled the work."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("cancelled", "Cancelled.")


KINDS: dict[str, type[EngineError]] = {
    kind.__name__: kind
    for kind in (
        EngineError,
        RequestError,
        ImageError,
        ModelError,
        ChainError,
        OutputError,
        EngineUnavailable,
        NotFound,
        Busy,
        OutOfMemory,
        Cancelled,
    )
}
"""All errors of the engine's public API, by class name."""
