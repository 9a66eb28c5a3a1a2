"""The history: a database of all edits with everything needed to repeat them. It survives a crash."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from engine.api.origin import Origin
from got_desktop.model.settings import Drawing

_TABLE = """
create table if not exists edit (
    id integer primary key autoincrement, made real not null, instruction text not null, chain text not null,
    drawing text not null, document text not null, starred integer not null default 0,
    before blob not null, after blob not null, origin text not null default '{}',
    job text not null default ''
)
"""
_LATER_COLUMNS = {"origin": "text not null default '{}'", "job": "text not null default ''"}
"""Columns that files of older versions lack."""


@dataclass(frozen=True)
class Entry:
    """One edit that produced a result."""

    instruction: str
    chain: str
    drawing: Drawing
    document: str
    """The name of the edited picture."""
    before: bytes
    """A small JPEG of the picture before the edit."""
    after: bytes
    """A small JPEG of the picture after the edit."""
    origin: Origin = Origin()
    """What the plan answers."""
    job: str = ""
    """The engine's job, which has one entry even if it is recovered after a crash."""
    made: float = field(default_factory=time.time)
    """Seconds since 1970."""
    starred: bool = False
    id: int = 0

    @property
    def again(self) -> Drawing:
        """The drawing options that give the same picture again: as `drawing`, with the seed locked."""
        return replace(self.drawing, seed_locked=True)


class History:
    """One database file. Each call opens it, so any thread may call; calls are short but not instant."""

    def __init__(self, folder: Path, max_entries: int) -> None:
        self.path = folder / "history.sqlite"
        self.max_entries = max_entries
        """Number of entries without a star to keep."""

    def add(self, entry: Entry) -> None:
        """Adds an entry, once for each job, and deletes the oldest entries without a star if there are too many."""
        with closing(self._open()) as database, database:
            if entry.job and database.execute("select 1 from edit where job = ?", (entry.job,)).fetchone():
                return
            values = {
                **{field.name: getattr(entry, field.name) for field in fields(entry) if field.name != "id"},
                "drawing": json.dumps(entry.drawing.to_json()),
                "origin": json.dumps(entry.origin.to_json()),
            }
            names = ", ".join(values)
            database.execute(
                f"insert into edit ({names}) values ({', '.join('?' * len(values))})", tuple(values.values())
            )
            _forget_oldest(database, self.max_entries)

    def clear(self) -> list[str]:
        """Deletes all entries without a star. Returns their jobs."""
        with closing(self._open()) as database, database:
            rows = database.execute("select job from edit where not starred and job != ''").fetchall()
            _forget_oldest(database, 0)
        return [row["job"] for row in rows]

    def find(self, words: str = "", starred: bool = False, limit: int = 60) -> list[Entry]:
        """The entries that contain all words in instruction, chain or document name, newest first."""
        conditions, values = ["1"], []
        for word in words.split():
            conditions.append("(instruction || ' ' || chain || ' ' || document) like ? escape '\\'")
            values.append("%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
        if starred:
            conditions.append("starred")
        with closing(self._open()) as database:
            rows = database.execute(
                f"select * from edit where {' and '.join(conditions)} order by id desc limit ?", (*values, limit)
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
        known = {row["name"] for row in database.execute("pragma table_info(edit)")}
        for name in _LATER_COLUMNS.keys() - known:
            database.execute(f"alter table edit add column {name} {_LATER_COLUMNS[name]}")
        return database


def _forget_oldest(database: sqlite3.Connection, max_entries: int) -> None:
    database.execute(
        "delete from edit where not starred and id not in"
        " (select id from edit where not starred order by id desc limit ?)",
        (max_entries,),
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    drawing = Drawing.from_json(json.loads(row["drawing"]))
    origin = Origin.from_json(json.loads(row["origin"]))
    if not origin.known:  # stored by an older version
        origin = drawing.origin_of(row["instruction"])
    return Entry(**{**row, "drawing": drawing, "origin": origin, "starred": bool(row["starred"])})
