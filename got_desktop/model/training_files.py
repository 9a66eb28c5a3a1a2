"""What a training is on the disk. Its folder is all that ties the app to the trainer, which runs on without the app.

config.toml is its configuration; data/ holds the pairs as `got annotate` leaves them, with its report; run/ is the
run's own folder, with its journal (`training.finetune.journal` says what stands in it), samples and checkpoints. Beside
them lie annotate.json and train.json, the processes that were started here, and what these said, annotate.log and
train.log.
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
"""States of a run that has a process."""
_ENDED = frozenset({"finished", "stopped", "failed"})
_VALUE_THEN_COMMENT = re.compile(r"""((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#])*)(#.*)?$""")


@dataclass(frozen=True)
class Standing:
    """How a run does."""

    state: str = "new"
    """ "new", one of `ACTIVE`, "finished", "stopped", "failed", or "died" where its process is gone."""
    step: int = 0
    steps: int = 0
    done: int = 0
    total: int = 0
    """Pairs that are encoded, of how many."""
    seconds_left: float | None = None
    memory: int = 0
    """Bytes."""
    message: str = ""
    """Why it failed or died, in its own words."""
    wish: str = ""
    """ "pause" or "stop" where that was asked for and has not come yet."""


@dataclass(frozen=True)
class PairRow:
    name: str
    instruction: str
    chain: str
    source: Path | None
    """None: a picture and its caption."""
    target: Path


@dataclass(frozen=True)
class Pairs:
    """What there is to train on."""

    state: str = "reading"
    """ "reading", "ready", or "died" where it was broken off."""
    rows: tuple[PairRow, ...] = ()
    findings: tuple[tuple[str, str, str], ...] = ()
    """(kind, file and row, what exactly) of what is not used, or with care."""
    message: str = ""


@dataclass(frozen=True)
class Training:
    """All that the page shows of one, as it was at one moment."""

    name: str
    folder: Path
    standing: Standing
    pairs: Pairs
    config: Mapping[str, Any]
    """By "section.key"; empty where the file cannot be read."""
    curves: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    """(step, value) by what is measured."""
    samples: tuple[Path, ...] = ()
    whole_memory: int = 0
    """Bytes of the device, known after the first check."""
    check: Path | None = None
    """A first sample, drawn before the first step."""

    @property
    def begun(self) -> bool:
        """Something was learnt, or is about to be: pairs and settings stay as they are."""
        return self.standing.state in ACTIVE or bool(self.curves)


def names(home: Path) -> list[str]:
    """Of all trainings, the newest first."""
    found = [path for path in home.iterdir() if (path / CONFIG).is_file()] if home.is_dir() else []
    return [path.name for path in sorted(found, key=lambda path: (path / CONFIG).stat().st_mtime_ns, reverse=True)]


def read(folder: Path) -> Training:
    run = folder / RUN
    samples = sorted((run / "samples").glob("[!.]*.png")) if (run / "samples").is_dir() else []
    check = run / "preflight.png"
    return Training(
        folder.name,
        folder,
        standing(folder),
        read_pairs(folder),
        read_config(folder / CONFIG),
        read_curves(run / "log.jsonl"),
        tuple(samples),
        int(read_json(run / "preflight.json").get("memory", 0)),
        check if check.is_file() else None,
    )


# the run


def standing(folder: Path) -> Standing:
    """From what the run said last and whether its process lives."""
    said, begun = folder / RUN / "state.json", folder / "train.json"
    if not said.is_file() and not begun.is_file():
        return Standing()
    told = read_json(said)
    if not said.is_file() or (begun.is_file() and said.stat().st_mtime_ns < begun.stat().st_mtime_ns):
        state = "starting" if alive(read_json(begun)) else "died"
    else:
        state = told["state"] if told["state"] in _ENDED or alive(told) else "died"
    message = _why(told) if state == "failed" else last_words(folder / "train.log") * (state == "died")
    step, steps, each = told.get("step", 0), told.get("steps", 0), told.get("seconds_per_step")
    wish = _wish(folder / RUN / CONTROL) if state in ACTIVE else ""
    return Standing(
        state,
        step,
        steps,
        told.get("done", 0),
        told.get("total", 0),
        each * (steps - step) if each and state == "running" else None,
        told.get("memory", 0) if state == "running" else 0,
        message,
        "" if (wish, state) == ("pause", "paused") else wish,
    )


def _why(told: Mapping[str, Any]) -> str:
    """The error that ended a run, in the user's language; as it was written where a trainer of before wrote it."""
    if "error" not in told:
        return told.get("message", "")
    return language.sentence(from_json(ErrorReply, told["error"]).error())


def _wish(control: Path) -> str:
    try:
        return control.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def alive(process: Mapping[str, Any]) -> bool:
    """Whether that very process exists; another that got its number later does not count."""
    return bool(process) and process_start(int(process["pid"])) == process["started"]


def last_words(log: Path) -> str:
    """The error in a log, or its last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or [line for line in lines if line.strip()] or [""])[-1]


def read_curves(log: Path) -> Mapping[str, tuple[tuple[int, float], ...]]:
    """(step, value) by name; where a run went on from an earlier step, what was logged last holds."""
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
    """The file's whole lines: the last one may be half written."""
    lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    return [line for line in lines if line.endswith(b"\n")]


def _stamp(path: Path) -> tuple[int, int]:
    """Another one where the file is another: what has not changed is not read again."""
    if not path.is_file():
        return 0, 0
    found = path.stat()
    return found.st_mtime_ns, found.st_size


# pairs


def read_pairs(folder: Path) -> Pairs:
    rows = _rows(folder / DATA, _stamp(folder / DATA / "pairs.jsonl"))
    if (folder / DATA / REPORT).is_file():
        report = read_json(folder / DATA / REPORT)
        findings = tuple((f["kind"], f["where"], f["message"]) for f in report["findings"])
        return Pairs("ready", rows, findings)
    if alive(read_json(folder / "annotate.json")):
        return Pairs("reading", rows)
    return Pairs("died", rows, message=last_words(folder / "annotate.log"))


@lru_cache(maxsize=4)
def _rows(data: Path, stamp: object) -> tuple[PairRow, ...]:
    found = [json.loads(line) for line in _lines(data / "pairs.jsonl")]
    return tuple(
        PairRow(
            row["name"],
            row["instruction"],
            row["chain"],
            data / row["source_file_name"] if "source_file_name" in row else None,
            data / row["target_file_name"],
        )
        for row in found
    )


def store_pair(folder: Path, name: str, change: Mapping[str, str] | None) -> None:
    """Puts other values into a pair's row, or with None takes the row away. Raises OutputError."""
    path = folder / DATA / "pairs.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [row | change if change and row["name"] == name else row for row in rows if change or row["name"] != name]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in kept]
    replace_file(path, "".join(lines).encode())


# the configuration


def read_config(path: Path) -> dict[str, Any]:
    """Values by "section.key", or "key" at the top; nothing where the file is no TOML."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    values: dict[str, Any] = {}
    for key, value in table.items():
        values |= {f"{key}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {key: value}
    return values


def set_values(path: Path, values: Mapping[str, Any]) -> None:
    """Puts values into the file; all other lines and the comments stay. Raises RequestError, OutputError."""
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text = with_value(text, key, value)
    replace_file(path, text.encode())


def with_value(text: str, key: str, value: Any) -> str:  # noqa: ANN401 - what TOML holds
    """The TOML with another value at "section.key". Raises RequestError where it has no such line."""
    section, _, name = key.rpartition(".")
    lines, here = text.splitlines(), ""
    for place, line in enumerate(lines):
        if line.startswith("["):
            here = line.strip().strip("[]").strip()
        found = re.match(rf"({re.escape(name)}\s*=\s*)(.*)$", line) if here == section else None
        if found:
            parts = _VALUE_THEN_COMMENT.match(found[2])
            comment = f"  {parts[2]}" if parts and parts[2] else ""
            lines[place] = found[1] + json.dumps(value, ensure_ascii=False) + comment
            return "\n".join(lines) + "\n"
    raise RequestError(
        "config_invalid", "“{key}” is missing from the configuration.", "Add it to the TOML file.", key=key
    )


def read_json(path: Path) -> dict[str, Any]:
    """What a file says; nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
