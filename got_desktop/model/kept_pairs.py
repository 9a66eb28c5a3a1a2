"""Accepted edits as training pairs, if the user wants that, in a folder that `got annotate` reads."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from engine.api.errors import OutputError
from got_desktop.model import pictures
from got_desktop.model.results import Results
from got_desktop.model.settings import replace_file

ROWS = "pairs.jsonl"


def folder_of(data: Path) -> Path:
    """The folder of the pairs, inside the app's data folder."""
    return data / "accepted-edits"


def keep(folder: Path, results: Results, index: int) -> None:
    """Writes the pictures before and after the edit, and a row with the instruction and the corrected chain.

    A new picture has no picture before it. Plans with several turns are skipped: a pair shows one turn. Slow. Raises
    OutputError.
    """
    plan = results.plan
    if plan.turns() != 1:
        return
    before, after = results.before, results.accepted(index, results.before)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    row: dict[str, Any] = {"name": name, "instruction": results.instruction, "origin": plan.origin.to_json()}
    if not results.drawing.new_picture:
        plan = plan.reframed(before.seen, before.whole)
        row["source_file_name"] = f"{name}-before.png"
        replace_file(folder / row["source_file_name"], pictures.for_engine(before))
    row |= {"target_file_name": f"{name}-after.png", "chain": plan.text}
    replace_file(folder / row["target_file_name"], pictures.for_engine(after))
    _add_row(folder / ROWS, row)


def _add_row(path: Path, row: dict[str, Any]) -> None:
    """Appends a row in one write, so that the rows of two windows do not mix."""
    try:
        with path.open("ab") as file:
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            "output_unwritable", "{path} cannot be written: {reason}.", "Free some space.", path=path, reason=reason
        ) from error
