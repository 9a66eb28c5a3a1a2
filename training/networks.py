"""Loads transformers networks from a local folder, completely and without downloads, or raises a one-line error."""

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
    """Returns the network in a folder, in evaluation mode. Raises ModelError if the folder does not fit.

    `types` lists the accepted values of model_type in config.json, `unused` the name prefixes of weights that may be
    missing. transformers would initialize missing weights at random and accept a checkpoint of another type; here both
    are errors.
    """
    disable_progress_bar()
    with reading(folder, name):
        if not folder.is_dir():
            raise ValueError("there is no such folder")
        model_type = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if model_type not in types:
            raise ValueError(f"its config.json is of {model_type}")
        options = {"local_files_only": True, "output_loading_info": True, "dtype": dtype}
        model, info = kind.from_pretrained(folder, **options)
        if missing := sorted(key for key in info["missing_keys"] if not key.startswith(unused)):
            raise ValueError(f"its weights lack {missing[0]}")
    return model.eval()


@contextmanager
def reading(folder: Path, name: str) -> Iterator[None]:
    """Turns any exception that the libraries raise over an unsuitable folder into a ModelError of one line.

    Out-of-memory errors pass through.
    """
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
