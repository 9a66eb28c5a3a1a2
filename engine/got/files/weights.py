"""Model weights on disk: checks that they are complete and fit the model's config before loading, and writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from engine.api.errors import ModelError
from engine.got.files.config import REPAIR, read_json
from engine.got.renderers.projectors import Projectors

WEIGHTS = {
    "mllm": ("mllm", "model"),
    "unet": ("unet", "diffusion_pytorch_model"),
    "vae": ("vae", "diffusion_pytorch_model"),
    "projectors": ("", "projectors"),
}
"""Where the weights of each part are in the native layout: the folder, and the stem of the file names."""

MLLM_KIND = ("model_type", "qwen2_5_vl")
UNET_KIND = ("_class_name", "UNet2DConditionModel")
VAE_KIND = ("_class_name", "AutoencoderKL")
"""The key and value that identify each model in its config.json."""

Shapes = dict[str, tuple[int, ...]]
WriteFile = Callable[[Path, Callable[[Path], None]], None]
"""Writes a file of weights; called with its path and the function that saves to a path."""


class Models(NamedTuple):
    """The networks of a GoT model, by the names of the native layout's parts."""

    mllm: Qwen2_5_VLForConditionalGeneration
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    projectors: Projectors


def read_model_config(path: Path, kind: tuple[str, str]) -> dict[str, Any]:
    """A model's config.json. Raises ModelError if it describes another kind of model."""
    config = read_json(path)
    key, value = kind
    if config.get(key) != value:
        raise broken(path, f"“{key}” is {config.get(key)!r}, not {value!r}")
    return config


def empty_mllm(config: dict[str, Any]) -> Qwen2_5_VLForConditionalGeneration:
    """The model of a config.json on the meta device, without storage for its weights."""
    with torch.device("meta"):
        return Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig.from_dict(config))


def empty_unet(config: dict[str, Any]) -> UNet2DConditionModel:
    """The model of a config.json on the meta device, without storage for its weights."""
    with torch.device("meta"):
        return cast(UNet2DConditionModel, UNet2DConditionModel.from_config(config))


def empty_vae(config: dict[str, Any]) -> AutoencoderKL:
    """The model of a config.json on the meta device, without storage for its weights."""
    with torch.device("meta"):
        return cast(AutoencoderKL, AutoencoderKL.from_config(config))


def empty_projectors(mllm: Qwen2_5_VLForConditionalGeneration, unet: UNet2DConditionModel) -> Projectors:
    """The projectors between these models, without storage for their weights."""
    hidden = mllm.config.get_text_config().hidden_size
    config = unet.config
    pooled = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
    with torch.device("meta"):
        return Projectors(nn.Linear(hidden, config["cross_attention_dim"]), nn.Linear(hidden, pooled))


def stored_state(model: nn.Module) -> dict[str, Tensor]:
    """The state that the native layout stores: the state dict without tied weights."""
    tied = getattr(model, "all_tied_weights_keys", {})
    return {key: tensor for key, tensor in model.state_dict().items() if key not in tied}


def write_now(path: Path, save: Callable[[Path], None]) -> None:
    """Writes a file of weights unconditionally."""
    save(path)


def write_weights(
    folder: Path,
    stem: str,
    tensors: dict[str, Tensor],
    stored: Callable[[str, Tensor], Tensor],
    dtype: torch.dtype | None,
    max_shard_size: int,
    write: WriteFile = write_now,
) -> None:
    """Writes `stem`.safetensors, or several shards and their index. Only the tensors of one file are converted at a
    time.

    `stored` returns the tensor to store, given its name and the original. `dtype` None keeps the dtype. No file holds
    more than `max_shard_size` bytes, unless it holds a single tensor. Raises OSError and SafetensorError.
    """

    def save(keys: list[str], path: Path) -> None:
        shard = {key: stored(key, tensors[key]).to(sizes[key].dtype).contiguous() for key in keys}
        save_file(shard, path, metadata={"format": "pt"})

    sizes = {
        key: torch.empty(tensor.shape, dtype=dtype or tensor.dtype, device="meta") for key, tensor in tensors.items()
    }
    plan = split_torch_state_dict_into_shards(
        sizes, filename_pattern=stem + "{suffix}.safetensors", max_shard_size=max_shard_size
    )
    for name, keys in plan.filename_to_tensors.items():
        write(folder / name, partial(save, keys))
    if plan.is_sharded:
        index = {"metadata": plan.metadata, "weight_map": plan.tensor_to_filename}
        (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def check_weights(folder: Path, stem: str, model: nn.Module) -> None:
    """Raises ModelError unless the safetensors files in `folder` are whole and hold exactly the tensors of `model`."""
    files = weight_files(folder, stem)
    stored = {key: shape for path in files for key, shape in read_shapes(path).items()}
    compare(files[0] if len(files) == 1 else folder, stored, shapes_of(stored_state(model)))


def shapes_of(tensors: dict[str, Tensor]) -> Shapes:
    """The shape of each tensor."""
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def compare(place: Path, found: Shapes, wanted: Shapes) -> None:
    """Raises ModelError unless `found` has exactly the tensors and shapes of `wanted`."""
    if missing := sorted(wanted.keys() - found.keys()):
        raise broken(place, f"{len(missing)} of {len(wanted)} tensors are missing, the first is {missing[0]}")
    if unexpected := sorted(found.keys() - wanted.keys()):
        raise broken(place, f"{len(unexpected)} tensors do not belong there, the first is {unexpected[0]}")
    for key, shape in wanted.items():
        if found[key] != shape:
            raise broken(place, f"{key} has the shape {found[key]}, not {shape}")


def weight_files(folder: Path, stem: str) -> list[Path]:
    """The file `stem`.safetensors, or the files that `stem`.safetensors.index.json lists."""
    index = folder / f"{stem}.safetensors.index.json"
    return files_of_index(index) if index.exists() else [folder / f"{stem}.safetensors"]


def files_of_index(index: Path) -> list[Path]:
    """The files, in the same folder, that an index lists. Raises ModelError for an invalid index."""
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise broken(index, "it lists no tensors")
    names = sorted({str(name) for name in weight_map.values()})
    if any(Path(name).name != name for name in names):
        raise broken(index, "it names a file in another folder")
    return [index.parent / name for name in names]


def stored_numbers(folder: Path) -> int:
    """The number of weights of a model in the native layout. Raises ModelError."""
    files = [path for inner, stem in WEIGHTS.values() for path in weight_files(folder / inner, stem)]
    return sum(math.prod(shape) for path in files for shape in read_shapes(path).values())


def stored_tensor(folder: Path, part: str, key: str) -> Tensor:
    """One stored tensor of a model in the native layout. Raises ModelError."""
    inner, stem = WEIGHTS[part]
    for path in weight_files(folder / inner, stem):
        with reading(path), safe_open(path, framework="pt") as file:
            if key in file.keys():
                return file.get_tensor(key)
    raise broken(folder / inner, f"it has no {key}")


def read_shapes(path: Path) -> Shapes:
    """The shapes of the tensors in a safetensors file, from its header.

    Raises ModelError if the file is missing, truncated or broken.
    """
    if not path.is_file():
        raise ModelError("model_file_missing", "{path} is missing.", REPAIR, path=path)
    try:
        with safe_open(path, framework="pt") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}
    except (SafetensorError, OSError) as error:
        raise broken(path, f"it is truncated or not safetensors ({error})") from error


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Converts any exception that the libraries raise for a broken file to a ModelError."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, ModelError):
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise broken(place, reason) from error


def broken(place: Path, reason: str) -> ModelError:
    """The error for a file or folder with invalid contents."""
    return ModelError("model_file_broken", "{place} cannot be used: {reason}.", REPAIR, place=place, reason=reason)
