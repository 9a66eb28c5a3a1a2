"""What was done, kept in a database: every edit with all that is needed to do it again. It survives a crash."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from got_desktop.model.settings import Drawing

_TABLE = """
create table if not exists edit (
    id integer primary key autoincrement, made real not null, instruction text not null, chain text not null,
    drawing text not null, document text not null, starred integer not null default 0,
    before blob not null, after blob not null
)
"""


@dataclass(frozen=True)
class Entry:
    """One edit that came to a result."""

    instruction: str
    chain: str
    drawing: Drawing
    document: str
    """The name of the picture that it was made on."""
    before: bytes
    """Small JPEGs of the picture before and after."""
    after: bytes
    made: float = field(default_factory=time.time)
    """Seconds since 1970."""
    starred: bool = False
    id: int = 0

    @property
    def again(self) -> Drawing:
        """What gives the same picture another time, though each run took another seed then."""
        return replace(self.drawing, seed_locked=True)


class History:
    """One database file. Each call opens it anew, so that any thread may call; the calls are short but not instant."""

    def __init__(self, folder: Path, kept: int) -> None:
        self.path = folder / "history.sqlite"
        self.kept = kept
        """Entries without a star that stay."""

    def add(self, entry: Entry) -> None:
        """Keeps an entry for good; the oldest that have no star go when there are too many."""
        with closing(self._open()) as database, database:
            values = (entry.made, entry.instruction, entry.chain, json.dumps(entry.drawing.to_json()), entry.document)
            database.execute(
                "insert into edit (made, instruction, chain, drawing, document, starred, before, after)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, entry.starred, entry.before, entry.after),
            )
            _forget_oldest(database, self.kept)

    def clear(self) -> None:
        """Deletes every entry without a star."""
        with closing(self._open()) as database, database:
            _forget_oldest(database, 0)

    def find(self, words: str = "", starred: bool = False, limit: int = 60) -> list[Entry]:
        """The entries that hold all the words in instruction, chain or document, the newest first."""
        wanted, values = ["1"], []
        for word in words.split():
            wanted.append("(instruction || ' ' || chain || ' ' || document) like ? escape '\\'")
            values.append("%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
        if starred:
            wanted.append("starred")
        with closing(self._open()) as database:
            rows = database.execute(
                f"select * from edit where {' and '.join(wanted)} order by id desc limit ?", (*values, limit)
            )
            return [_entry(dict(row)) for row in rows]

    def star(self, id: int, starred: bool) -> None:
        with closing(self._open()) as database, database:
            database.execute("update edit set starred = ? where id = ?", (starred, id))

    def remove(self, id: int) -> None:
        with closing(self._open()) as database, database:
            database.execute("delete from edit where id = ?", (id,))

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, timeout=10)
        database.row_factory = sqlite3.Row
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute(_TABLE)
        return database


def _forget_oldest(database: sqlite3.Connection, kept: int) -> None:
    database.execute(
        "delete from edit where not starred and id not in"
        " (select id from edit where not starred order by id desc limit ?)",
        (kept,),
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    drawing = Drawing.from_json(json.loads(row["drawing"]))
    return Entry(**{**row, "drawing": drawing, "starred": bool(row["starred"])})
