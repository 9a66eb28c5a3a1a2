"""The import process. It reads the released checkpoint, so a malicious file cannot affect the program that started it.

Started as `python -m engine.models.import_process`. The request is one JSON line on stdin. Events are JSON lines on
stdout: {"progress": [stage, done, total]}, {"note": text}, and finally {"report": {...}} or {"error": [kind, code,
message, remedy]}. The process exits when stdin is closed, because its parent has ended then.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, Qwen2_5_VLConfig

from engine.api.encoding import to_json
from engine.api.errors import EngineError, OutputError, RequestError
from engine.api.notes import Note
from engine.api.protocol import ErrorReply
from engine.got.files.checkpoint import Components, check_fit, load_image_processor, load_tokenizer, write_native
from engine.got.files.config import GoTConfig, read_json
from engine.got.files.weights import (
    MLLM_KIND,
    UNET_KIND,
    VAE_KIND,
    WEIGHTS,
    Models,
    broken,
    check_weights,
    compare,
    empty_mllm,
    empty_projectors,
    empty_unet,
    empty_vae,
    read_model_config,
    reading,
    shapes_of,
    stored_state,
)
from engine.got.planners.prompts import add_got_tokens
from engine.models.convert import ImportReport, ImportRequest, OnNote, OnProgress
from engine.models.released import MLLM_BASE, UNET_BASE
from engine.models.released_files import read_checkpoint
from engine.models.released_keys import NativeTensors, to_native
from engine.models.unfinished import Finished
from engine.output import writing

_FORMAT = 1
"""Increased when the same checkpoint is converted to different files, so that they are not mixed with older ones."""
_EMBEDDING, _HEAD = "model.language_model.embed_tokens.weight", "lm_head.weight"


def convert(request: ImportRequest, on_progress: OnProgress, on_note: OnNote) -> ImportReport:
    """Writes a released checkpoint in the native layout to `request.place`, or the part that is missing. Raises
    EngineError."""
    started = time.monotonic()
    folder, checkpoint = Path(request.folder), Path(request.folder, request.checkpoint)
    dtype: torch.dtype | None = getattr(torch, request.dtype) if request.dtype else None
    origin = _origin(request)
    tensors = read_checkpoint(checkpoint, lambda done, total: on_progress("read", done, total))
    native = to_native(tensors, checkpoint, request.lora_alpha)
    tied = _leave_out_tied_head(native)
    models = _build_models(folder, native.parts)
    for part, model in models._asdict().items():
        compare(checkpoint / part, shapes_of(native.parts[part]), shapes_of(stored_state(model)))
        model.load_state_dict(native.parts[part], strict=False, assign=True)
    components = _assemble(request, models)
    _check_source_size(components)
    check_fit(folder, components.config, components.tokenizer, components.image_processor, models)
    with writing(Path(request.place)):
        finished = Finished(Path(request.place), origin)
        _check_space(finished, models, dtype)
        if finished.files:
            on_note(
                Note.of(
                    "import_goes_on",
                    "The import resumes where the last one stopped; {count} of its files are kept.",
                    count=len(finished.files),
                )
            )
        write_native(
            finished.model,
            components,
            components.config,
            dtype,
            request.max_shard_size,
            on_part=lambda done, total: on_progress("write", done, total),
            finish=native.finish,
            write=finished.write,
        )
    _check_output(finished.model, models)
    if _origin(request) != origin:
        raise broken(checkpoint, "it changed while it was imported")
    return ImportReport(
        read=len(tensors),
        written=sum(len(part) for part in native.parts.values()),
        merged=native.merged,
        superseded=native.superseded,
        tied=tied,
        seconds=time.monotonic() - started,
    )


def _origin(request: ImportRequest) -> dict[str, Any]:
    """Everything that determines the contents of the weight files; the released files by size and time."""
    folder = Path(request.folder)
    files = [*(folder / request.checkpoint).iterdir()]
    files += [path for base in (MLLM_BASE, UNET_BASE) for path in (folder / base).rglob("*.json")]
    stats = {path.relative_to(folder).as_posix(): path.stat() for path in sorted(files) if path.is_file()}
    return {
        "format": _FORMAT,
        "dtype": request.dtype,
        "lora_alpha": request.lora_alpha,
        "max_shard_size": request.max_shard_size,
        "files": {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()},
    }


def _check_output(folder: Path, models: Models) -> None:
    """Raises ModelError unless the folder holds exactly the tensors of the models, with their shapes."""
    for part, model in models._asdict().items():
        part_folder, stem = WEIGHTS[part]
        check_weights(folder / part_folder, stem, model)


def _leave_out_tied_head(native: NativeTensors) -> int:
    """Removes an output layer that equals the embedding. Returns the number of removed tensors."""
    mllm = native.parts["mllm"]
    tied = _HEAD in mllm and _EMBEDDING in mllm and ("mllm", _HEAD) not in native.loras
    tied = tied and torch.equal(mllm[_HEAD], mllm[_EMBEDDING])
    if tied:
        del mllm[_HEAD]
    return int(tied)


def _check_space(finished: Finished, models: Models, dtype: torch.dtype | None) -> None:
    """Raises OutputError if the disk has too little space for the files that are still to be written."""
    tensors = [tensor for model in models for tensor in stored_state(model).values()]
    needed = sum(tensor.numel() * (dtype or tensor.dtype).itemsize for tensor in tensors) - finished.size()
    free = shutil.disk_usage(finished.model).free
    if free < needed:
        raise OutputError(
            "disk_full",
            "The model needs {needed:.1f} GB, but only {free:.1f} GB are free on its disk.",
            "Free some space, or choose a folder on another disk.",
            needed=needed / 1e9,
            free=free / 1e9,
        )


def _build_models(folder: Path, parts: dict[str, dict[str, Tensor]]) -> Models:
    """The models of the base configs with GoT's extensions, without weights."""
    bases = folder / UNET_BASE
    mllm = read_model_config(folder / MLLM_BASE / "config.json", MLLM_KIND)
    unet = read_model_config(bases / "unet" / "config.json", UNET_KIND)
    vae = read_model_config(bases / "vae" / "config.json", VAE_KIND)
    with reading(folder):
        # noisy, reference and spatial latents
        wide_unet = empty_unet(unet | {"in_channels": 3 * vae["latent_channels"]})
        fitted_mllm = empty_mllm(_fit_vocabulary(mllm, parts["mllm"]))
        return Models(fitted_mllm, wide_unet, empty_vae(vae), empty_projectors(fitted_mllm, wide_unet))


def _fit_vocabulary(config: dict[str, Any], mllm: dict[str, Tensor]) -> dict[str, Any]:
    """The config with the checkpoint's number of embedding rows; tied if the checkpoint has no output layer."""
    parsed_config = Qwen2_5_VLConfig.from_dict(config)
    text = parsed_config.get_text_config()
    if _EMBEDDING in mllm:
        text.vocab_size = len(mllm[_EMBEDDING])
    parsed_config.tie_word_embeddings = text.tie_word_embeddings = _HEAD not in mllm
    return parsed_config.to_dict()


def _assemble(request: ImportRequest, models: Models) -> Components:
    """The complete native model, with tokenizer, image processor and scheduler from the base folders."""
    mllm_base, unet_base = Path(request.folder, MLLM_BASE), Path(request.folder, UNET_BASE)
    tokenizer = load_tokenizer(mllm_base)
    add_got_tokens(tokenizer)
    mllm, unet, vae, projectors = models
    with reading(mllm_base / "generation_config.json"):
        mllm.generation_config = GenerationConfig.from_pretrained(mllm_base, local_files_only=True)
    return Components(
        config=GoTConfig(
            name=request.name,
            source_size=request.source_size,
            image_size=request.image_size or _native_size(models, unet_base),
            license=request.license,
            provenance={
                "checkpoint": Path(request.checkpoint).name,
                "mllm": MLLM_BASE,
                "unet": UNET_BASE,
                "paper": "arXiv 2503.10639",
            },
        ),
        tokenizer=tokenizer,
        image_processor=load_image_processor(mllm_base),
        mllm=mllm,
        unet=unet,
        vae=vae,
        scheduler_config=read_json(unet_base / "scheduler" / "scheduler_config.json"),
        output_projector=projectors.output_projector,
        output_projector_add=projectors.output_projector_add,
    )


def _native_size(models: Models, base: Path) -> int:
    """Side in pixels of the images that UNet and VAE were trained for."""
    latent_side = models.unet.config["sample_size"]
    if not isinstance(latent_side, int):
        raise broken(base / "unet" / "config.json", "“sample_size” is not a whole number")
    return latent_side * 2 ** (len(models.vae.config["block_out_channels"]) - 1)


def _check_source_size(components: Components) -> None:
    """Raises RequestError unless the source size is a multiple of the MLLM's patches."""
    size, patch = components.config.source_size, components.image_processor.patch_size
    block = patch * components.image_processor.merge_size
    if size % block:
        raise RequestError(
            "source_size_wrong",
            "The source size {size} is not a multiple of {block}, which this checkpoint's planner requires.",
            "Use a multiple, such as {example}.",
            size=size,
            block=block,
            example=16 * block,
        )


def main() -> None:
    """Handles one request from stdin."""
    events = sys.stdout

    def send(event: dict[str, Any]) -> None:
        print(json.dumps(event), file=events, flush=True)

    # keeps the libraries' output out of the events
    with contextlib.redirect_stdout(sys.stderr):
        request = ImportRequest(**json.loads(sys.stdin.readline()))
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            report = convert(
                request,
                lambda stage, done, total: send({"progress": [stage, done, total]}),
                lambda note: send({"note": to_json(note)}),
            )
        except EngineError as error:
            send({"error": to_json(ErrorReply.of(error))})
        else:
            send({"report": asdict(report)})


def _end_with_parent() -> None:
    """Exits when stdin is closed: the parent was killed, and nothing may be written once it could start another
    import."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
