"""The files of a request: the picture that is read, the results that are written, and where models lie.

The one part of the app that reaches behind the engine's door, for the pictures' formats and the catalog. Nothing here
needs a model or torch.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import engine
from engine.api.chain import IM_GEN_START, Chain
from engine.api.errors import KINDS, ChainError, EngineError, ModelError
from engine.api.protocol import IMAGE_TYPES
from got_desktop import chain_file, chain_words
from got_desktop.progress import Progress
from got_desktop.requests import ImportRequest, PlanRequest, RenderRequest
from got_desktop.times import Times

if TYPE_CHECKING:
    from PIL import Image

    from engine.imaging.composite import Layer
    from engine.imaging.decode import Source


_LAST_WORDS = 5.0
"""Seconds that an import gets, once it was interrupted, to put in order what it leaves."""


@dataclass(frozen=True)
class Outcome:
    """What one request came to."""

    chain: Chain
    facts: dict[str, Any]
    """Instruction, chain, boxes, model and, where a picture was drawn, how."""
    written: dict[str, Path] = field(default_factory=dict)
    """The files, by what they are."""
    source: Image.Image | None = None
    """RGB: what the model saw."""
    result: Image.Image | None = None
    """RGB or RGBA: what was written."""
    times: Times | None = None
    """What the engine's time went into, where a picture was drawn."""


def check_outputs(request: PlanRequest) -> None:
    """Raises OutputError for a file that could not be written later, so that no work is done in vain."""
    from engine.imaging.save import check_writable

    for path in request.outputs():
        if path == request.chain_output:
            check_writable(path, request.force, ())
        elif path == request.boxes_overlay:
            check_writable(path, request.force, (".png",))
        else:
            check_writable(path, request.force)


def read_source(request: PlanRequest, progress: Progress) -> Source | None:
    """The picture to edit. Raises ImageError, and OutputError where the output's format cannot hold its size."""
    from engine.imaging.decode import read_image
    from engine.imaging.save import check_size

    if request.source is None:
        return None
    source = read_image(request.source)
    for note in source.notes:
        progress.note(f"{request.source}: {note}")
    if isinstance(request, RenderRequest):
        check_size(request.output, source.image.size)
    return source


def upload_form(path: Path, source: Source) -> tuple[bytes, str]:
    """(bytes, content type) of the picture for the engine: the file itself, or a PNG where it is of another kind."""
    from PIL import Image

    from engine.imaging.save import encode

    with Image.open(path) as opened:
        kind = opened.format
    for content_type, name in IMAGE_TYPES.items():
        if kind == name:
            return path.read_bytes(), content_type
    return encode(source.image, ".png", source), "image/png"


def read_chain(request: RenderRequest) -> Chain | None:
    """The chain of the request's file. Raises ChainError for one that is not finished or has no box left to use."""
    if request.chain is None:
        return None
    chain = chain_file.read(request.chain)
    if not chain.turns[-1].finished:
        raise ChainError(
            "chain_unfinished", f"{request.chain} ends before its picture.", f"End it with {IM_GEN_START}."
        )
    lost = chain.lost
    if lost and request.source and request.scope != "whole":
        raise ChainError(
            "chain_without_region",
            f"No box of {request.chain} can be used: {chain_words.problem_line(chain, lost)}",
            "Mend it, or add --scope whole to change the whole picture.",
        )
    return chain


def decode_result(data: bytes) -> Image.Image:
    """A picture of the engine's, as it is."""
    from engine.imaging.decode import decode

    return decode(data, "The engine's picture", ("PNG",), min_side=1).image


def encode_result(
    output: Path, source: Source | None, result: Image.Image, layers: list[Layer], facts: dict[str, Any] | None
) -> bytes:
    """The bytes of the output's format: OpenRaster holds source and layers, the others the result."""
    from engine.imaging.openraster import write_openraster
    from engine.imaging.save import encode

    suffix = output.suffix.lower()
    if suffix == ".ora":
        return write_openraster(source.image if source else result, layers, result, source, facts)
    return encode(result, suffix, source, facts)


def layer(name: str, rgba: bytes, mask: bytes) -> Layer:
    """One edit as the engine gives it: a layer and its mask, each a PNG."""
    from engine.imaging.composite import Layer

    return Layer(name, decode_result(rgba).convert("RGB"), decode_result(mask).convert("L"))


def layer_name(instruction: str, turn: int) -> str:
    """What the layer of that turn is called."""
    from engine.imaging.composite import layer_name

    return layer_name(instruction) + (f" ({turn + 1})" if turn else "")


def write(files: Mapping[str, tuple[Path, bytes]], force: bool) -> dict[str, Path]:
    """Writes all files, or none. Raises OutputError."""
    from engine.imaging.save import write_files

    write_files(dict(files.values()), force)
    return {what: path for what, (path, _) in files.items()}


def write_sheet(outcome: Outcome, path: Path, footer: str) -> None:
    """Source, plan and result side by side with the chain, as a PNG that replaces what was there."""
    from engine.imaging.decode import on_white
    from engine.imaging.overlay import draw_plan, marks_of_turn
    from engine.imaging.save import encode, write_files
    from engine.imaging.sheet import comparison_sheet

    assert outcome.source and outcome.result
    plan = draw_plan(outcome.source, marks_of_turn(outcome.chain, 0, outcome.source.size), legend=False)
    pictures = [("Source", outcome.source), ("Plan", plan), ("Result", on_white(outcome.result))]
    sheet = comparison_sheet(pictures, outcome.facts["instruction"], chain_words.readable(outcome.chain), footer)
    write_files({path: encode(sheet, ".png")}, overwrite=True)


def model_name(model: str) -> str:
    """The catalog's name of a model that is given by name or folder. Raises ModelError."""
    from engine.models.catalog import find_model, remember

    entry = find_model(model)
    return entry.name if entry.name == model else remember(entry.folder)


def model_list() -> list[dict[str, Any]]:
    """Each model of the catalog in a few facts."""
    from engine.models.catalog import list_models

    return [
        {
            "name": entry.name,
            "image_size": entry.description.get("image_size"),
            "license": entry.description.get("license"),
            "megabytes": round(entry.bytes_on_disk / 1e6, 1),
            "folder": str(entry.folder),
        }
        for entry in list_models()
    ]


def model_info(model: str) -> dict[str, Any]:
    """All that a model says about itself. Raises ModelError where its got.json cannot be read."""
    from engine.models.catalog import find_model

    entry = find_model(model)
    if not entry.description:
        raise ModelError(
            "model_file_broken", f"{entry.folder / 'got.json'} cannot be read.", "Import or download the model again."
        )
    return {"folder": str(entry.folder), "megabytes": round(entry.bytes_on_disk / 1e6, 1)} | entry.description


def import_model(request: ImportRequest, progress: Progress) -> str:
    """Converts a released checkpoint to the native layout, in a process of its own; gives what became of its tensors.

    Raises EngineError.
    """
    progress.stage("import", f"Import {request.checkpoint}")
    given = [str(request.folder), str(request.output), request.checkpoint, request.dtype, request.source_size]
    program, *arguments = child_command("engine.models", given)
    with subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        try:
            last = _follow_import(child, progress)
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):  # Ctrl+C reaches it too, and it says what it leaves
                child.wait(_LAST_WORDS)
                _follow_import(child, progress)
            raise
    if "summary" in last:
        return last["summary"]
    raise child_error(last)


def _follow_import(child: subprocess.Popen[str], progress: Progress) -> dict[str, Any]:
    """Shows what an import says until it ends; the last of it."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    for line in child.stdout:
        last = json.loads(line)
        if "stage" in last:
            progress.part(f"{last['stage']} {last['done']} of {last['total']}", last["done"], last["total"])
        elif "note" in last:
            progress.note(last["note"])
    return last


def child_command(module: str, given: object) -> list[str]:
    """Starts a module of the engine that speaks in JSON lines, in a process of its own."""
    return module_command(module, json.dumps(given))


def module_command(module: str, *arguments: str) -> list[str]:
    """Starts a module of this program, wherever the process stands."""
    root = str(Path(engine.__file__).resolve().parents[1])
    program = f"import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module({module!r}, run_name='__main__')"
    return [sys.executable, "-P", "-c", program, *arguments]


def child_error(last: Mapping[str, Any]) -> EngineError:
    """What went wrong, from the last line that such a process said."""
    kind = KINDS.get(last.get("kind", ""), EngineError)
    return kind(last.get("code", "import_died"), last.get("message", "The import ended."), last.get("remedy", ""))


def own_models() -> Path:
    """Where the user's own models lie."""
    from engine.models.catalog import user_models

    return user_models()


def own_adapters() -> Path:
    """Where adapters lie."""
    from engine.models.adapters import user_adapters

    return user_adapters()


@dataclass(frozen=True)
class Found:
    """What a folder that the user chose turned out to be."""

    kind: Literal["native", "released"]
    folder: Path
    """native: the model; released: the folder with the checkpoint and its two base folders."""
    checkpoint: str = ""


def look_into(folder: Path) -> Found:
    """A model in a folder: a native one, a released one beside its base folders, or the folder that holds all three.

    Raises ModelError for any other folder.
    """
    from engine.models.released import MLLM_BASE, UNET_BASE

    if (folder / "got.json").is_file():
        return Found("native", folder)
    for parent in (folder, folder.parent):
        if all((parent / base).is_dir() for base in (MLLM_BASE, UNET_BASE)):
            inside = [folder] if parent != folder else sorted(parent.iterdir())
            for one in inside:
                if one.name not in (MLLM_BASE, UNET_BASE) and any(one.glob("*.index.json")) | any(one.glob("*.bin")):
                    return Found("released", parent, one.name)
    raise ModelError(
        "model_folder_wrong",
        f"{folder} holds no GoT model.",
        f"Choose a folder with got.json, or one that holds GoT-6B, {MLLM_BASE} and {UNET_BASE}.",
    )


def free_name(name: str) -> str:
    """That name, or with a number behind it, which none of the user's own models has."""
    folder = own_models()
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(one for one in names if not (folder / one).exists())


def begun_import(name: str) -> Path:
    """What an interrupted import of a model of that name left, if it left something."""
    from engine.models.catalog import partial_folder

    return partial_folder(own_models() / free_name(name))


def adapters_in_use() -> tuple[tuple[str, float], ...]:
    """(name, weight) of each adapter that `got model use` chose."""
    from engine.models.adapters import used_adapters

    return tuple(used_adapters())


def use_adapter(adapter: str, weight: float) -> str:
    """Chooses an adapter, by name or folder; its name. Raises ModelError."""
    from engine.models.adapters import use_adapter

    return use_adapter(adapter, weight)


def use_no_adapter() -> None:
    from engine.models.adapters import use_no_adapter

    use_no_adapter()
