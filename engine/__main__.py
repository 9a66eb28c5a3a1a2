"""`python -m engine`: the engine process. Its settings come from the environment, see `EngineSettings`."""

from __future__ import annotations

import os
import sys
import warnings

from engine.api.errors import EngineError
from engine.server.serve import serve
from engine.settings import EngineSettings


def main() -> int:
    """Gives the exit code."""
    # Operations that torch has not written for Apple's graphics run on the CPU then. torch reads it as it is loaded, so
    # here, before anything loads it.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries warn their programmers, not the user
    try:
        serve(EngineSettings.from_environment())
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
