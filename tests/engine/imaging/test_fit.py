import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.fit import Fit

sides = st.integers(1, 300)
canvases = st.integers(8, 40).map(lambda eighths: 8 * eighths)


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def test_pad_keeps_the_aspect_ratio_and_centers():
    fit = Fit.pad((200, 100), (128, 128))
    assert (fit.content, fit.offset, fit.output) == ((128, 64), (0, 32), (200, 100))


def test_pad_mirrors_the_picture_around_its_edge():
    image = picture(64, 32)
    canvas = pixels(Fit.pad((64, 32), (64, 64)).place(image))
    assert (canvas[16:48] == pixels(image)).all()
    assert (canvas[15] == pixels(image)[1]).all()
    assert (canvas[48] == pixels(image)[-2]).all()


@given(width=sides, height=sides, side=canvases)
def test_pad_restores_the_size_and_fills_the_canvas(width: int, height: int, side: int):
    fit = Fit.pad((width, height), (side, side))
    canvas = fit.place(Image.new("RGB", (width, height), (9, 8, 7)))
    assert canvas.size == (side, side)
    assert max(fit.content) == side
    assert (pixels(canvas) == (9, 8, 7)).all()
    assert fit.restore(canvas).size == (width, height)


@given(width=canvases, height=canvases)
def test_a_picture_that_needs_no_scaling_is_restored_bit_for_bit(width: int, height: int):
    image = picture(width, height)
    fit = Fit.pad(image.size, (max(width, height),) * 2)
    assert (pixels(fit.restore(fit.place(image))) == pixels(image)).all()


@given(width=sides, height=sides, side=canvases)
def test_a_crop_is_placed_again_bit_for_bit(width: int, height: int, side: int):
    fit = Fit.pad((width, height), (side, side))
    content = fit.crop(fit.place(picture(width, height)))
    assert (pixels(fit.crop(fit.place(content))) == pixels(content)).all()


@given(
    width=sides,
    height=sides,
    side=canvases,
    x=st.floats(0, 1),
    y=st.floats(0, 1),
    way=st.sampled_from([Fit.pad, Fit.stretch]),
)
def test_mapping_a_point_to_the_canvas_and_back_restores_it(
    width: int, height: int, side: int, x: float, y: float, way
):
    fit = way((width, height), (side, side))
    assert fit.to_picture(*fit.to_canvas(x, y)) == pytest.approx((x, y), abs=1e-12)


def test_a_point_is_mapped_to_the_same_content():
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (100, 50, 110, 60))
    fit = Fit.pad(image.size, (400, 400))
    x, y = fit.to_canvas(105 / 200, 55 / 100)
    assert fit.place(image).getpixel((int(x), int(y))) == (255, 255, 255)
    assert fit.place(image).getpixel((int(x), int(y) - 20)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("source", "output"),
    [((160, 120), (170, 128)), ((96, 144), (128, 192)), ((50, 50), (128, 128)), ((1, 3), (128, 384))],
)
def test_stretch_gives_the_references_output_size(source: tuple[int, int], output: tuple[int, int]):
    fit = Fit.stretch(source, (128, 128))
    assert fit.place(picture(*source)).size == (128, 128)
    assert fit.restore(picture(128, 128)).size == output


def test_stretch_uses_the_whole_picture():
    image = picture(60, 30)
    squashed = image.resize((64, 64), Image.Resampling.BICUBIC)
    assert (pixels(Fit.stretch(image.size, (64, 64)).place(image)) == pixels(squashed)).all()
