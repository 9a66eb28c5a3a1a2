import pytest

from engine.got.renderers.guidance import GuidanceScales
from engine.got.renderers.options import RenderOptions
from engine.imaging.fit import Fit


def options(width: int = 64, height: int = 64, fit: str = "pad") -> RenderOptions:
    return RenderOptions(4, "euler", GuidanceScales(), height=height, width=width, fit=fit)


def test_the_fit_is_that_of_the_source():
    assert options(fit="pad").fit_of((20, 10)) == Fit.pad((20, 10), (64, 64))
    assert options(fit="stretch").fit_of((20, 10)) == Fit.stretch((20, 10), (64, 64))


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_without_a_source_the_picture_is_the_canvas(fit: str):
    assert options(width=96, fit=fit).fit_of(None) == Fit((96, 64), (96, 64), (0, 0), (96, 64))
