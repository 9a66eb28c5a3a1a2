import numpy as np
import pytest
from PIL import Image

from engine.got.drawing import Drawing
from engine.got.renderers.guidance import GuidanceScales
from engine.got.renderers.options import RenderOptions


def drawing(source: Image.Image | None, fit: str = "stretch") -> Drawing:
    return Drawing(RenderOptions(4, "euler", GuidanceScales(), 64, 64, fit=fit), source)


def test_the_first_turn_starts_from_the_source_and_later_ones_from_the_last_image():
    source = Image.new("RGB", (200, 100), (1, 2, 3))
    pictures = drawing(source, fit="pad")
    assert (np.asarray(pictures.reference()) == (1, 2, 3)).all()
    canvas = Image.new("RGB", (64, 64), (50, 60, 70))
    canvas.paste((1, 1, 1), (0, 0, 64, 8))  # a margin, which is not part of the picture
    picture = pictures.add(canvas)
    assert picture.size == (64, 32)
    assert pictures.reference().size == (64, 64)
    assert (np.asarray(pictures.reference()) == (50, 60, 70)).all()
    assert [image.size for image in pictures.images] == [(200, 100)]


def test_text_to_image_starts_from_black():
    assert not np.asarray(drawing(None).reference()).any()


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_a_rendered_canvas_is_the_next_reference_bit_for_bit(fit: str):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    pictures = drawing(Image.new("RGB", (200, 100)), fit)
    picture = pictures.add(noise)
    assert (np.asarray(pictures.fit.crop(pictures.reference())) == np.asarray(picture)).all()
