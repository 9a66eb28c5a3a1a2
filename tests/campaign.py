"""How often a campaign tries: a few times every day, the whole number with GOT_CAMPAIGN=full, as .ci/run sets it."""

import os

FULL = os.environ.get("GOT_CAMPAIGN") == "full"


def times(usual: int, full: int) -> int:
    return full if FULL else usual
