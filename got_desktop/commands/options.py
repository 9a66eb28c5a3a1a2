"""The options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.api.formats import OPENRASTER, WRITTEN, labels
from engine.api.protocol import MAX_GROW
from got_desktop.requests import FitName, PresetName, SchedulerName, ScopeName

_DRAWING = "Drawing"
_FILES = "Files"
_MODEL = "Model"
_WRITTEN = ", ".join(known.suffixes[0] for known in WRITTEN)

SourceArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help=f"A {labels()} picture, up to 64 megapixels.")]
InstructionArgument = Annotated[
    str, typer.Argument(metavar="INSTRUCTION", help="What to change, in plain words; at most 2000 characters.")
]
CaptionArgument = Annotated[
    str, typer.Argument(metavar="CAPTION", help="What to draw, in plain words; at most 2000 characters.")
]

OutputOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        help=f"The result: {_WRITTEN}, or {OPENRASTER} with the edit as a layer.",
        rich_help_panel=_FILES,
    ),
]
ChainOutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the chain to this file, to be corrected.", rich_help_panel=_FILES),
]
ChainOption = Annotated[
    Path | None,
    typer.Option("--chain", help="Draw the chain in this file; nothing is planned.", rich_help_panel=_FILES),
]
OverlayOption = Annotated[
    Path | None,
    typer.Option("--boxes-overlay", help="Also write the picture with the plan's boxes (PNG).", rich_help_panel=_FILES),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=_FILES)]
NoFactsOption = Annotated[
    bool,
    typer.Option(
        "--no-facts", help="Do not store instruction, chain, seed and model in the PNG.", rich_help_panel=_FILES
    ),
]
ProfileOption = Annotated[bool, typer.Option("--profile", help="Show what the time went into.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="A name that `got model list` shows, or a folder.", rich_help_panel=_MODEL)
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps, …", rich_help_panel=_MODEL)]

SeedOption = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="Another seed, another picture.", rich_help_panel=_DRAWING)
]
PresetOption = Annotated[
    PresetName,
    typer.Option("--preset", help="exact, or fast: fewer steps for nearly the same picture.", rich_help_panel=_DRAWING),
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", min=1, max=1000, help="Denoising steps.", rich_help_panel=_DRAWING)
]
SchedulerOption = Annotated[
    SchedulerName | None, typer.Option("--scheduler", help="Way through the steps.", rich_help_panel=_DRAWING)
]
SemanticOption = Annotated[
    float | None,
    typer.Option("--semantic-scale", help="How hard the chain's meaning pulls.", rich_help_panel=_DRAWING),
]
SpatialOption = Annotated[
    float | None, typer.Option("--spatial-scale", help="How hard the boxes pull.", rich_help_panel=_DRAWING)
]
ReferenceOption = Annotated[
    float | None, typer.Option("--reference-scale", help="How hard the source pulls.", rich_help_panel=_DRAWING)
]
FitOption = Annotated[
    FitName,
    typer.Option(
        "--fit",
        help="How the picture meets the model's square: pad keeps its shape, stretch squashes it.",
        rich_help_panel=_DRAWING,
    ),
]
ScopeOption = Annotated[
    ScopeName,
    typer.Option(
        "--scope",
        help="What may change: the boxes, also what changed beside them (a shadow), or the whole picture.",
        rich_help_panel=_DRAWING,
    ),
]
FeatherOption = Annotated[
    float,
    typer.Option(
        "--feather",
        min=0,
        max=1,
        help="Width of the mask's soft border, as a part of the box's diagonal.",
        rich_help_panel=_DRAWING,
    ),
]
GrowOption = Annotated[
    float,
    typer.Option(
        "--grow",
        min=0,
        max=MAX_GROW,
        help="Pixels around a box that are taken in full before the soft border begins.",
        rich_help_panel=_DRAWING,
    ),
]
SideOption = Annotated[
    int | None, typer.Option(min=64, max=4096, help="In pixels, a multiple of 8.", rich_help_panel=_DRAWING)
]
