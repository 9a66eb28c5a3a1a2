"""A tiny model on disk, and where engines run with it."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from engine.got.files.checkpoint import save_native
from engine.got.pipeline import GoTPipeline
from tests.engine.got.lessons import CAPTION, CAPTION_TURN, EDIT, LOST, LOST_TURN, WHOLE, WHOLE_TURN
from tests.engine.got.tiny import lesson, make_components
from tests.engine.place import CHAIN, INSTRUCTION, Place, picture, png, scene

__all__ = ["CHAIN", "INSTRUCTION", "Place", "picture", "png", "save_tiny", "scene"]


def save_tiny(folder: Path) -> Path:
    """A model that knows one edit, one caption and two plans without a region, in the native layout."""
    torch.manual_seed(0)
    components = make_components()
    planner = GoTPipeline.from_components(components).planner
    lessons = []
    for instruction, chain in ((EDIT, CHAIN), (LOST, LOST_TURN), (WHOLE, WHOLE_TURN)):
        lessons += lesson(planner, instruction, Image.new("RGB", (8, 8)), (chain,))[:1]
    lessons += lesson(planner, CAPTION, None, (CAPTION_TURN,))[:1]
    optimizer = torch.optim.Adam(planner.mllm.parameters(), lr=8e-3)
    for _ in range(60):
        for inputs in lessons:
            patches = int(inputs["image_grid_thw"].prod(-1).sum()) if "image_grid_thw" in inputs else 0
            pixels = {"pixel_values": torch.randn(patches, 3 * 2 * 4 * 4)} if patches else {}
            planner.mllm(**inputs, **pixels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    save_native(folder, components, components.config)
    return folder
