"""`python -m engine.models '[folder, output, checkpoint, dtype, source size]'`: imports a released checkpoint.

For programs that stay without torch themselves. Says its progress as JSON lines on stdout, and {"note": …} where there
is more to know, and last either {"summary": …} or {"kind", "code", "message", "remedy"} of the error.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from engine.api.encoding import to_json
from engine.api.errors import Cancelled, EngineError
from engine.api.protocol import ErrorReply
from engine.models.convert import import_released


def main(given: str) -> None:
    """Imports as it is asked to."""
    folder, output, checkpoint, dtype, source_size = json.loads(given)
    try:
        report = import_released(
            Path(folder),
            Path(output),
            checkpoint,
            dtype=dtype,
            source_size=source_size,
            on_progress=lambda stage, done, total: _say(stage=stage, done=done, total=total),
            on_note=lambda note: _say(note=to_json(note)),
        )
    except EngineError as error:
        _say(**to_json(ErrorReply.of(error)))
    else:
        _say(summary=str(report))


def _say(**values: object) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    # who started it ends it by this signal, which is ignored where a script runs everything in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:  # whoever started it has no use for it any more
        sys.exit(Cancelled.exit_code)
