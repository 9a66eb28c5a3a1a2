"""A GoT model on disk in the native layout: safetensors only, and every tensor is checked.

The folder holds `got.json`, `tokenizer/`, `mllm/` in transformers' format, `unet/`, `vae/` and `scheduler/` in
diffusers' format, and `projectors.safetensors`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import diffusers.utils.logging
import torch
import transformers.utils.logging
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.api.errors import ModelError
from engine.got.files.config import REPAIR, GoTConfig, read_json
from engine.got.files.weights import (
    MLLM_KIND,
    UNET_KIND,
    VAE_KIND,
    WEIGHTS,
    Models,
    WriteFile,
    broken,
    check_weights,
    empty_mllm,
    empty_projectors,
    empty_unet,
    empty_vae,
    read_model_config,
    reading,
    stored_state,
    weight_files,
    write_now,
    write_weights,
)
from engine.got.planners.prompts import IM_GEN_END, IM_GEN_START, query_token
from engine.got.renderers.projectors import Projectors
from engine.output import new_folder

MAX_SHARD_SIZE = 5 * 10**9
"""Default limit in bytes for the tensors in one file."""

_SAFE = {"use_safetensors": True, "local_files_only": True}


@dataclass
class Components:
    """The parts of one GoT model."""

    config: GoTConfig
    tokenizer: Qwen2Tokenizer
    image_processor: Qwen2VLImageProcessorPil
    mllm: Qwen2_5_VLForConditionalGeneration
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    scheduler_config: dict[str, Any]
    """The noise schedule of training, as in diffusers' scheduler_config.json."""
    output_projector: nn.Linear
    """hidden size -> cross-attention width"""
    output_projector_add: nn.Linear
    """hidden size -> pooled width"""
    folder: Path | None = None
    """The folder it was read from."""

    @property
    def projectors(self) -> Projectors:
        """Both projectors as one module, with the keys of the native layout."""
        return Projectors(self.output_projector, self.output_projector_add)


def load_components(
    folder: Path, device: torch.device, dtype: torch.dtype, on_part: Callable[[int, int], None] | None = None
) -> Components:
    """Loads the model in `folder` in evaluation mode, with its weights converted to `dtype` on `device`.

    `on_part` gets (parts loaded, total parts). Raises ModelError, naming the file, if one is missing, broken or belongs
    to another model.
    """
    if not (folder / "got.json").is_file():
        raise ModelError(
            "model_folder_wrong",
            "{folder} is not a GoT model: it contains no got.json.",
            "Use a folder created by `got model import`, or a name listed by `got model list`.",
            folder=folder,
        )
    _silence_libraries()
    config = GoTConfig.from_file(folder / "got.json")
    tokenizer, image_processor = load_tokenizer(folder / "tokenizer"), load_image_processor(folder / "mllm")
    scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
    models = _read_models(folder)
    check_fit(folder, config, tokenizer, image_processor, models)
    # everything is checked before gigabytes are read
    models = _load_models(folder, models.projectors, dtype, on_part or _ignore_progress)
    for model in models:
        model.to(device).eval()
    return Components(
        config,
        tokenizer,
        image_processor,
        models.mllm,
        models.unet,
        models.vae,
        scheduler_config,
        models.projectors.output_projector,
        models.projectors.output_projector_add,
        folder,
    )


def load_tokenizer(folder: Path) -> Qwen2Tokenizer:
    """The tokenizer with its chat template. Raises ModelError if one of them is missing."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        read_json(folder / name)
    with reading(folder):
        tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
    if not tokenizer.chat_template:
        raise broken(folder, "it has no chat template")
    return tokenizer


def load_image_processor(folder: Path) -> Qwen2VLImageProcessorPil:
    """The processor that splits pictures into the MLLM's patches. It uses Pillow, for the same values on every machine.

    Raises ModelError if preprocessor_config.json is missing.
    """
    read_json(folder / "preprocessor_config.json")
    with reading(folder / "preprocessor_config.json"):
        return Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)


def _read_models(folder: Path) -> Models:
    """Builds the models without weights, after checking that the files on disk hold the weights they describe."""
    read_json(folder / "mllm" / "generation_config.json")
    mllm_config = read_model_config(folder / "mllm" / "config.json", MLLM_KIND)
    unet_config = read_model_config(folder / "unet" / "config.json", UNET_KIND)
    vae_config = read_model_config(folder / "vae" / "config.json", VAE_KIND)
    with reading(folder / "mllm" / "config.json"):
        mllm = empty_mllm(mllm_config)
    with reading(folder / "unet" / "config.json"):
        unet = empty_unet(unet_config)
        projectors = empty_projectors(mllm, unet)
    with reading(folder / "vae" / "config.json"):
        vae = empty_vae(vae_config)
    models = Models(mllm, unet, vae, projectors)
    for part, model in models._asdict().items():
        part_folder, stem = WEIGHTS[part]
        check_weights(folder / part_folder, stem, model)
    return models


def _ignore_progress(done: int, total: int) -> None:
    """The default progress callback; does nothing."""


def _load_models(
    folder: Path, projectors: Projectors, dtype: torch.dtype, on_part: Callable[[int, int], None]
) -> Models:
    with reading(folder / "mllm"):
        mllm = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder / "mllm", dtype=dtype, **_SAFE)
    on_part(1, 4)
    with reading(folder / "unet"):
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=dtype, **_SAFE)
    on_part(2, 4)
    # SDXL's VAE overflows in float16, which gives black pictures
    exact = torch.float32 if dtype == torch.float16 else dtype
    with reading(folder / "vae"):
        vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=exact, **_SAFE)
    on_part(3, 4)
    for path in weight_files(folder, WEIGHTS["projectors"][1]):
        with reading(path):
            projectors.load_state_dict(load_file(path), strict=False, assign=True)
    on_part(4, 4)
    return Models(mllm, cast(UNet2DConditionModel, unet), cast(AutoencoderKL, vae), projectors.to(dtype=dtype))


def check_fit(
    folder: Path,
    config: GoTConfig,
    tokenizer: Qwen2Tokenizer,
    image_processor: Qwen2VLImageProcessorPil,
    models: Models,
) -> None:
    """Raises ModelError if the parts are of models with different sizes."""
    tokens = tokenizer.get_vocab()
    for token in (IM_GEN_START, IM_GEN_END, *map(query_token, range(config.num_query_tokens))):
        if token not in tokens:
            raise broken(folder / "tokenizer", f"it lacks the token {token}")
    rows = models.mllm.config.get_text_config().vocab_size
    patch = image_processor.patch_size * image_processor.merge_size
    fits = {
        "tokenizer/ and mllm/": max(tokens.values()) < rows,
        # the UNet's input: noisy, reference and spatial latents
        "unet/ and vae/": models.unet.config["in_channels"] == 3 * models.vae.config["latent_channels"],
        "got.json's source_size and mllm/preprocessor_config.json": config.source_size % patch == 0,
    }
    for parts, fit in fits.items():
        if not fit:
            raise ModelError(
                "model_parts_differ", "{folder}: {parts} do not match.", REPAIR, folder=folder, parts=parts
            )


def save_native(
    folder: Path,
    components: Components,
    config: GoTConfig,
    *,
    dtype: torch.dtype | None = None,
    max_shard_size: int = MAX_SHARD_SIZE,
    replace: bool = False,
    on_part: Callable[[int, int], None] | None = None,
) -> None:
    """Writes a model to `folder`, which appears complete or not at all.

    Weights are stored as `dtype`; None keeps theirs. No file holds more than `max_shard_size` bytes of tensors, unless
    it holds a single tensor. `on_part` gets (parts written, total parts). Raises OutputError if the folder is not empty
    (unless `replace`) or cannot be written.
    """
    with new_folder(folder, replace) as temporary:
        write_native(temporary, components, config, dtype, max_shard_size, on_part or _ignore_progress)


def write_native(
    folder: Path,
    components: Components,
    config: GoTConfig,
    dtype: torch.dtype | None,
    max_shard_size: int,
    on_part: Callable[[int, int], None],
    finish: Callable[[str, str, Tensor], Tensor] | None = None,
    write: WriteFile = write_now,
) -> None:
    """Writes a model into a folder, file by file, as `save_native` does.

    `finish` transforms a weight just before it is written; it gets the part, the name and the tensor. `write` writes
    each file of weights. Raises OSError and SafetensorError.
    """
    config.to_file(folder / "got.json")
    components.tokenizer.save_pretrained(folder / "tokenizer")
    components.image_processor.save_pretrained(folder / "mllm")
    components.mllm.config.save_pretrained(folder / "mllm")
    cast(Any, components.mllm.generation_config).save_pretrained(folder / "mllm")
    _write_json(folder / "unet" / "config.json", _config_of(components.unet))
    _write_json(folder / "vae" / "config.json", _config_of(components.vae))
    _write_json(folder / "scheduler" / "scheduler_config.json", components.scheduler_config)
    models = Models(components.mllm, components.unet, components.vae, components.projectors)
    for done, (part, model) in enumerate(models._asdict().items(), start=1):
        part_folder, stem = WEIGHTS[part]
        stored = partial(finish, part) if finish else _unchanged
        write_weights(folder / part_folder, stem, stored_state(model), stored, dtype, max_shard_size, write)
        for path in (folder / part_folder).glob(f"{stem}*.safetensors"):
            shutil.copymode(folder / "got.json", path)  # safetensors creates files that only the owner can read
        on_part(done, len(models))


def _unchanged(name: str, tensor: Tensor) -> Tensor:
    """The default for `finish`."""
    return tensor


def _config_of(model: UNet2DConditionModel | AutoencoderKL) -> dict[str, Any]:
    """Its config without the path that it was read from."""
    config = json.loads(model.to_json_string())
    return {key: value for key, value in config.items() if key != "_name_or_path"}


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _silence_libraries() -> None:
    """Turns off the libraries' progress bars, which would mix with ours."""
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.disable_progress_bar()
