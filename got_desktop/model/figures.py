"""Numbers in the format of the user's language, for everything that the app shows with a decimal sign."""

from __future__ import annotations

from PySide6.QtCore import QLocale


def decimal(value: float, places: int) -> str:
    """The number with a fixed number of decimal places."""
    return QLocale().toString(value, "f", places)


def significant(value: float, digits: int = 3) -> str:
    """The number with a fixed number of significant digits, such as “0.00123”."""
    return QLocale().toString(value, "g", digits)


def whole(value: int) -> str:
    return QLocale().toString(value)


def gigabytes(size: float) -> str:
    """A size in bytes, such as “15.2 GB” or “32 MB”."""
    if size >= 1e9:
        return f"{decimal(size / 1e9, 1)} GB"
    return f"{decimal(size / 1e6, 0)} MB" if size >= 1e6 else f"{decimal(size / 1e3, 0)} kB"


def seconds(value: float) -> str:
    """A measured duration, such as “12.3 s” or “0.42 s”."""
    return f"{decimal(value, 2 if value < 1 else 1)} s" if value < 100 else f"{decimal(value, 0)} s"
