"""`python -m engine.models '[folder, output, checkpoint, dtype, source size]'`: imports a released checkpoint.

For programs that do not load torch themselves. Writes JSON lines to stdout: progress, {"note": …} for further
information, and finally {"summary": …} or, for an error, {"kind", "code", "message", "remedy"}.
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


def main(arguments: str) -> None:
    """Runs an import with these arguments."""
    folder, output, checkpoint, dtype, source_size = json.loads(arguments)
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
    # the parent ends this process with SIGINT, which is ignored where a script runs it in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:  # the parent no longer needs the result
        sys.exit(Cancelled.exit_code)
