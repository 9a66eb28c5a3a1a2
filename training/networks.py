"""Networks of transformers that lie on the user's disk: loaded whole, from there alone, or refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig
from transformers.utils.logging import disable_progress_bar

from engine.api.errors import ModelError


def load_network(
    kind: Any,  # noqa: ANN401 - a class of transformers
    folder: Path,
    types: tuple[str, ...],
    name: str,
    unused: tuple[str, ...] = (),
    dtype: torch.dtype | str = torch.float32,
) -> Any:  # noqa: ANN401 - a network of that class
    """In evaluation mode. `types`: what config.json may call it; `unused`: beginnings of weights that may be missing.

    transformers makes up what a checkpoint lacks, and takes one of another kind for the right one: both are refused.
    """
    disable_progress_bar()
    with reading(folder, name):
        if not folder.is_dir():
            raise ValueError("there is no such folder")
        found = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if found not in types:
            raise ValueError(f"its config.json is of {found}")
        options = {"local_files_only": True, "output_loading_info": True, "dtype": dtype}
        model, loaded = kind.from_pretrained(folder, **options)
        if missing := sorted(key for key in loaded["missing_keys"] if not key.startswith(unused)):
            raise ValueError(f"its weights lack {missing[0]}")
    return model.eval()


@contextmanager
def reading(folder: Path, name: str) -> Iterator[None]:
    """What the libraries raise over a folder that does not fit, which can be anything, as one line."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise ModelError(
            "weights_unfit",
            "{folder} contains no usable {name}: {reason}.",
            "Choose a folder with the config.json, preprocessor_config.json and weights of {name} for transformers.",
            folder=folder,
            name=name,
            reason=reason,
        ) from error
