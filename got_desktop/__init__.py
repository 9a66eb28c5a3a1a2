"""The programs that users start: the command line `got`, the demo and the app on top of them."""

from engine import VERSION

__all__ = ["VERSION"]
