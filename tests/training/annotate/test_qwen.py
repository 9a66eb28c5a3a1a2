"""A tiny random Qwen2.5-VL, of the real class and in the layout of its release, describes pairs. Whatever it answers,
the chains are valid and the report lists its unusable answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from engine.api.chain import Box, Chain
from engine.api.errors import ModelError
from tests.engine.got.tiny import CHAT_TEMPLATE, make_tokenizer
from training.annotate import qwen as qwen_module
from training.annotate.__main__ import main
from training.annotate.pairs import annotated
from training.annotate.qwen import QwenDescriber, read_boxes
from training.annotate.run import annotate
from training.data.manifest import MANIFEST, read_manifest, read_rows
from training.data.pair import KINDS

HIDDEN = 32


@pytest.fixture(scope="module")
def qwen(tmp_path_factory) -> Path:
    """A folder with the files, keys and weight names of Qwen2.5-VL-7B-Instruct's release."""
    from transformers import Qwen2_5_VLForConditionalGeneration

    folder = tmp_path_factory.mktemp("qwen")
    tokenizer = make_tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    ids = {name: tokenizer.convert_tokens_to_ids(f"<|{token}|>") for name, token in (
        ("image_token_id", "image_pad"), ("video_token_id", "video_pad"), ("vision_start_token_id", "vision_start"),
        ("vision_end_token_id", "vision_end"), ("bos_token_id", "endoftext"), ("eos_token_id", "im_end"))}  # fmt: skip
    config = {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl", **ids,
        "hidden_size": HIDDEN, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "max_position_embeddings": 512, "vocab_size": len(tokenizer), "rope_theta": 1e6,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]}, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16", "use_sliding_window": False, "sliding_window": 32768, "max_window_layers": 70,
        "vision_config": {
            "depth": 2, "hidden_size": 16, "intermediate_size": 24, "num_heads": 2, "in_chans": 3,
            "out_hidden_size": HIDDEN, "patch_size": 14, "spatial_merge_size": 2, "spatial_patch_size": 14,
            "window_size": 112, "fullatt_block_indexes": [1], "tokens_per_second": 2, "temporal_patch_size": 2,
        },
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    sampling = {"do_sample": True, "temperature": 1e-6, "repetition_penalty": 1.05, "top_k": 1, "top_p": 0.001}
    ends = {"bos_token_id": ids["bos_token_id"], "eos_token_id": [ids["eos_token_id"], ids["bos_token_id"]]}
    (folder / "generation_config.json").write_text(json.dumps(sampling | ends))
    processor = {"min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "temporal_patch_size": 2,
                 "merge_size": 2, "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28],
                 "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor"}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    torch.manual_seed(0)
    from transformers import AutoConfig

    model = Qwen2_5_VLForConditionalGeneration(AutoConfig.from_pretrained(folder)).to(torch.bfloat16)
    weights = {
        name.replace("model.language_model.", "model.").replace("model.visual.", "visual."): weight.clone()
        for name, weight in model.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    """A folder with a local change, a change everywhere, a faint change, a picture that is too narrow for the model,
    and a pair without an instruction."""
    folder = tmp_path_factory.mktemp("pairs")
    before = Image.new("RGB", (96, 64), "white")
    after = before.copy()
    after.paste("red", (20, 10, 50, 40))
    faint = before.copy()
    faint.paste((250, 250, 250), (20, 10, 30, 20))
    narrow = Image.new("RGB", (800, 4), "white")
    other = narrow.copy()
    other.paste("red", (0, 0, 100, 4))
    edits = {"place": (before, after), "whole": (before, Image.new("RGB", (96, 64), "navy")), "faint": (before, faint)}
    for name, (one, two) in (edits | {"narrow": (narrow, other)}).items():
        one.save(folder / f"{name}-before.png")
        two.save(folder / f"{name}-after.png")
        (folder / f"{name}.txt").write_text(f"change the {name}")
    after.transpose(Image.Transpose.ROTATE_180).save(folder / "untold-after.png")
    before.save(folder / "untold-before.png")
    return folder


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Limits the length of answers, which a random model never ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qwen_module, "_MOST_TOKENS", 8)
        yield


@pytest.fixture(scope="module")
def output(short, qwen, pairs, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("described")
    assert main([str(pairs), "-o", str(folder), "--model", str(qwen)]) == 0
    return folder


def test_random_words_give_valid_chains_with_the_boxes_of_the_difference(output):
    rows = {row.name.removeprefix("./"): row for row in read_rows(output)}  # raises if a chain is broken
    assert set(rows) - {"untold"} == {"place", "whole", "narrow"}
    (region,) = Chain.parse(rows["place"].chain).mask_regions(0)
    assert region.box.iou(Box(208, 156, 521, 625)) > 0.7
    assert "The whole picture is to change." in rows["whole"].chain
    assert all(row.chain.endswith("<|im_gen_start|>") for row in rows.values())


def test_the_report_lists_unusable_answers(output):
    report = json.loads((output / "report.json").read_text())
    doubts = [f for f in report["findings"] if f["kind"] == "not_understood"]
    where = [f["where"].removeprefix("./") for f in doubts if f["message"].startswith("no box in")]
    assert where == ["whole"]  # the only pair for which the model is asked for a box
    assert [f["where"] for f in report["findings"] if f["kind"] == "unchanged"] == ["./faint"]
    assert "no words for a caption" in {f["message"] for f in doubts if f["where"] == "./narrow"}
    assert KINDS["not_understood"] in (output / "report.txt").read_text()
    messages = [f["message"] for f in report["findings"] if f["where"] == "./untold" and f["kind"] == "no_instruction"]
    assert report["pairs"] == 4 or "no words for an instruction" in messages[0]  # depends on the random answer


def test_a_resumed_run_gives_the_same_rows(output, qwen, pairs, tmp_path):
    shutil.copytree(output, tmp_path / "cut")
    manifest = tmp_path / "cut" / MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[: len(whole) // 2])
    assert main([str(pairs), "-o", str(tmp_path / "cut"), "--model", str(qwen)]) == 0
    assert manifest.read_bytes() == whole
    corrections = whole.replace(b"change the whole", b"change it all")
    manifest.write_bytes(corrections)
    assert main([str(pairs), "-o", str(tmp_path / "cut"), "--model", str(qwen)]) == 0
    assert manifest.read_bytes() == corrections


class Answers(QwenDescriber):
    """Gives a fixed answer, because a random model never writes what a real one would."""

    def __init__(self, folder: Path, answer: str) -> None:
        super().__init__(folder)
        self.answer = answer

    def _ask(self, pictures, question):
        super()._ask(pictures, question)
        return self.answer


@pytest.mark.parametrize("answer", ["", "…", "<|im_gen_start|> a <|box_start|>(9,9) cat\nand more.", "The cat (red)."])
def test_unusual_answers_do_not_break_a_chain(answer, qwen, pairs, tmp_path):
    annotate(pairs, tmp_path / "out", annotated(Answers(qwen, answer)))
    rows = read_rows(tmp_path / "out")
    assert len(rows) == (3 if answer in ("", "…") else 4)
    for row in rows:
        assert len(Chain.parse(row.chain).turns) == 1
        assert "shows ." not in row.chain and "the The" not in row.chain and "the  " not in row.chain


def test_the_models_box_is_used_if_the_difference_has_none(qwen, pairs, tmp_path):
    answer = '```json\n[{"bbox_2d": [28, 14, 56, 42], "label": "sky"}]\n```'  # it reads 96 x 64 pixels as 84 x 56
    annotate(pairs, tmp_path / "out", annotated(Answers(qwen, answer)))
    rows = read_manifest(tmp_path / "out")
    assert "<|box_start|>(333,250),(667,750)<|box_end|> (red)" in rows["./whole"]["chain"]
    assert "./faint" in rows


def test_answers_are_deterministic_despite_the_releases_sampling_options(qwen):
    describer = QwenDescriber(qwen)
    assert describer.images.size["longest_edge"] == 1280 * 28 * 28
    image = Image.effect_noise((96, 64), 90).convert("RGB")
    answers = {describer._ask([image, image], "What is this?") for _ in range(2)}
    assert len(answers) == 1


def test_a_folder_without_a_complete_qwen_is_rejected(qwen, pairs, tmp_path, capsys):
    broken = tmp_path / "broken"
    shutil.copytree(qwen, broken)
    tensors = load_file(broken / "model.safetensors")
    del tensors["visual.patch_embed.proj.weight"]
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack model.visual.patch_embed"):
        QwenDescriber(broken)
    (broken / "config.json").write_text('{"model_type": "clip"}')
    assert main([str(pairs), "-o", str(tmp_path / "out"), "--model", str(broken)]) == 4
    message = capsys.readouterr().err
    assert "is of clip" in message and message.count("\n") == 1


def test_boxes_of_an_answer_are_scaled_to_thousandths():
    answer = '```json\n[{"bbox_2d": [14, 28, 140, 280], "label": "cat"}, {"bbox_2d": [9, 9, 9, 9]}]\n```'
    (box,) = read_boxes(answer, (280, 560))
    assert (box.x1, box.y1, box.x2, box.y2) == (50, 50, 500, 500)
    assert read_boxes("I see no cat.", (280, 560)) == []
    assert read_boxes('[{"label": "cat"}]', (280, 560)) == []
