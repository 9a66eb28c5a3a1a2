"""Render options: one dataclass for all options of a request."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.errors import RequestError
from engine.api.schedulers import SCHEDULERS
from engine.got.renderers.guidance import GuidanceScales
from engine.imaging.fit import Fit, Size


@dataclass(frozen=True)
class RenderOptions:
    """The options of one render. Raises RequestError for an invalid value."""

    num_inference_steps: int
    """1 to 1000."""
    scheduler: str
    """One of `SCHEDULERS`."""
    guidance_scales: GuidanceScales
    height: int
    width: int
    """Size in pixels at which the model renders: multiples of 8, at least 64."""
    seed: int = 42
    """0 to 2**63 - 1. Each turn starts from the same noise, as in the reference."""
    fit: str = "pad"
    """How a source image is fitted to that size: "pad" or "stretch"; see `Fit`."""

    guidance_from: float = 0.0
    guidance_until: float = 1.0
    """The guidance interval, as fractions of all steps: between them all guidance branches are computed, elsewhere only
    the branch with the most conditions (Kynkäänniemi et al., arXiv 2404.07724). 0 <= `guidance_from` <=
    `guidance_until` <= 1."""
    cache_interval: int = 1
    """The whole UNet runs at every `cache_interval`-th step; in between only its outermost blocks (DeepCache, arXiv
    2312.00858). 1 to 1000."""

    def __post_init__(self) -> None:
        demand(
            1 <= self.num_inference_steps <= 1000,
            "steps_out_of_range",
            "The number of steps is out of range: {value}.",
            "Use a value from 1 to 1000.",
            value=self.num_inference_steps,
        )
        demand(
            self.scheduler in SCHEDULERS,
            "unknown_scheduler",
            "There is no scheduler “{scheduler}”.",
            "Choose one of {names}.",
            scheduler=self.scheduler,
            names=", ".join(SCHEDULERS),
        )
        demand(
            min(self.width, self.height) >= 64 and self.width % 8 == self.height % 8 == 0,
            "size_not_drawable",
            "The model cannot draw at {width}×{height}.",
            "Use a width and a height that are multiples of 8 and at least 64.",
            width=self.width,
            height=self.height,
        )
        demand(
            0 <= self.seed < 2**63,
            "seed_out_of_range",
            "The seed is out of range: {value}.",
            "Use a value from 0 to 2^63 - 1.",
            value=self.seed,
        )
        demand(
            self.fit in ("pad", "stretch"),
            "unknown_fit",
            "“{fit}” is not a valid fit.",
            "Use pad or stretch.",
            fit=self.fit,
        )
        self._check_savings()

    def _check_savings(self) -> None:
        """Checks the options that skip a part of the work in some steps."""
        demand(
            0 <= self.guidance_from <= self.guidance_until <= 1,
            "guidance_interval_out_of_range",
            "The guidance interval is not valid: {begin} to {end}.",
            "Use two values from 0 to 1, the smaller one first.",
            begin=self.guidance_from,
            end=self.guidance_until,
        )
        demand(
            1 <= self.cache_interval <= 1000,
            "cache_interval_out_of_range",
            "The cache interval is out of range: {interval}.",
            "Use a value from 1 to 1000.",
            interval=self.cache_interval,
        )

    def fit_of(self, source: Size | None) -> Fit:
        """How a source of this size is mapped to the model's canvas and back; without a source, the canvas is the
        image."""
        canvas = (self.width, self.height)
        if source is None:
            return Fit.pad(canvas, canvas)
        return Fit.stretch(source, canvas) if self.fit == "stretch" else Fit.pad(source, canvas)


def demand(holds: bool, code: str, message: str, remedy: str, **values: object) -> None:
    """Raises RequestError unless `holds` is true."""
    if not holds:
        raise RequestError(code, message, remedy, **values)
