"""Downloads the files of an offer. `python -m engine.models.download '{"folder": …, "offer": …}'` does so in a process.

Finished and partial files are kept when the download is interrupted, and the next start continues from there. A file
gets its final name only after its hash was verified. Without "offer", the process only reports the available offer.
Like `engine.models` it writes JSON lines: {"stage", "done", "total"} in bytes, and finally {"offer"}, {"summary"} or
{"kind", "code", "message", "remedy"}.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from engine.api.encoding import to_json
from engine.api.errors import Cancelled, EngineError, ModelError, OutputError
from engine.api.protocol import ErrorReply
from engine.models import hub
from engine.models.offer import OFFER, File, Offer, begun, look_up
from engine.models.released import GOT_6B

OnProgress = Callable[[str, int, int], None]
"""Called with (stage, bytes done, total bytes); the stages are "download" and "check"."""

_PIECE = 1 << 20


def remaining(offer: Offer, folder: Path) -> int:
    """Bytes that are not downloaded yet."""
    return offer.size - sum(_have(folder / part.folder / file.path) for part, file in offer.files())


def download(offer: Offer, folder: Path, on_progress: OnProgress) -> None:
    """Downloads the files that are missing in `folder`. Raises ModelError for the hub and its files, OutputError for
    the disk."""
    _check_space(folder, remaining(offer, folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / OFFER).write_text(json.dumps(offer.as_json()), encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error
    before = 0
    for part, file in offer.files():
        path = folder / part.folder / file.path
        if not path.exists():
            _load(part.url(offer.endpoint, file.path), file, path, _Count(on_progress, before, offer.size))
        before += file.size
        on_progress("download", before, offer.size)


class _Count:
    """Reports progress, four times a second at most."""

    def __init__(self, on_progress: OnProgress, before: int, total: int) -> None:
        self.on_progress, self.before, self.total = on_progress, before, total
        self._last_report = 0.0

    def __call__(self, stage: str, done: int) -> None:
        if time.monotonic() - self._last_report > 0.25:
            self._last_report = time.monotonic()
            self.on_progress(stage, self.before + done, self.total)


def _load(url: str, file: File, path: Path, count: _Count) -> None:
    """Downloads one file and reconnects when the connection breaks, as long as each attempt makes progress."""
    part = _part(path)
    failures = 0
    while (have := _have(path)) < file.size or not part.exists():
        try:
            _receive(url, file, part, have, count)
        except hub.BROKEN as error:
            failures = 0 if _have(path) > have else failures + 1
            if failures == hub.TRIES:
                raise hub.unreachable(url, error) from error
            time.sleep(hub.pause(failures))
    if _digest(part, file, count) != file.digest:
        part.unlink()
        raise ModelError(
            "download_wrong",
            "{name} is not the file that its publisher lists: its hash differs. The file was removed.",
            "Start the download again; the other files are kept.",
            name=path.name,
        )
    os.replace(part, path)


def _receive(url: str, file: File, part: Path, have: int, count: _Count) -> None:
    """Appends the data of one connection. Raises OSError or HTTPException if it breaks."""
    with hub.open_url(url, have) as answer:
        if answer.status != 206:
            have = 0  # the server does not support ranges
        with _opened(part, have) as target:
            while have < file.size:
                piece = answer.read1(_PIECE)
                if not piece:
                    raise ConnectionError("the connection ended too early")
                piece = piece[: file.size - have]
                _write(target, piece, part)
                have += len(piece)
                count("download", have)
            _flush(target, part)


def _opened(part: Path, have: int) -> IO[bytes]:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        target = part.open("r+b" if have else "wb", buffering=0)
        target.seek(have)
        return target
    except OSError as error:
        raise _unwritable(part, error) from error


def _write(target: IO[bytes], piece: bytes, part: Path) -> None:
    try:
        left = memoryview(piece)
        while left:
            left = left[target.write(left) :]
    except OSError as error:
        raise _unwritable(part, error) from error


def _flush(target: IO[bytes], part: Path) -> None:
    try:
        os.fsync(target.fileno())
    except OSError as error:
        raise _unwritable(part, error) from error


def _digest(part: Path, file: File, count: _Count) -> str:
    kind = file.digest.partition(":")[0]
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % file.size)
    done = 0
    with part.open("rb") as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
            done += len(piece)
            count("check", done)
    return f"{kind}:{digest.hexdigest()}"


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _have(path: Path) -> int:
    """Bytes of a file on disk, complete or partial."""
    for one in (path, _part(path)):
        if one.exists():
            return one.stat().st_size
    return 0


def _check_space(folder: Path, needed: int) -> None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise OutputError(
            "disk_full",
            "The download needs {needed:.1f} GB, but only {free:.1f} GB are free in {there}.",
            "Free some space, or choose a folder on another disk.",
            needed=needed / 1e9,
            free=free / 1e9,
            there=existing,
        )


def _unwritable(path: Path, error: OSError) -> OutputError:
    if error.errno == errno.ENOSPC:
        return OutputError(
            "disk_full",
            "The disk with {folder} is full.",
            "Free some space and continue; the downloaded files are kept.",
            folder=path.parent,
        )
    return OutputError(
        "output_unwritable",
        "{path} cannot be written: {reason}.",
        "Choose another folder.",
        path=path,
        reason=error.strerror,
    )


def main(arguments: str) -> None:
    """Downloads an offer, or reports the available one."""
    request = json.loads(arguments)
    folder = Path(request["folder"])
    try:
        if "offer" in request:
            offer = Offer.from_json(request["offer"])
            download(offer, folder, lambda stage, done, total: _say(stage=stage, done=done, total=total))
            _say(summary=str(folder))
        else:
            offer = begun(folder) or look_up(GOT_6B, hub.endpoint())
            _say(offer=offer.as_json(), remaining=remaining(offer, folder))
    except EngineError as error:
        _say(**to_json(ErrorReply.of(error)))


def _say(**values: object) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    # the parent ends this process with SIGINT, which is ignored where a script runs it in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:  # the parent no longer needs the result
        sys.exit(Cancelled.exit_code)
