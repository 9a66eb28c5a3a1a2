"""The pipeline uses its planner and renderer only through their protocols: another pair plans and renders with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
import torch
from PIL import Image, ImageColor
from torch import Tensor, nn

from engine.api.chain import IM_GEN_START, Chain, Region
from engine.api.errors import Cancelled
from engine.got import GoTPipeline
from engine.got.files.config import Familiar, GoTConfig
from engine.got.planners.protocol import Passage
from engine.got.progress import Watch
from engine.got.renderers.masks import box_masks
from engine.got.renderers.options import RenderOptions
from engine.got.residence.tiers import RESIDENT, TURNS, Tier
from engine.imaging.fit import Fit

CPU = torch.device("cpu")
TURNS_OF_A_CHAIN = tuple(
    f"A box <|box_start|>({corner},{corner}),(1000,1000)<|box_end|> ({color}).{IM_GEN_START}"
    for corner, color in ((0, "red"), (500, "red"))
)


class Notes:
    """Plans with a list of turns; a reading is the list of texts."""

    max_new_tokens = 10

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.scale = nn.Linear(1, 1)

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {"notes": self.scale}

    def open(self, instruction: str, source_image: Image.Image | None) -> list[str]:
        return [instruction]

    def write(self, reading: list[str], watch: Watch) -> Passage:
        watch.token("A")
        reading.append(TURNS_OF_A_CHAIN[0])
        return Passage(text=reading[-1], asks_for_picture=True)

    def go_on(self, reading: list[str], picture: Image.Image, watch: Watch) -> Passage:
        if len(reading) > len(TURNS_OF_A_CHAIN):
            return Passage(text="", asks_for_picture=False)
        self.events.append(f"saw {picture.getpixel((0, 0))}")
        reading.append(TURNS_OF_A_CHAIN[len(reading) - 1])
        return Passage(text=reading[-1], asks_for_picture=True)

    def read(self, reading: list[str], turn: str, picture: Image.Image | None) -> None:
        reading.append(turn)

    def query(self, reading: list[str]) -> Tensor:
        return torch.tensor([[[float(len(reading))]]])

    def count_tokens(self, turn: str) -> int:
        return len(turn)

    def quantize(self, device: torch.device) -> None:
        self.events.append("planner quantizes")

    def settle(self) -> None:
        self.events.append("planner settles")

    def pause(self) -> None:
        self.events.append("planner pauses")

    def leave(self) -> None:
        self.events.append("planner leaves")

    def try_out(self, picture: Image.Image) -> None:
        self.events.append("planner tries")


class Painter:
    """Fills boxes; the meaning is the number of texts that were read."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.brush = nn.Linear(1, 1)

    @property
    def bridge(self) -> Mapping[str, nn.Module]:
        return {}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {"painter": self.brush}

    def understand(self, states: Tensor) -> int:
        return int(states)

    def draw(
        self,
        meaning: int,
        regions: Sequence[Region],
        reference: Image.Image,
        options: RenderOptions,
        fit: Fit,
        watch: Watch,
        turn: int,
    ) -> Image.Image:
        canvas = reference.copy()
        for mask in box_masks(fit, regions):
            canvas.paste(mask, mask=mask.convert("L").point(lambda level: 255 if level else 0))
        watch.step(1, options.num_inference_steps, turn)
        self.events.append(f"drew turn {turn} of {meaning} texts")
        return canvas

    def preview(self, latents: Tensor, side: int) -> Image.Image:
        return Image.new("RGB", (side, side))

    def fidelity(self, canvas: Image.Image) -> float:
        return 20.0

    def use(self, tier: Tier, side: int) -> None:
        self.events.append(f"painter is {tier.name} at {side}")

    def arrange(self) -> None:
        self.events.append("painter arranges")

    def settle(self) -> None:
        self.events.append("painter settles")

    def leave(self) -> None:
        self.events.append("painter leaves")

    def warm_up(self, trial: Callable[[], object]) -> None:
        trial()


Pair = GoTPipeline[Notes, Painter]


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def pipe(events: list[str]) -> Pair:
    config = GoTConfig("pair", image_size=64, familiar=Familiar("boxes", psnr=30.0))
    return GoTPipeline(config, Notes(events), Painter(events), CPU)


def corners(image: Image.Image) -> tuple:
    return image.getpixel((0, 0)), image.getpixel((image.width - 1, image.height - 1))


GREY, RED = (9, 9, 9), ImageColor.getrgb("red")


@pytest.fixture
def source() -> Image.Image:
    return Image.new("RGB", (96, 48), GREY)


def test_another_pair_plans_and_renders_every_turn(pipe: Pair, events: list[str], source: Image.Image):
    chains: list[Chain] = []
    result = pipe("a box", source, num_inference_steps=1, on_planned=chains.append)
    assert result.chain.text == "".join(TURNS_OF_A_CHAIN) and len(chains) == 2
    assert [corners(image) for image in result.images] == [(RED, RED), (RED, RED)]
    assert result.images[0].size == source.size
    assert [event for event in events if "drew" in event] == ["drew turn 0 of 2 texts", "drew turn 1 of 3 texts"]
    assert f"saw {RED}" in events


def test_another_pair_renders_a_given_chain(pipe: Pair, source: Image.Image):
    chain = Chain.parse(TURNS_OF_A_CHAIN[1])
    (image,) = pipe.render(chain, source, instruction="a box")
    assert corners(image) == (GREY, RED)


def test_another_pair_is_canceled_at_a_token_and_at_a_step(pipe: Pair, source: Image.Image):
    with pytest.raises(Cancelled):
        pipe.plan("a box", source, cancel=lambda: True)
    with pytest.raises(Cancelled):
        pipe.render(Chain.parse(TURNS_OF_A_CHAIN[0]), source, instruction="a box", cancel=lambda: True)


def test_another_pair_is_told_about_its_placement(pipe: Pair, events: list[str], source: Image.Image):
    assert events == ["planner leaves", "painter leaves", "painter is resident at 64"]
    events.clear()
    pipe.use(TURNS, CPU)
    assert events == ["planner leaves", "painter leaves", "painter is turns at 64"]
    pipe.use(RESIDENT, CPU)
    events.clear()
    pipe.try_out(64)
    assert events[0] == "planner tries" and events[1].startswith("drew turn 0")


def test_another_pair_reports_familiar_pictures_and_networks(pipe: Pair, source: Image.Image):
    assert not pipe.recognizes(source)  # 20 dB are less than 30
    assert pipe.networks == {"notes": pipe.planner.scale, "painter": pipe.renderer.brush}
