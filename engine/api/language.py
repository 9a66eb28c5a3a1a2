"""The language of what is shown. Standard library only, Python 3.10."""

from __future__ import annotations


def translate(template: str, /, **values: object) -> str:
    """An English text in the user's language, with its fields filled in."""
    return template.format(**values)
