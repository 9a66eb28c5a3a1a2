"""The method: Generation Chain-of-Thought, from instruction to picture (arXiv 2503.10639)."""

from engine.got.pipeline import GoTPipeline, Result
from engine.got.renderers.guidance import GuidanceScales
from engine.got.renderers.schedulers import SCHEDULERS

__all__ = ["SCHEDULERS", "GoTPipeline", "GuidanceScales", "Result"]
