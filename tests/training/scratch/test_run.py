"""A complete recipe at a tiny size: every phase runs and resumes, and the pipeline loads the exported model."""

from __future__ import annotations

import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer

from engine.api.errors import ModelError, RequestError
from engine.got import GoTPipeline
from engine.got.planners.prompts import SourceProcessor, Vocabulary
from tests.once import once
from tests.training.examples import picture_before
from training.scratch.anchors import SLOTS, Anchors, words
from training.scratch.batches import ChainBatch, ChainSequences, LookupBatch, dense_targets
from training.scratch.config import Data, Lesson, load_recipe
from training.scratch.latents import canvas, example_of
from training.scratch.lookups import Lookups
from training.scratch.loop import to_device
from training.scratch.mllm_phases import ChainPhase
from training.scratch.run import Scratch
from training.scratch.source import FastSourceProcessor, build_image_processor
from training.scratch.unet_phase import UnetPhase, build_unet
from training.scratch.vae_phase import VaePhase, build_vae, encode, to_tensor, whiten
from training.storybook.drawing import SIZE
from training.storybook.edits import Example, sample
from training.storybook.scene import Scene, Thing

RECIPE = """
name = "tiny"
license = "MIT"
seed = 0
[defaults]
num_inference_steps = 2
scheduler = "euler"
edit = [1.0, 1.0, 1.0]
text_to_image = [1.0, 1.0, 1.0]
[sizes]
hidden = 64
layers = 1
vision_layers = 1
unet_channels = [16, 16, 16]
[data]
vae_pool = 20
shards = 1
gate_scenes = 8
shard_size = 16
compile = false
[phases]
vae = { steps = 2, batch_size = 2 }
eyes = { steps = 1, batch_size = 2 }
chains = { steps = 2, batch_size = 2, ema = 0.9 }
turns = { steps = 1, batch_size = 2 }
crops = { steps = 2, batch_size = 4 }
unet = { steps = 1, batch_size = 2 }
joint = { steps = 2, batch_size = 2 }
references = { steps = 1, batch_size = 2 }
lookups = { steps = 1, batch_size = 2 }
names = { steps = 1, batch_size = 2 }
[lessons]
turns = { two_step = 0.5 }
references = { two_step = 0.25, plain = 0.35 }
lookups = { emphasis = 16.0, lookups = 3, questions = true }
names = { two_step = 0.5, emphasis = 3.0, lookups = 1 }
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    def make(folder):
        (folder / "tiny.toml").write_text(RECIPE)
        Scratch(load_recipe(folder / "tiny.toml"), folder / "runs").run_all(folder / "model")

    return once(tmp_path_factory, "recipe", make)


def test_the_exported_model_plans_and_renders(runs):
    pipe = GoTPipeline.from_pretrained(runs / "model")
    assert pipe.config.source_frames == "coordinates" and pipe.config.license == "MIT"
    example = sample(1)
    source = Image.fromarray(picture_before(example))
    chain = type(pipe.plan(example.instruction, source)).parse(example.chain)
    images = pipe.render(chain, source, instruction=example.instruction)
    assert [image.size for image in images] == [(SIZE, SIZE)]


def test_finished_phases_are_not_run_again(runs, tmp_path):
    runs = shutil.copytree(runs, tmp_path / "recipe")
    scratch = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs")
    before = {p: p.stat().st_mtime_ns for p in (runs / "runs").rglob("*.pt")}
    scratch.run_all(runs / "model")
    assert {p: p.stat().st_mtime_ns for p in (runs / "runs").rglob("*.pt")} == before


def test_the_exported_model_has_the_weights_of_the_last_phases(runs):
    joint = torch.load(runs / "runs" / "joint" / "weights.pt", weights_only=True)
    pipe = GoTPipeline.from_pretrained(runs / "model")
    weight = pipe.renderer.unet.state_dict()["conv_in.weight"]
    assert torch.allclose(weight, joint["unet.conv_in.weight"], atol=1e-3)
    assert torch.equal(pipe.renderer.projectors.output_projector.bias, torch.zeros(256))
    last = torch.load(runs / "runs" / "names" / "weights.pt", weights_only=True)
    assert torch.allclose(pipe.renderer.projectors.output_projector.weight, last["output_projector.weight"], atol=1e-3)


def only_examples(examples: list[Example]) -> SimpleNamespace:
    """Returns a stand-in for a batch that has only its examples, because a real one takes long to build."""
    return SimpleNamespace(examples=examples)


def test_a_sampling_weight_of_zero_leaves_out_plain_edits(runs, monkeypatch):
    scratch = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs")
    phase = ChainPhase(scratch.mllm("eyes"), scratch.tokenizer(), Data(text_to_image=0.0), 0, Lesson(plain=0.0))
    monkeypatch.setattr(phase.one_step, "batch", only_examples)
    references = {example.reference for step in range(4) for example in phase.batch(step, 8).examples}
    assert references <= {"kind", "relation", "superlative", "counting"} and len(references) > 1


def test_emphasis_weights_the_change_and_freezes_the_vision_encoder(runs):
    scratch = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs")
    sequences = ChainSequences(scratch.tokenizer(), 620, emphasis=16.0)
    example = sample(3, "two_step")
    ids, labels, _ = sequences.sequence(example)
    weights = sequences.weights(labels)
    assert len(weights) == len(ids)
    text = "".join(sequences.tokenizer.decode([i]) for i, w in zip(ids, weights, strict=True) if w == 16)
    assert text == "".join(f" change{step.chain.split(' to change')[1]}" for step in example.steps)
    assert set(weights[: labels.index(sequences.change)]) == {1.0}

    before, after = (
        torch.load(runs / "runs" / phase / "weights.pt", weights_only=True) for phase in ("references", "lookups")
    )
    changes = {key for key, value in after.items() if not torch.equal(value, before[key])}
    assert changes and not any("visual" in key or "dense" in key for key in changes)


@pytest.mark.parametrize("questions", [True, False])
def test_every_answer_of_a_lookup_exercise_follows_from_its_list(runs, questions):
    tokenizer = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs").tokenizer()
    batch = Lookups(ChainSequences(tokenizer, 320), questions).batch(1, 12)
    for ids, labels in zip(batch.ids.tolist(), batch.labels.tolist(), strict=True):
        text = tokenizer.decode(ids)
        objects = dict(re.findall(r"\ba (\w+) (\w+)(?: <|[,.])", text.split("The image shows")[1]))
        assert 2 <= len(objects) <= 7
        answers = [at for at, label in enumerate(labels) if label >= 0]
        assert answers and all(labels[at] == ids[at] for at in answers)
        for at in answers:
            pair = tokenizer.decode(ids[at - 1 : at + 1]).split()
            assert pair in [["the", pair[1]], *([a, b] for c, k in objects.items() for a, b in ((c, k), (k, c)))]
        if "The object to change" in text:
            color, kind = tokenizer.decode(ids[answers[0] : answers[-1] + 1]).split()
            instruction = text.split("process: ")[1]
            assert objects[color] == kind and (f"the {kind}" in instruction or f"the {color} object" in instruction)


def test_two_step_edits_have_their_own_batches(runs, monkeypatch):
    scratch = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs")
    phase = ChainPhase(scratch.mllm("eyes"), scratch.tokenizer(), Data(), 0, Lesson(two_step=0.5))
    for sequences in (phase.one_step, phase.two_steps):
        monkeypatch.setattr(sequences, "batch", only_examples)
    batches = [phase.batch(step, 8).examples for step in range(12)]
    assert {(len(batch), *{len(e.steps) for e in batch}) for batch in batches} == {(8, 1), (4, 2)}


def test_a_phase_requires_the_phases_that_it_builds_on(tmp_path, runs):
    scratch = Scratch(load_recipe(runs / "tiny.toml"), tmp_path / "empty")
    with pytest.raises(ModelError, match="“vae” is not finished"):
        scratch.run("crops")


@pytest.mark.full
def test_a_weak_autoencoder_stops_the_run(tmp_path, runs):
    gated = tmp_path / "gated.toml"
    gated.write_text(RECIPE + "[gates]\npsnr = 34.0\n")
    with pytest.raises(ModelError, match="psnr .*; 34.0 is required"):
        Scratch(load_recipe(gated), tmp_path / "runs").run("vae")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RECIPE.replace("hidden", "hiden"), "unknown key “hiden”"),
        (RECIPE.replace("vae =", "vea ="), "unknown phase “vea”"),
        (RECIPE.replace("plain =", "plane ="), "lessons.references has an unknown key “plane”"),
        (RECIPE.replace("turns = { two", "trun = { two"), "unknown phase “trun”"),
        (RECIPE.replace("seed = 0", "seed = "), "is not valid TOML"),
        (RECIPE.replace("steps = 1, batch_size = 2 }\nchains", "steps = 1 }\nchains"), "batch_size"),
    ],
)
def test_errors_name_the_wrong_recipe_and_key(tmp_path, text, message):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(RequestError, match=message) as error:
        load_recipe(path)
    assert "wrong.toml" in str(error.value)


def test_the_error_for_a_missing_recipe_says_so(tmp_path):
    with pytest.raises(RequestError, match="does not exist"):
        load_recipe(tmp_path / "none.toml")


def test_whitening_does_not_change_reconstructions():
    torch.manual_seed(0)
    vae = build_vae().eval()
    pictures = to_tensor(np.stack([picture_before(sample(i)) for i in range(8)]))
    with torch.no_grad():
        before = vae.decode(encode(vae, pictures), return_dict=False)[0]
        whiten(vae, pictures)
        latents = encode(vae, pictures)
        after = vae.decode(latents, return_dict=False)[0]
    assert torch.allclose(before, after, atol=1e-3)
    flat = latents.permute(1, 0, 2, 3).flatten(1)
    assert torch.allclose(torch.cov(flat), torch.eye(4), atol=1e-2)
    assert torch.allclose(flat.mean(1), torch.zeros(4), atol=1e-2)


def test_the_fast_source_processor_equals_the_pipelines_processor():
    picture = picture_before(sample(4))
    slow = SourceProcessor(build_image_processor(), SIZE, "coordinates")(Image.fromarray(picture))
    assert torch.allclose(FastSourceProcessor()(picture[None]), slow["pixel_values"], atol=1e-5)


@pytest.mark.parametrize("task", ["replace", "two_step", "text_to_image"])
def test_training_positions_equal_those_of_qwen(runs, task):
    scratch = Scratch(load_recipe(runs / "tiny.toml"), runs / "runs")
    sequences = ChainSequences(scratch.tokenizer(), 700)
    ids, labels, starts = sequences.sequence(sample(3, task))
    tokens = torch.tensor([ids])
    images = ids.count(sequences.vocabulary.image_pad) // 64
    grid = {"image_grid_thw": torch.tensor([[1, 16, 16]] * images)} if images else {}
    kinds = (tokens == sequences.vocabulary.image_pad).int()
    positions, _ = scratch.mllm().model.model.get_rope_index(tokens, mm_token_type_ids=kinds, **grid)
    assert np.array_equal(positions[:, 0].numpy(), sequences.positions(ids))
    assert len(ids) == len(labels)
    for start in starts:
        assert tuple(ids[start : start + 64]) == sequences.vocabulary.queries


def test_training_prompts_equal_those_of_the_pipeline(runs):
    tokenizer = AutoTokenizer.from_pretrained(runs / "model" / "tokenizer")
    example = sample(2)
    prompt = Vocabulary(tokenizer).encode_prompt(example.instruction, 1, 64)
    ids, labels, _ = ChainSequences(tokenizer, 700).sequence(example)
    assert ids[: len(prompt)] == prompt and set(labels[: len(prompt)]) == {-100}
    assert tokenizer.decode([i for i in labels if i >= 0]).startswith(example.chain)


def test_dense_targets_name_the_thing_in_each_cell():
    scene = Scene("room", things=(Thing("star", "red", 0, 0, 32, 32), Thing("car", "blue", 96, 96, 30, 30)))
    cells = dense_targets(scene).reshape(8, 8, 6)
    assert (cells[:2, :2, 0] == 2).all() and (cells[6:, 6:, 1] == 6).all()
    assert cells[4, 4, 0] == 0
    assert cells[0, 0, 2:] == pytest.approx([0, 0, 0.25, 0.25])


def test_anchors_spell_out_an_edit():
    example = sample(5, "replace")
    indices = torch.tensor([words(example.source, example.steps[0])])
    context, pooled = Anchors()(indices)
    assert context.shape == (1, 64, 256) and pooled.shape == (1, 256) and indices.shape == (1, SLOTS)
    other = torch.tensor([words(sample(6, "replace").source, sample(6, "replace").steps[0])])
    assert not torch.equal(Anchors()(other)[1], pooled)
    assert torch.equal(Anchors()(indices)[0], context)


def test_canvases_have_the_pixels_of_the_pipelines_masks():
    picture = canvas((12.9, 16.2, 40.0, 50.0), "green")
    rows, columns = np.nonzero(picture.any(-1))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (12, 16, 40, 50)
    assert tuple(picture[20, 20]) == (0, 128, 0)


def test_crops_contain_a_part_of_the_edit():
    data = {k: torch.zeros(3, 4, 32, 32) for k in ("source", "target", "spatial")}
    mask = torch.zeros(3, 32, 32, dtype=torch.bool)
    mask[:, 20:24, 4:8] = True
    data |= {"mask": mask, "anchors": torch.zeros(3, SLOTS, dtype=torch.int16), "edit": torch.ones(3)}
    phase = UnetPhase(torch.nn.Identity(), data, crop=16)
    for step in range(20):
        batch = phase.batch(step, 3)
        assert batch.mask.shape == (3, 16, 16) and batch.mask.any((1, 2)).all()
        left, top = batch.time_ids[0, 3].item(), batch.time_ids[0, 2].item()
        assert 0 <= left <= 64 and 0 <= top <= 64 and batch.time_ids[0, 4:].tolist() == [64, 64]


META = torch.device("meta")
"""Like a GPU, it rejects operations that mix its tensors with the CPU's."""


def test_all_tensors_of_a_batch_move_to_the_device():
    lookups = LookupBatch(torch.zeros(1), torch.zeros(1))
    batch = ChainBatch(*(torch.zeros(2) for _ in range(8)), examples=[sample(1)], lookups=lookups)
    copy, _ = to_device((batch, torch.zeros(1)), META)
    tensors = [*vars(copy).values(), *vars(copy.lookups).values()]
    assert {tensor.device for tensor in tensors if isinstance(tensor, torch.Tensor)} == {META}
    assert copy.examples is batch.examples and batch.ids.device.type == "cpu"


def test_random_numbers_of_a_phase_are_drawn_on_the_device_of_the_batch():
    data = {k: torch.zeros(3, 4, 32, 32) for k in ("source", "target", "spatial")}
    data |= {"mask": torch.ones(3, 32, 32, dtype=torch.bool), "anchors": torch.zeros(3, SLOTS, dtype=torch.int16)}
    for phase in (UnetPhase(build_unet((16, 16, 16)), data), VaePhase(pool=4)):
        losses = phase.to(META)(to_device(phase.batch(0, 2), META))
        assert losses["loss"].device == META


def test_rows_of_the_latents_are_reproducible_examples():
    assert example_of(0).task == "text_to_image" and example_of(1).source is not None
    assert example_of(17) == example_of(17)
