"""The programs that people start: the command line `got`, the demo and, over them, the app."""

from engine import VERSION

__all__ = ["VERSION"]
