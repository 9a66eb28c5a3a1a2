"""Converts storybook pictures to patches for the planner's vision encoder, many pictures at once."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.got.planners.prompts import SourceProcessor
from training.storybook.drawing import SIZE

PATCH, MERGE = 8, 2
CELLS = SIZE // PATCH // MERGE
"""Image tokens along a side of a picture."""


def build_image_processor() -> Qwen2VLImageProcessorPil:
    return Qwen2VLImageProcessorPil(patch_size=PATCH, merge_size=MERGE, min_pixels=SIZE * SIZE, max_pixels=SIZE * SIZE)


class FastSourceProcessor:
    """Does the arithmetic of SourceProcessor for many storybook pictures at once; a test compares the two."""

    def __init__(self) -> None:
        processor = build_image_processor()
        self.mean = np.array(processor.image_mean, np.float32) * 255
        self.std = np.array(processor.image_std, np.float32) * 255
        reference = SourceProcessor(processor, SIZE, "coordinates")(Image.new("RGB", (SIZE, SIZE)))["pixel_values"]
        self.second_frame = reference.view(-1, 3, 2, PATCH, PATCH)[:, :, 1]

    def __call__(self, pictures: np.ndarray) -> Tensor:
        """Converts pictures, uint8 (N, SIZE, SIZE, 3), to patches (N * patches, 3 * 2 * PATCH * PATCH)."""
        x = torch.from_numpy((pictures - self.mean) / self.std)
        x = x.view(-1, CELLS, MERGE, PATCH, CELLS, MERGE, PATCH, 3).permute(0, 1, 4, 2, 5, 7, 3, 6)
        first = x.reshape(len(pictures), -1, 3, PATCH, PATCH)
        both = torch.stack([first, self.second_frame.expand_as(first)], 3)
        return both.reshape(-1, 3 * 2 * PATCH * PATCH).float()
