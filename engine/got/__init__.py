"""GoT inference: from an instruction to an image by Generation Chain-of-Thought (arXiv 2503.10639)."""

from engine.api.schedulers import SCHEDULERS
from engine.got.pipeline import GoTPipeline, Result
from engine.got.renderers.guidance import GuidanceScales

__all__ = ["SCHEDULERS", "GoTPipeline", "GuidanceScales", "Result"]
