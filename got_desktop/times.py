"""The duration of a job's stages, in seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from engine.api.protocol import JobResult


@dataclass(frozen=True)
class Times:
    """A stage that did not run has a duration of 0."""

    load: float
    plan: float
    tokens: int
    """Number of tokens that the planner wrote; 0 if the job did not plan."""
    encode: float
    steps: tuple[float, ...]
    """The denoising steps of all pictures, in order."""
    decode: float
    composite: float

    @classmethod
    def of(cls, result: JobResult) -> Times:
        stages, profile = result.seconds, result.profile
        load, plan, composite = (stages.get(name, 0.0) for name in ("load", "plan", "write"))
        return cls(load, plan, profile.tokens, profile.encode, profile.steps, profile.decode, composite)

    @property
    def stages(self) -> dict[str, float]:
        """Seconds by stage, in the order of the stages."""
        return {
            "load": self.load,
            "plan": self.plan,
            "encode": self.encode,
            "steps": sum(self.steps),
            "decode": self.decode,
            "composite": self.composite,
        }

    @property
    def token_rate(self) -> float:
        """Tokens per second; 0 if none were written."""
        return self.tokens / self.plan if self.tokens and self.plan else 0.0

    @property
    def median_step(self) -> float:
        """The median, because the first step is often slower. 0 if there were no steps."""
        return median(self.steps) if self.steps else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
