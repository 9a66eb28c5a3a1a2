"""Reads the weights of a released checkpoint. Only used in the import process, because pickles are dangerous."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from engine.api.errors import ModelError
from engine.got.files.config import read_json
from engine.got.files.weights import broken, files_of_index

_LAYOUTS = (
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
)
"""In order of preference: safetensors before pickles."""

_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def read_checkpoint(folder: Path, on_file: Callable[[int, int], None]) -> dict[str, Tensor]:
    """All tensors of a checkpoint, memory-mapped, so they take memory only when they are read.

    `on_file` gets (files done, total files). Raises ModelError if files are missing, broken or differ from the index,
    or if they hold anything but plain tensors.
    """
    layout = next((folder / name for name in _LAYOUTS if (folder / name).is_file()), None)
    if layout is None:
        raise ModelError(
            "model_file_missing",
            "{folder} contains no weights.",
            "It must contain one of {names}.",
            folder=folder,
            names=", ".join(_LAYOUTS),
        )
    if layout.suffix != ".json":
        return _read_files([layout], on_file)
    tensors = _read_files(files_of_index(layout), on_file)
    listed = read_json(layout)["weight_map"].keys()
    if missing := sorted(listed - tensors.keys()):
        raise broken(layout, f"its files lack {len(missing)} tensors, the first is {missing[0]}")
    if unlisted := sorted(tensors.keys() - listed):
        raise broken(layout, f"its files hold {len(unlisted)} tensors more, the first is {unlisted[0]}")
    return tensors


def _read_files(files: list[Path], on_file: Callable[[int, int], None]) -> dict[str, Tensor]:
    for path in files:
        if not path.is_file():
            raise ModelError(
                "model_file_missing", "{path} is missing.", "Download the released model again.", path=path
            )
    tensors: dict[str, Tensor] = {}
    for done, path in enumerate(files, start=1):
        content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
        if duplicates := sorted(tensors.keys() & content.keys()):
            raise broken(path, f"{duplicates[0]} is in another file too")
        tensors |= content
        on_file(done, len(files))
    return tensors


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}
    except (SafetensorError, OSError) as error:
        raise broken(path, f"it is truncated or not safetensors ({error})") from error


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """Reads a file with torch's restricted unpickler, which only builds tensors. Pickles are read nowhere else."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        # the rest of torch's message explains how to load the file anyway
        name = re.search(r"GLOBAL (\S+)", str(error))
        raise _refused(path, f"asks for {name[1]}" if name else "contains more than tensors") from error
    except Exception as error:  # a broken file can raise any exception
        raise broken(path, "it is truncated or not a PyTorch file of weights") from error
    if not isinstance(content, dict):
        raise _refused(path, "is not a table of tensors")
    for key, value in content.items():
        if not isinstance(key, str) or not _is_plain(value):
            raise _refused(path, f"contains something other than weights under {str(key)[:80]!r}")
    return {key: value.detach() for key, value in content.items()}


def _is_plain(value: Any) -> bool:  # noqa: ANN401 - whatever the pickle holds
    """Whether this is a dense tensor of numbers that is not expanded from a smaller storage."""
    return (
        type(value) in (Tensor, nn.Parameter)
        and value.layout == torch.strided
        and value.dtype in _DTYPES
        and value.numel() * value.itemsize <= value.untyped_storage().nbytes()
    )


def _refused(path: Path, why: str) -> ModelError:
    return ModelError(
        "checkpoint_refused",
        "{path} {why}; none of its code was run.",
        "Do not trust this file; get the checkpoint from its authors.",
        path=path,
        why=why,
    )
