"""The language of what is shown. Standard library only, Python 3.10."""

from __future__ import annotations


def translate(text: str) -> str:
    """An English text in the user's language."""
    return text
