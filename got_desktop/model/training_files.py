"""The files of a training, through which the app and the trainer communicate; the trainer also runs without the app.

config.toml is the configuration. data/ contains the pairs and the report that `got annotate` wrote. run/ belongs to the
run: its journal (described in `training.finetune.journal`), samples and checkpoints. annotate.json and train.json
identify the processes that the app started, and annotate.log and train.log contain their output.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.api import language
from engine.api.encoding import from_json
from engine.api.errors import RequestError
from engine.api.protocol import ErrorReply
from engine.api.runtime import process_start
from got_desktop.model.settings import replace_file

CONFIG, DATA, RUN, REPORT, CONTROL = "config.toml", "data", "run", "report.json", "control"
ACTIVE = frozenset({"starting", "loading", "encoding", "preflight", "running", "paused"})
"""States in which a run has a process."""
_ENDED = frozenset({"finished", "stopped", "failed"})
_VALUE_THEN_COMMENT = re.compile(r"""((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#])*)(#.*)?$""")


@dataclass(frozen=True)
class Status:
    """The state and progress of a run."""

    state: str = "new"
    """ "new", one of `ACTIVE`, "finished", "stopped", "failed", or "died" if its process no longer exists."""
    step: int = 0
    steps: int = 0
    done: int = 0
    total: int = 0
    """Total number of pairs to encode; `done` of them are encoded."""
    seconds_left: float | None = None
    memory: int = 0
    """Bytes."""
    message: str = ""
    """The error with which it failed or died."""
    wish: str = ""
    """ "pause" or "stop" if that was requested and has not happened yet."""


@dataclass(frozen=True)
class PairRow:
    name: str
    instruction: str
    chain: str
    source: Path | None
    """None if the row is a picture and its caption."""
    target: Path


@dataclass(frozen=True)
class Pairs:
    """The training data."""

    state: str = "reading"
    """ "reading", "ready", or "died" if reading was interrupted."""
    rows: tuple[PairRow, ...] = ()
    findings: tuple[tuple[str, str, str], ...] = ()
    """(kind, file and row, details) of skipped or questionable pairs."""
    message: str = ""


@dataclass(frozen=True)
class Training:
    """A snapshot of a training, with everything that the page shows."""

    name: str
    folder: Path
    status: Status
    pairs: Pairs
    config: Mapping[str, Any]
    """Values by "section.key"; empty if the file cannot be read."""
    curves: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    """(step, value) by measurement."""
    samples: tuple[Path, ...] = ()
    total_memory: int = 0
    """The device's memory in bytes, known after the first check."""
    check: Path | None = None
    """A sample that was drawn before the first step."""

    @property
    def started(self) -> bool:
        """Whether training has started, so that pairs and settings can no longer change."""
        return self.status.state in ACTIVE or bool(self.curves)


def names(home: Path) -> list[str]:
    """The names of all trainings, newest first."""
    folders = [path for path in home.iterdir() if (path / CONFIG).is_file()] if home.is_dir() else []
    return [path.name for path in sorted(folders, key=lambda path: (path / CONFIG).stat().st_mtime_ns, reverse=True)]


def read(folder: Path) -> Training:
    run = folder / RUN
    samples = sorted((run / "samples").glob("[!.]*.png")) if (run / "samples").is_dir() else []
    check = run / "preflight.png"
    return Training(
        folder.name,
        folder,
        status(folder),
        read_pairs(folder),
        read_config(folder / CONFIG),
        read_curves(run / "log.jsonl"),
        tuple(samples),
        int(read_json(run / "preflight.json").get("memory", 0)),
        check if check.is_file() else None,
    )


# the run


def status(folder: Path) -> Status:
    """The run's state, from its last report and whether its process exists."""
    state_file, process_file = folder / RUN / "state.json", folder / "train.json"
    if not state_file.is_file() and not process_file.is_file():
        return Status()
    report = read_json(state_file)
    if not state_file.is_file() or (
        process_file.is_file() and state_file.stat().st_mtime_ns < process_file.stat().st_mtime_ns
    ):
        state = "starting" if alive(read_json(process_file)) else "died"
    else:
        state = report["state"] if report["state"] in _ENDED or alive(report) else "died"
    message = _error(report) if state == "failed" else last_line(folder / "train.log") * (state == "died")
    step, steps, seconds = report.get("step", 0), report.get("steps", 0), report.get("seconds_per_step")
    wish = _wish(folder / RUN / CONTROL) if state in ACTIVE else ""
    return Status(
        state,
        step,
        steps,
        report.get("done", 0),
        report.get("total", 0),
        seconds * (steps - step) if seconds and state == "running" else None,
        report.get("memory", 0) if state == "running" else 0,
        message,
        "" if (wish, state) == ("pause", "paused") else wish,
    )


def _error(report: Mapping[str, Any]) -> str:
    """The error that ended a run, in the user's language; reports of older trainers only have an English message."""
    if "error" not in report:
        return report.get("message", "")
    return language.sentence(from_json(ErrorReply, report["error"]).error())


def _wish(control: Path) -> str:
    try:
        return control.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def alive(process: Mapping[str, Any]) -> bool:
    """Whether exactly this process exists, and not a later one with the same id."""
    return bool(process) and process_start(int(process["pid"])) == process["started"]


def last_line(log: Path) -> str:
    """The last error in a log or, without one, its last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or [line for line in lines if line.strip()] or [""])[-1]


def read_curves(log: Path) -> Mapping[str, tuple[tuple[int, float], ...]]:
    """(step, value) by name; if a run was resumed from an earlier step, the later values count."""
    return _curves(log, _stamp(log))


@lru_cache(maxsize=4)
def _curves(log: Path, stamp: object) -> Mapping[str, tuple[tuple[int, float], ...]]:
    curves: dict[str, dict[int, float]] = {}
    for line in _lines(log):
        row = json.loads(line)
        for name, value in row.items():
            if name not in ("time", "step"):
                curves.setdefault(name, {})[row["step"]] = value
    return {name: tuple(sorted(points.items())) for name, points in curves.items()}


def _lines(path: Path) -> list[bytes]:
    """The complete lines of the file; the last line may be incomplete."""
    lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    return [line for line in lines if line.endswith(b"\n")]


def _stamp(path: Path) -> tuple[int, int]:
    """Changes when the file changes, so that an unchanged file is not read again."""
    if not path.is_file():
        return 0, 0
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


# pairs


def read_pairs(folder: Path) -> Pairs:
    rows = _rows(folder / DATA, _stamp(folder / DATA / "pairs.jsonl"))
    if (folder / DATA / REPORT).is_file():
        report = read_json(folder / DATA / REPORT)
        findings = tuple((f["kind"], f["where"], f["message"]) for f in report["findings"])
        return Pairs("ready", rows, findings)
    if alive(read_json(folder / "annotate.json")):
        return Pairs("reading", rows)
    return Pairs("died", rows, message=last_line(folder / "annotate.log"))


@lru_cache(maxsize=4)
def _rows(data: Path, stamp: object) -> tuple[PairRow, ...]:
    rows = [json.loads(line) for line in _lines(data / "pairs.jsonl")]
    return tuple(
        PairRow(
            row["name"],
            row["instruction"],
            row["chain"],
            data / row["source_file_name"] if "source_file_name" in row else None,
            data / row["target_file_name"],
        )
        for row in rows
    )


def store_pair(folder: Path, name: str, change: Mapping[str, str] | None) -> None:
    """Changes values in a pair's row; None removes the row. Raises OutputError."""
    path = folder / DATA / "pairs.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    remaining = [
        row | change if change and row["name"] == name else row for row in rows if change or row["name"] != name
    ]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in remaining]
    replace_file(path, "".join(lines).encode())


# the configuration


def read_config(path: Path) -> dict[str, Any]:
    """Values by "section.key", or "key" at the top level; empty if the file is not TOML."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    values: dict[str, Any] = {}
    for key, value in table.items():
        values |= {f"{key}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {key: value}
    return values


def set_values(path: Path, values: Mapping[str, Any]) -> None:
    """Changes values in the file, keeping all other lines and comments. Raises RequestError, OutputError."""
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text = with_value(text, key, value)
    replace_file(path, text.encode())


def with_value(text: str, key: str, value: Any) -> str:  # noqa: ANN401 - what TOML holds
    """The TOML with another value at "section.key". Raises RequestError if it has no such line."""
    section, _, name = key.rpartition(".")
    lines, current = text.splitlines(), ""
    for place, line in enumerate(lines):
        if line.startswith("["):
            current = line.strip().strip("[]").strip()
        match = re.match(rf"({re.escape(name)}\s*=\s*)(.*)$", line) if current == section else None
        if match:
            parts = _VALUE_THEN_COMMENT.match(match[2])
            comment = f"  {parts[2]}" if parts and parts[2] else ""
            lines[place] = match[1] + json.dumps(value, ensure_ascii=False) + comment
            return "\n".join(lines) + "\n"
    raise RequestError(
        "config_invalid", "“{key}” is missing from the configuration.", "Add it to the TOML file.", key=key
    )


def read_json(path: Path) -> dict[str, Any]:
    """The contents of a JSON file; empty if it does not exist."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
