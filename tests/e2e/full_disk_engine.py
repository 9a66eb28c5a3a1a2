"""The engine on a disk that is full while the file `full` is in its data folder.

Every file that it then creates or flushes fails like on a real full disk (ENOSPC), and so does every write to its
database.
"""

import errno
import os
import sqlite3
import sys
from pathlib import Path

from engine.__main__ import main
from engine.api import files
from engine.jobs.store import Store

FULL = Path(os.environ["GOT_ENGINE_DATA"]) / "full"
DATABASE_TOO = FULL.with_name("database-full")
write_file, write_row = files.write_file, Store._do


def file_on_the_disk(path: Path, data: bytes, mode: int = 0o666) -> None:
    if FULL.exists():
        path.write_bytes(data[:10])  # the part that fits
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    write_file(path, data, mode)


def row_on_the_disk(self: Store, statement: str, *values: object) -> None:
    if DATABASE_TOO.exists():
        raise sqlite3.OperationalError("database or disk is full")
    write_row(self, statement, *values)


if __name__ == "__main__":
    files.write_file, Store._do = file_on_the_disk, row_on_the_disk
    sys.exit(main())
