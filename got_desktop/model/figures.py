"""Figures as the user's language writes them: whatever the app shows with a decimal sign is made here."""

from __future__ import annotations

from PySide6.QtCore import QLocale


def decimal(value: float, places: int) -> str:
    """With so many places behind the decimal sign."""
    return QLocale().toString(value, "f", places)


def significant(value: float, digits: int = 3) -> str:
    """With so many digits that tell something, such as “0.00123”."""
    return QLocale().toString(value, "g", digits)


def whole(value: int) -> str:
    return QLocale().toString(value)


def gigabytes(size: float) -> str:
    """Such as “15.2 GB” or “32 MB”."""
    if size >= 1e9:
        return f"{decimal(size / 1e9, 1)} GB"
    return f"{decimal(size / 1e6, 0)} MB" if size >= 1e6 else f"{decimal(size / 1e3, 0)} kB"


def seconds(value: float) -> str:
    """Such as “12.3 s” or “0.42 s”: a duration that was measured."""
    return f"{decimal(value, 2 if value < 1 else 1)} s" if value < 100 else f"{decimal(value, 0)} s"
