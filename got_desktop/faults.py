"""Unexpected errors: the details go to a log, and the user sees one line that names the log."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from platformdirs import user_log_dir

from engine.api.errors import EngineError


def log_file() -> Path:
    """The log file for the details of unexpected errors."""
    return Path(user_log_dir("got_desktop", appauthor=False)) / "got.log"


def keep(error: BaseException) -> EngineError:
    """Writes the details of an unexpected error to the log and returns the error to show."""
    what = f"{type(error).__name__}: {str(error)[:200]}"
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    except OSError:
        return EngineError(
            "unexpected",
            "An unexpected error occurred ({what}).",
            "The details could not be saved: {path} cannot be written.",
            what=what,
            path=path,
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    details = (type(error), error, error.__traceback__)
    handler.emit(logging.LogRecord("got", logging.ERROR, __file__, 0, "unexpected error", None, details))
    handler.close()
    return EngineError(
        "unexpected",
        "An unexpected error occurred ({what}).",
        "See {path} for details, and please report this error.",
        what=what,
        path=path,
    )
