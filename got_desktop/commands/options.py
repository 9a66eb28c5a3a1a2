"""Options that several commands share; the drawing options are in `declared.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.api.formats import OPENRASTER, WRITTEN, labels

_FILES = "Files"
_MODEL = "Model"
_WRITTEN = ", ".join(file_format.suffixes[0] for file_format in WRITTEN)

SourceArgument = Annotated[Path, typer.Argument(metavar="IMAGE", help=f"A {labels()} picture of up to 64 megapixels.")]
InstructionArgument = Annotated[
    str, typer.Argument(metavar="INSTRUCTION", help="What to change, in plain words (up to 2000 characters).")
]
CaptionArgument = Annotated[
    str, typer.Argument(metavar="CAPTION", help="What to draw, in plain words (up to 2000 characters).")
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
    typer.Option(
        "--output", "-o", help="Write the chain to this file, so that you can correct it.", rich_help_panel=_FILES
    ),
]
ChainOption = Annotated[
    Path | None,
    typer.Option("--chain", help="Draw the chain in this file instead of planning.", rich_help_panel=_FILES),
]
OverlayOption = Annotated[
    Path | None,
    typer.Option(
        "--boxes-overlay",
        help="Also write the picture with the plan's boxes (PNG) to this file.",
        rich_help_panel=_FILES,
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.", rich_help_panel=_FILES)]
NoFactsOption = Annotated[
    bool,
    typer.Option(
        "--no-facts",
        help="Do not store instruction, chain, seed and model in the PNG or OpenRaster file.",
        rich_help_panel=_FILES,
    ),
]
ProfileOption = Annotated[bool, typer.Option("--profile", help="Show how long each stage took.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="A name from `got model list`, or a folder.", rich_help_panel=_MODEL)
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps, …", rich_help_panel=_MODEL)]
