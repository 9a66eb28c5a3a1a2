"""How often a stress run repeats its check: a few times every day, the full number with `--full`, as in CI."""

import os

FULL = os.environ.get("GOT_CAMPAIGN") == "full"


def times(usual: int, full: int) -> int:
    return full if FULL else usual
