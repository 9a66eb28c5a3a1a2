"""How a picture is to be drawn: one dataclass that holds all of a request's options."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.errors import RequestError
from engine.api.schedulers import SCHEDULERS
from engine.got.renderers.guidance import GuidanceScales
from engine.imaging.fit import Fit, Size


@dataclass(frozen=True)
class RenderOptions:
    """The options of one drawing. Raises RequestError for one that makes no sense."""

    num_inference_steps: int
    """1 to 1000."""
    scheduler: str
    """A name of `SCHEDULERS`."""
    guidance_scales: GuidanceScales
    height: int
    width: int
    """Pixels that the model draws at: multiples of 8, at least 64."""
    seed: int = 42
    """0 to 2**63 - 1; each turn begins from the same noise, as in the reference."""
    fit: str = "pad"
    """How a source picture is brought to that size: "pad" or "stretch", see `Fit`."""

    guidance_from: float = 0.0
    guidance_until: float = 1.0
    """All guidance branches take part in the steps between these shares of them, before and after only the one that
    sees the most (a guidance interval, Kynkäänniemi et al., arXiv 2404.07724). 0 to 1, the first not above the other.
    """
    cache_interval: int = 1
    """Every how many steps the whole UNet runs; between, its outermost blocks do (DeepCache, arXiv 2312.00858).
    1 to 1000."""

    def __post_init__(self) -> None:
        demand(
            1 <= self.num_inference_steps <= 1000,
            "steps_out_of_range",
            "The number of steps is out of range: {num_inference_steps}.",
            "Use a value from 1 to 1000.",
            num_inference_steps=self.num_inference_steps,
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
            "The seed is out of range: {seed}.",
            "Use a value from 0 to 2^63 - 1.",
            seed=self.seed,
        )
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
        demand(
            self.fit in ("pad", "stretch"),
            "unknown_fit",
            "“{fit}” is not a valid fit.",
            "Use pad or stretch.",
            fit=self.fit,
        )

    def fit_of(self, source: Size | None) -> Fit:
        """The way of a source of that size onto the model's canvas and back; without one, the canvas is the picture."""
        canvas = (self.width, self.height)
        if source is None:
            return Fit.pad(canvas, canvas)
        return Fit.stretch(source, canvas) if self.fit == "stretch" else Fit.pad(source, canvas)


def demand(holds: bool, code: str, message: str, remedy: str, **values: object) -> None:
    """Raises RequestError unless that holds."""
    if not holds:
        raise RequestError(code, message, remedy, **values)
