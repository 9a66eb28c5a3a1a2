"""got.json: written and read without loss, and validated with a strict schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.api.errors import ModelError
from engine.got.files.config import Defaults, Familiar, GoTConfig
from engine.got.renderers.guidance import GuidanceScales

FULL = GoTConfig(
    name="Größe",
    source_size=112,
    image_size=96,
    license="MIT",
    num_query_tokens=8,
    source_frames="coordinates",
    provenance={"data": ["storybook"], "seed": 3},
    defaults=Defaults(
        num_inference_steps=7,
        scheduler="unipc",
        guidance_scales={"edit": GuidanceScales(1.0, 2.0, 3.0), "text_to_image": GuidanceScales(4.0, 5.0, 6.0)},
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    FULL.to_file(tmp_path / "got.json")
    return tmp_path / "got.json"


def test_round_trip(path: Path):
    assert GoTConfig.from_file(path) == FULL
    assert json.loads(path.read_text(encoding="utf-8"))["format_version"] == 1


def test_familiar_pictures_are_optional(path: Path):
    config = replace(FULL, familiar=Familiar("cats", 25.0))
    config.to_file(path)
    assert GoTConfig.from_file(path) == config
    data = json.loads(path.read_text(encoding="utf-8"))
    data["familiar"]["psnr"] = "much"
    path.write_text(json.dumps(data))
    with pytest.raises(ModelError, match="familiar.psnr"):
        GoTConfig.from_file(path)


def test_the_defaults_are_the_papers():
    defaults = GoTConfig(name="plain").defaults
    assert (defaults.num_inference_steps, defaults.scheduler) == (50, "euler")
    assert defaults.guidance_scales == {
        "edit": GuidanceScales(4.0, 3.0, 1.5),
        "text_to_image": GuidanceScales(7.5, 4.0, 1.0),
    }


def test_integers_are_accepted_as_numbers(path: Path):
    data = json.loads(path.read_text(encoding="utf-8"))
    data["defaults"]["guidance_scales"]["edit"]["semantic"] = 4
    path.write_text(json.dumps(data))
    assert GoTConfig.from_file(path).defaults.guidance_scales["edit"].semantic == 4


def set_(*keys: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = to

    return change


def without(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in keys[:-1]:
            data = data[key]
        del data[keys[-1]]

    return change


SCALES = ("defaults", "guidance_scales")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        *[(without(key), f"“{key}” is missing") for key in FULL.__dict__ if key != "familiar"],
        (without("defaults", "scheduler"), "“defaults.scheduler” is missing"),
        (without(*SCALES, "text_to_image"), "“defaults.guidance_scales.text_to_image” is missing"),
        (without(*SCALES, "edit", "spatial"), "“defaults.guidance_scales.edit.spatial” is missing"),
        (set_("colour", to="red"), "“colour” is not a known key"),
        (set_("defaults", "seed", to=1), "“defaults.seed” is not a known key"),
        (set_("format_version", to=2), "“format_version” is 2; this program supports 1"),
        (set_("format_version", to="1"), "“format_version” is '1'"),
        (set_("format_version", to=None), "“format_version” is None"),
        (set_("name", to=3), "“name” must be a string"),
        (set_("name", to=" "), "“name” must be a name"),
        (set_("source_size", to="448"), "“source_size” must be a whole number"),
        (set_("source_size", to=448.0), "“source_size” must be a whole number"),
        (set_("source_size", to=True), "“source_size” must be a whole number"),
        (set_("source_size", to=0), "“source_size” must be 1 or more"),
        (set_("image_size", to=100), "“image_size” must be a multiple of 8"),
        (set_("image_size", to=0), "“image_size” must be a multiple of 8"),
        (set_("num_query_tokens", to=0), "“num_query_tokens” must be 1 or more"),
        (set_("source_frames", to="twice"), "“source_frames” must be one of repeat, coordinates"),
        (set_("provenance", to="mine"), "“provenance” must be an object"),
        (set_("defaults", to=[]), "“defaults” must be an object"),
        (set_("defaults", "num_inference_steps", to=0), "“defaults.num_inference_steps” must be 1 or more"),
        (set_("defaults", "scheduler", to="magic"), "“defaults.scheduler” must be one of euler"),
        (set_(*SCALES, "edit", to=4.0), "“defaults.guidance_scales.edit” must be an object"),
        (set_(*SCALES, "edit", "spatial", to="3"), "“defaults.guidance_scales.edit.spatial” must be a number"),
        (set_(*SCALES, "edit", "spatial", to=float("nan")), "must be finite numbers"),
    ],
)
def test_invalid_values_are_refused(path: Path, change: Callable[[dict[str, Any]], None], words: str):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        GoTConfig.from_file(path)
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert caught.value.remedy and "\n" not in str(caught.value)


def test_an_unreadable_file(tmp_path: Path):
    with pytest.raises(ModelError, match="is missing"):
        GoTConfig.from_file(tmp_path / "got.json")
    with pytest.raises(ModelError, match="cannot be read"):
        GoTConfig.from_file(tmp_path)
