"""A short user story: from pairs with a kind of object that got-mini has never seen to an adapter in the engine.

docs/evidence.md has the long version with figures.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from engine.got import GoTPipeline
from engine.got.adapters import apply_adapters
from engine.got.files.checkpoint import load_components
from engine.got.renderers.conditioning import image_to_tensor, tensor_to_image
from tests.campaign import times
from training.annotate.describer import Plain
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.experiments.novelty import FIRST_HELD_OUT, edit_right, novelty, write_pairs
from training.finetune.config import FinetuneConfig
from training.finetune.run import Finetune


@pytest.mark.full
def test_pairs_become_an_adapter_that_the_engine_applies(config, root, tmp_path):
    mini = root / "resources" / "models" / "got-mini"
    write_pairs(tmp_path / "pairs", 6)
    assert annotate(tmp_path / "pairs", tmp_path / "data", annotated(Plain())).pairs == 6
    settings: FinetuneConfig = config(
        base=str(mini), data=str(tmp_path / "data"), adapter_rank=16, adapter_alpha=32.0,
        training_steps=times(12, 24), training_batch_size=4, training_micro_batch=4, training_learning_rate=5e-3,
        training_precision="bfloat16", training_save_every=100,
    )  # fmt: skip
    assert Finetune(settings, tmp_path / "run", threads=1).run()
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["chain"] < 0.6 * rows[0]["chain"]

    item = novelty(FIRST_HELD_OUT)
    source = Image.fromarray(item.source.render())
    pipeline = GoTPipeline.from_pretrained(mini)
    options = {"instruction": item.instruction, "num_inference_steps": 2}
    chain = pipeline.plan(item.instruction, source)
    before = pipeline.render(chain, source, **options)[0]
    apply_adapters(pipeline, [(tmp_path / "adapter", 1.0)])
    after = pipeline.render(chain, source, **options)[0]
    assert after.size == before.size
    assert after.tobytes() != before.tobytes()
    apply_adapters(pipeline, [])
    assert pipeline.render(chain, source, **options)[0].tobytes() == before.tobytes()


def test_the_new_kind_is_judged_strictly():
    item = novelty(FIRST_HELD_OUT)
    source, target = item.source.render(), item.target()
    assert "snowman" in item.instruction
    assert edit_right(item, target)
    assert not edit_right(item, source)
    assert not edit_right(item, item.target("ball"))
    spoiled = target.copy()
    spoiled[:24] = 0
    assert not edit_right(item, spoiled)
    noisy = target + np.random.default_rng(0).normal(0, 6, target.shape)
    assert edit_right(item, noisy.round().clip(0, 255).astype(np.uint8))


def test_the_shipped_autoencoder_can_reconstruct_the_new_kind(root):
    vae = load_components(root / "resources" / "models" / "got-mini", torch.device("cpu"), torch.float32).vae
    for seed in range(FIRST_HELD_OUT, FIRST_HELD_OUT + 6):
        pixels = image_to_tensor(Image.fromarray(novelty(seed).target()))[None]
        with torch.no_grad():
            result = vae.decode(vae.encode(pixels, return_dict=False)[0].mode(), return_dict=False)[0][0]
        assert edit_right(novelty(seed), np.asarray(tensor_to_image(result)))
