import pytest

from engine.api.errors import RequestError
from engine.got.files.config import Defaults, GoTConfig
from engine.got.presets import render_options
from engine.got.renderers.guidance import GuidanceScales
from engine.got.renderers.options import RenderOptions

CONFIG = GoTConfig(
    name="tiny",
    image_size=64,
    defaults=Defaults(
        num_inference_steps=7,
        scheduler="unipc",
        guidance_scales={"edit": GuidanceScales(2, 2, 2), "text_to_image": GuidanceScales(3, 3, 1)},
    ),
)


@pytest.mark.parametrize("task", ["edit", "text_to_image"])
def test_missing_options_are_the_models_defaults(task: str):
    options = render_options(CONFIG, task, scheduler=None)
    scales = CONFIG.defaults.guidance_scales[task]
    assert options == RenderOptions(7, "unipc", scales, height=64, width=64, seed=42, fit="pad")


def test_the_fast_preset_uses_fewer_steps_a_faster_scheduler_and_less_guidance():
    fast = render_options(CONFIG, "edit", "fast")
    assert (fast.num_inference_steps, fast.scheduler, fast.guidance_until) == (3, "dpm-solver++", 0.6)
    paper = render_options(GoTConfig(name="large"), "edit", preset="fast")
    assert (paper.num_inference_steps, paper.height) == (20, 1024)


def test_explicit_options_override_the_preset():
    options = render_options(CONFIG, "edit", preset="fast", num_inference_steps=5, guidance_until=1.0)
    assert (options.num_inference_steps, options.scheduler, options.guidance_until) == (5, "dpm-solver++", 1.0)


def test_explicit_options_are_used():
    options = {
        "num_inference_steps": 3,
        "scheduler": "ddpm",
        "guidance_scales": GuidanceScales(1, 1, 1),
        "height": 72,
        "width": 80,
        "seed": 0,
        "fit": "stretch",
    }
    assert render_options(CONFIG, "edit", **options) == RenderOptions(**options)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"num_inference_steps": 0}, "1 to 1000"),
        ({"num_inference_steps": 1001}, "1 to 1000"),
        ({"scheduler": "plms"}, "“plms”. Choose one of euler, ddpm, dpm-solver\\+\\+, unipc"),
        ({"height": 100}, "64×100.* multiples of 8"),
        ({"width": 100}, "100×64.* multiples of 8"),
        ({"width": 56}, "at least 64"),
        ({"seed": -1}, "-1.* 0 to"),
        ({"seed": 2**63}, "0 to"),
        ({"preset": "turbo"}, "“turbo”. Choose exact or fast"),
        ({"guidance_until": 1.5}, "0.0 to 1.5"),
        ({"guidance_from": -0.1}, "-0.1 to 1.0"),
        ({"guidance_from": 0.7, "guidance_until": 0.6}, "smaller one first"),
        ({"preset": "fast", "guidance_from": 0.7}, "0.7 to 0.6"),
        ({"cache_interval": 0}, "out of range: 0.* 1 to 1000"),
        ({"cache_interval": 1001}, "1 to 1000"),
        ({"fit": "crop"}, "“crop”.* pad or stretch"),
    ],
)
def test_an_invalid_option_is_refused_with_the_valid_range(wrong: dict, words: str):
    with pytest.raises(RequestError, match=words):
        render_options(CONFIG, "edit", **wrong)
