"""How often a campaign tries: a few times every day, the whole number in a run with `--full`, as .ci/run's is."""

import os

FULL = os.environ.get("GOT_CAMPAIGN") == "full"


def times(usual: int, full: int) -> int:
    return full if FULL else usual
