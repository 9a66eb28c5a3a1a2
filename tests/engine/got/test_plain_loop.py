"""The plain loop of `benchmarks.edit` renders the same as the pipeline."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import reference
from engine.got.pipeline import GoTPipeline
from engine.got.renderers.guidance import GuidanceScales
from tests.engine.got.lessons import EDIT


@pytest.mark.parametrize("scales", [(4, 3, 1.5), (1, 1, 1)])
def test_the_plain_loop_renders_the_same(pipeline: GoTPipeline, source: Image.Image, scales: tuple):
    chain, picture = reference.edit(pipeline, EDIT, source, GuidanceScales(*scales), steps=3)
    options = {"guidance_scales": GuidanceScales(*scales), "num_inference_steps": 3, "max_turns": 1}
    result = pipeline(EDIT, source, **options)
    assert chain == result.chain
    assert np.abs(np.asarray(picture, int) - np.asarray(result.images[0], int)).max() <= 1
