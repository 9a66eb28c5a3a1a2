"""The options for drawing a picture. A new option is declared here and nowhere else; `options.py` defines declarations.

Standard library only, Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.api.options import check, option, values
from engine.api.schedulers import Scheduler

MAX_CANDIDATES = 8
FEATHER = 0.10
"""Width of an edit's soft border, as a share of its region's diagonal. The diagonal counts as at least 80 pixels."""
GROW = 4.0
"""Pixels by which an edit's mask expands before feathering starts."""
MAX_GROW = 1000.0

FitName = Literal["pad", "stretch"]
Scope = Literal["boxes", "spill", "whole"]
Preset = Literal["exact", "fast"]


def _scale(name: str, **about: Any) -> Any:  # noqa: ANN401 - a dataclass field
    return option(
        None,
        group="guidance",
        flag=f"--{name}-scale",
        least=0,
        most=100,
        code="scale_out_of_range",
        decimals=1,
        step=0.5,
        slider=15,
        **about,
    )


def _side(**about: Any) -> Any:  # noqa: ANN401 - a dataclass field
    return option(None, group="size", least=64, most=4096, multiple=8, step=8, code="size_not_drawable", **about)


@dataclass(frozen=True)
class Scales:
    """Guidance scales, 0 to 100. None means the model's default for the task."""

    semantic: float | None = _scale(
        "semantic",
        label="Sema_ntic guidance",
        short="Semantic",
        hint="How closely the result follows the plan's text",
        help="How closely the result follows the chain's text.",
        problem="The semantic guidance scale is out of range: {value}.",
    )
    spatial: float | None = _scale(
        "spatial",
        label="Spatial _guidance",
        short="Spatial",
        hint="How closely the result follows the boxes",
        problem="The spatial guidance scale is out of range: {value}.",
    )
    reference: float | None = _scale(
        "reference",
        label="Re_ference guidance",
        short="Reference",
        hint="How closely the result follows the source image",
        problem="The reference guidance scale is out of range: {value}.",
    )

    def __post_init__(self) -> None:
        check(self)

    def given(self) -> dict[str, float]:
        """The scales that are not None."""
        return {name: scale for name, scale in values(self).items() if scale is not None}


@dataclass(frozen=True, kw_only=True)
class DrawingOptions:
    """Options for drawing any picture."""

    candidates: int = option(
        1,
        label="Candidate_s",
        hint="Number of results to choose from",
        hosts=("app", "krita", "gimp"),
        first=True,
        least=1,
        most=MAX_CANDIDATES,
        problem="The number of candidates is out of range: {value}.",
    )
    seed: int = option(
        42,
        label="See_d",
        hint="The same seed gives the same picture",
        help="Seed of the noise; another seed gives another picture.",
        least=0,
        most=2**63 - 1,
    )
    """Seed of the first candidate. Each further candidate uses the next seed."""
    preset: Preset = option(
        "exact",
        label="Preset",
        hint="Fewer steps for nearly the same picture",
        help="exact, or fast: fewer steps for nearly the same picture.",
        group="steps",
        hosts=("cli",),
    )
    """exact: the model's steps and scheduler. fast: fewer steps, another scheduler. Explicit values override it."""
    num_inference_steps: int | None = option(
        None,
        name="steps",
        label="S_teps",
        hint="Denoising steps",
        group="steps",
        hosts=("cli", "app", "gimp"),
        least=1,
        most=1000,
        problem="The number of steps is out of range: {value}.",
    )
    scheduler: Scheduler | None = option(
        None, label="Scheduler", hint="Sampling method", group="steps", hosts=("cli", "app")
    )
    guidance_scales: Scales = field(default_factory=Scales)
    max_turns: int = option(
        8,
        label="Turns",
        hint="Maximum number of turns to plan",
        hosts=(),
        least=1,
        most=8,
        problem="The maximum number of turns is out of range: {value}.",
    )
    """Has an effect only if the job plans; the model may end earlier."""


@dataclass(frozen=True, kw_only=True)
class EditOptions(DrawingOptions):
    """Options for drawing an edit."""

    side: int | None = _side(
        label="Side",
        hint="Side of the square that the model draws, in pixels",
        hosts=(),
        problem="The side length is not valid: {value}.",
    )
    fit: FitName = option(
        "pad",
        label="Fit",
        hint="How the picture is fitted to the model's square: pad keeps its proportions, stretch distorts them",
        group="size",
        hosts=("cli",),
    )
    scope: Scope = option(
        "boxes",
        label="Sc_ope",
        hint="Which part of the picture may change",
        help="Which part may change: the boxes, also changes next to them (such as shadows), or the whole picture.",
        group="mask",
        first=True,
        choices={
            "boxes": ("Boxes only", "Nothing outside the boxes changes"),
            "spill": ("Boxes and spill", "Also keeps changes next to the boxes, such as shadows and reflections"),
            "whole": ("Whole picture", "Keeps the whole picture as the model drew it"),
        },
    )
    feather: float = option(
        FEATHER,
        label="Feath_er",
        hint="Width of the mask's soft border, as a share of the box's diagonal",
        group="mask",
        unless=("scope", "whole"),
        least=0,
        most=1,
        problem="The feather width is out of range: {value}.",
        percent=True,
        unit=" %",
        slider=50,
    )
    """Share of the region's diagonal, which counts as at least 80 pixels."""
    grow: float = option(
        GROW,
        label="Gro_w",
        hint="Expands the mask by this many pixels before feathering starts",
        group="mask",
        unless=("scope", "whole"),
        least=0,
        most=MAX_GROW,
        problem="The mask growth is out of range: {value}.",
        unit=" px",
        slider=100,
    )


@dataclass(frozen=True, kw_only=True)
class GenerateOptions(DrawingOptions):
    """Options for drawing a new picture."""

    width: int | None = _side(
        label="_Width",
        problem="The width is not valid: {value}.",
        hint="In pixels, a multiple of 8",
        hosts=("cli", "app", "gimp"),
        first=True,
    )
    height: int | None = _side(
        label="_Height",
        problem="The height is not valid: {value}.",
        hint="In pixels, a multiple of 8",
        hosts=("cli", "app", "gimp"),
        first=True,
    )
