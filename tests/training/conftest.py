"""A tiny model in the native layout and a few pairs to fine-tune it on, created once per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image

from engine.got.files.checkpoint import save_native
from tests.engine.got.tiny import make_components
from training.annotate.describer import Plain
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.finetune.config import FinetuneConfig


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    components = make_components()
    folder = tmp_path_factory.mktemp("base") / "tiny"
    save_native(folder, components, components.config)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A training folder with eight edits and two captions."""
    raw = tmp_path_factory.mktemp("raw")
    for number in range(8):
        image = Image.new("RGB", (64, 64), (20 * number, 100, 200 - 20 * number))
        image.save(raw / f"{number}-before.png")
        image.paste("red", (8, 8 + number, 40, 40 + number))
        image.save(raw / f"{number}-after.png")
        (raw / f"{number}.txt").write_text(f"paint boat {number} red")
    folder = tmp_path_factory.mktemp("data")
    annotate(raw, folder, annotated(Plain()))
    captions = tmp_path_factory.mktemp("captions")
    image.save(captions / "a.png")
    rows = [f'{{"file_name": "a.png", "caption": "a house {n}"}}\n' for n in range(2)]
    (captions / "metadata.jsonl").write_text("".join(rows))
    annotate(captions, folder, annotated(Plain()))
    return folder


@pytest.fixture
def config(base: Path, data: Path, tmp_path: Path) -> Callable[..., FinetuneConfig]:
    """Returns a function that makes a short configuration; its arguments are SECTION_KEY or a top-level key."""

    def make(**changes: Any) -> FinetuneConfig:
        template = FinetuneConfig(base=str(base), data=str(data), output=str(tmp_path / "adapter"), license="CC0")
        defaults: dict[str, Any] = {
            "adapter_rank": 4,
            "adapter_alpha": 8.0,
            "training_steps": 4,
            "training_batch_size": 4,
            "training_micro_batch": 2,
            "training_warmup": 1,
            "training_learning_rate": 5e-3,
            "training_precision": "float32",
            "training_save_every": 2,
            "validation_share": 0.0,
        }
        top: dict[str, Any] = {}
        for key, value in (defaults | changes).items():
            part, _, name = key.partition("_")
            if name:
                top[part] = replace(top.get(part, getattr(template, part)), **{name: value})
            else:
                top[key] = value
        return replace(template, **top)

    return make


@pytest.fixture(autouse=True)
def one_accelerator() -> Iterator[None]:
    yield
    AcceleratorState._reset_state(reset_partial_state=True)  # one per process, but tests differ in precision
