"""Checks each pair once: yields the usable ones, and records a finding for everything that cannot be used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from engine.api.chain import Chain
from engine.api.errors import RequestError
from training.data import folders, tables
from training.data.pair import Finding, Pair, PairStream

_SHAPE_TOLERANCE = 0.02
"""Largest relative difference between the aspect ratios of before and after."""
_FATAL = {"broken_corners", "unclosed_box", "stray_box_end", "unknown_token", "empty_box", "unknown_color"}


@dataclass(frozen=True)
class Checked:
    """A usable pair with its pictures loaded: RGB, the target scaled to the source's size."""

    pair: Pair
    source: Image.Image | None
    target: Image.Image


@dataclass
class Tally:
    """The number of usable pairs so far, and the findings."""

    pairs: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(f.kind for f in self.findings))


def find_data(path: Path) -> PairStream:
    """Returns the pairs of a file or folder in any known format. Raises RequestError if the format is unknown."""
    return _importer(path)(path)


def _importer(path: Path) -> Callable[[Path], PairStream]:
    if path.is_file():
        return _file_importer(path)
    if path.is_dir():
        for name in ("metadata.jsonl", "metadata.csv", "pairs.jsonl"):
            if (path / name).is_file():
                return lambda folder: folders.read_metadata(folder / name)
        if next(path.rglob("*.parquet"), None):
            return tables.read_parquet
        if folders.two_folders(path):
            return folders.read_two_folders
        if folders.has_suffixes(path):
            return folders.read_suffixes
        lines = sorted(path.glob("*.jsonl"))
        if len(lines) == 1:
            return lambda folder: _file_importer(lines[0])(lines[0])
    raise _no_such_data(path)


def _file_importer(path: Path) -> Callable[[Path], PairStream]:
    if path.suffix == ".parquet":
        return tables.read_parquet
    if path.suffix not in (".jsonl", ".json", ".csv"):
        raise _no_such_data(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        start = file.read(4096)
    return folders.read_seed_edit if "edit_image_1" in start or "instruction_1" in start else folders.read_metadata


def _no_such_data(path: Path) -> RequestError:
    return RequestError(
        "data_unknown",
        "{path} contains no training data in a known format.",
        "docs/training.md lists the formats: folders of pictures, metadata.jsonl, Parquet, JSONL.",
        path=path,
    )


def checked(items: PairStream, tally: Tally) -> Iterator[Checked]:
    """Yields the usable pairs one at a time; adds everything else to the tally."""
    names: dict[str, str] = {}  # by the hash of a pair's contents
    for item in items:
        if isinstance(item, Finding):
            tally.findings.append(item)
            continue
        result = _check(item, names, tally)
        if isinstance(result, Finding):
            tally.findings.append(result)
        else:
            tally.pairs += 1
            yield result


def _check(pair: Pair, names: dict[str, str], tally: Tally) -> Checked | Finding:
    digest = hashlib.sha256(f"{pair.instruction}\0{pair.chain}".encode())
    images: list[Image.Image | None] = []
    for picture in (pair.source, pair.target):
        try:
            images.append(picture.open() if picture else None)
            digest.update(picture.bytes() if picture else b"")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            return Finding("unreadable", picture.name if picture else pair.name, str(error))
    if (first := names.setdefault(digest.hexdigest(), pair.name)) != pair.name:
        return Finding("duplicate", pair.name, f"the same as {first}")
    source, target = images
    assert target
    if source and abs(source.width / source.height / (target.width / target.height) - 1) > _SHAPE_TOLERANCE:
        return Finding("wrong_size", pair.name, f"{source.width}×{source.height} and {target.width}×{target.height}")
    if problem := chain_problem(pair):
        return problem
    if not pair.instruction.strip():
        tally.findings.append(Finding("no_instruction", pair.name, "annotation writes one"))
    if source and source.size != target.size:
        target = target.resize(source.size, Image.Resampling.LANCZOS)
    return Checked(pair, source, target)


def chain_problem(pair: Pair) -> Finding | None:
    """Returns a finding if the pair's chain is unfit for training, else None."""
    for problem in Chain.parse(pair.chain).problems:
        if problem.code == "out_of_range":
            return Finding("box_out_of_range", pair.name, problem.message)
        if problem.code in _FATAL:
            return Finding("broken_chain", pair.name, problem.message)
    return None
