"""Malicious, incomplete, broken or foreign checkpoints: one line names the problem, and none of their code runs."""

from __future__ import annotations

import functools
import importlib
import json
import operator
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.api.errors import ModelError, RequestError
from engine.models.convert import MLLM_BASE, UNET_BASE
from engine.models.released_files import read_checkpoint
from tests.engine.models.released import PEFT, PLAIN, Hostile, Released, new_names

Change = Callable[[dict[str, Tensor]], Any]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def refused(released: Released, tmp_path: Path) -> Callable[..., ModelError]:
    """Converts the damaged checkpoint; the error must be one line with all these words and a remedy, and no model is
    written."""

    def fail(*words: str, checkpoint: str = PLAIN, **changes: Any) -> ModelError:
        before = sorted(tmp_path.iterdir())
        with pytest.raises(ModelError) as caught:
            released.convert(tmp_path / "native", checkpoint, **changes)
        line = str(caught.value)
        assert "\n" not in line and caught.value.remedy and caught.value.exit_code == 4
        assert not [word for word in words if word not in line], line
        assert sorted(tmp_path.iterdir()) == before
        return caught.value

    return fail


def changed(change: Change) -> Change:
    """The checkpoint's tensors after `change`, which modifies them in place."""

    def apply(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        change(tensors)
        return tensors

    return apply


# contents of pickles


def test_the_canary_works(canary: Path, tmp_path: Path):
    """Proves that the tests below can fail: without restrictions, unpickling the malicious file runs its code."""
    torch.save({"unet.conv_in.weight": Hostile(canary)}, tmp_path / "hostile.bin")
    torch.load(tmp_path / "hostile.bin", weights_only=False)
    assert canary.is_dir()


@pytest.mark.parametrize("where", ["value", "key", "root"])
def test_a_malicious_pickle_is_refused(released: Released, refused, canary: Path, where: str):
    hostile = Hostile(canary)
    tensors = released.tensors()
    path = released.write(
        {"value": tensors | {"unet.conv_in.weight": hostile}, "key": tensors | {hostile: torch.zeros(1)}}.get(
            where, hostile
        )
    )
    assert refused(str(path), "mkdir", "none of its code was run").code == "checkpoint_refused"
    assert not canary.exists()


def test_a_malicious_shard_is_refused(released: Released, refused, canary: Path):
    index = released.write_shards(released.tensors(), "pytorch_model", "bin")
    shard = index.parent / "pytorch_model-00002-of-00002.bin"
    torch.save(torch.load(shard) | {"extra": Hostile(canary)}, shard)
    assert refused(shard.name, "mkdir").code == "checkpoint_refused"
    assert not canary.exists()


@pytest.mark.parametrize(
    "dump", [pickle.dump, lambda data, file: torch.save(data, file, _use_new_zipfile_serialization=False)]
)
def test_a_malicious_pickle_in_an_old_format_is_refused(released: Released, refused, canary: Path, dump: Callable):
    path = released.empty(PLAIN) / "pytorch_model.bin"
    with path.open("wb") as file:
        dump({"unet.conv_in.weight": Hostile(canary)}, file)
    refused(str(path))
    assert not canary.exists()


class Fires:
    """A pickle that calls something when it is loaded, in one of several ways."""

    def __init__(self, path: Path, way: int) -> None:
        self.path, self.way = str(path), way

    def __reduce__(self):
        write = f"open({self.path!r}, 'w').close()"
        calls = [
            (os.mkdir, (self.path,)),
            (os.system, (f"touch {self.path}",)),
            (eval, (write,)),
            (exec, (write,)),
            (Path.touch, (Path(self.path),)),
            (subprocess.call, (["touch", self.path],)),
            (getattr, ("", "join")),
            (functools.partial(os.mkdir, self.path), ()),
            (operator.methodcaller("mkdir"), (Path(self.path),)),
            (importlib.import_module, ("this",)),
        ]
        return calls[self.way % len(calls)]


def test_none_of_200_malicious_pickles_is_executed(canary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "released"
    folder.mkdir()
    for number in range(200):
        hostile = Fires(canary, number)
        content = [hostile, {"w": hostile}, {hostile.path: torch.zeros(2), "x": [hostile]}, {"w": {"w": hostile}}]
        with (folder / "pytorch_model.bin").open("wb") as file:
            if number % 3:
                torch.save(content[number % 4], file, _use_new_zipfile_serialization=number % 3 == 1)
            else:
                pickle.dump(content[number % 4], file, protocol=number % 6)
        with pytest.raises(ModelError) as caught:
            read_checkpoint(folder, lambda done, total: None)
        assert caught.value.code in ("checkpoint_refused", "model_file_broken") and not canary.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["a", "list"], "something other than weights under 'unet.conv_in.weight'"),
        (torch.zeros(3).to_sparse(), "something other than weights"),
        (torch.zeros(3, dtype=torch.int64), "something other than weights"),
        (torch.zeros(1).expand(1000, 1000), "something other than weights"),  # 4 MB declared, 4 bytes present
    ],
)
def test_only_dense_tensors_with_complete_storage_are_weights(released: Released, refused, value: object, words: str):
    path = released.write(released.tensors() | {"unet.conv_in.weight": value})
    assert refused(str(path), words).code == "checkpoint_refused"


@pytest.mark.parametrize("content", [[1, 2], torch.zeros(3), {1: torch.zeros(3)}])
def test_a_pickle_that_is_not_a_dict_of_tensors(released: Released, refused, content: object):
    assert refused(str(released.write(content))).code == "checkpoint_refused"


def test_parameters_are_accepted_as_weights(released: Released, tmp_path: Path):
    released.write({key: torch.nn.Parameter(tensor) for key, tensor in released.tensors().items()})
    assert released.convert(tmp_path / "native").written == 464


# files


@pytest.mark.parametrize("bytes_left", [0, 7, 5000, -1])
def test_truncated_pickle(released: Released, refused, bytes_left: int):
    path = released.folder / PEFT / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:bytes_left])
    assert refused(str(path), "truncated", checkpoint=PEFT).code == "model_file_broken"


@pytest.mark.parametrize("bytes_left", [0, 7, 5000, -1])
def test_truncated_safetensors(released: Released, refused, bytes_left: int):
    path = released.write(released.tensors(), "model.safetensors")
    path.write_bytes(path.read_bytes()[:bytes_left])
    assert refused(str(path), "truncated").code == "model_file_broken"


def test_no_weights(released: Released, refused):
    released.empty(PLAIN)
    assert refused(str(released.folder / PLAIN), "pytorch_model.bin.index.json").code == "model_file_missing"


@pytest.mark.parametrize(("stem", "suffix"), [("pytorch_model", "bin"), ("model", "safetensors")])
def test_a_missing_shard(released: Released, refused, stem: str, suffix: str):
    index = released.write_shards(released.tensors(), stem, suffix)
    shard = index.parent / f"{stem}-00002-of-00002.{suffix}"
    shard.unlink()
    assert refused(str(shard), "missing").code == "model_file_missing"


def rewrite(index: Path, change: Callable[[dict[str, str]], object]) -> None:
    data = json.loads(index.read_text())
    change(data["weight_map"])
    index.write_text(json.dumps(data))


def test_an_index_that_differs_from_the_contents_of_its_files(released: Released, refused):
    index = released.folder / PLAIN / "pytorch_model.bin.index.json"
    before = index.read_text()
    rewrite(index, lambda listed: listed.update({"unet.more": "pytorch_model-00001-of-00002.bin"}))
    refused(str(index), "lack 1 tensors", "unet.more")
    index.write_text(before)
    rewrite(index, lambda listed: listed.pop("unet.conv_in.weight"))
    refused(str(index), "1 tensors more", "unet.conv_in.weight")


def test_an_index_that_names_files_in_another_folder(released: Released, refused):
    index = released.folder / PLAIN / "pytorch_model.bin.index.json"
    rewrite(index, lambda listed: listed.update({"unet.conv_in.weight": f"../{PEFT}/pytorch_model.bin"}))
    refused(str(index), "another folder")
    index.write_text("{")
    refused(str(index), "not valid JSON")


def test_a_tensor_in_two_files(released: Released, refused):
    index = released.write_shards(released.tensors(), "pytorch_model", "bin")
    first, second = (index.parent / f"pytorch_model-0000{number}-of-00002.bin" for number in (1, 2))
    twice = sorted(torch.load(first))[0]
    torch.save(torch.load(second) | {twice: torch.zeros(1)}, second)
    refused(second.name, twice, "in another file too")


@pytest.mark.parametrize(
    "name",
    [
        f"{MLLM_BASE}/config.json",
        f"{MLLM_BASE}/generation_config.json",
        f"{MLLM_BASE}/preprocessor_config.json",
        f"{MLLM_BASE}/tokenizer.json",
        f"{MLLM_BASE}/tokenizer_config.json",
        f"{UNET_BASE}/unet/config.json",
        f"{UNET_BASE}/vae/config.json",
        f"{UNET_BASE}/scheduler/scheduler_config.json",
    ],
)
@pytest.mark.parametrize("text", [None, "[1", "[1]"])
def test_a_missing_or_broken_base_file(released: Released, refused, name: str, text: str | None):
    path = released.folder / name
    path.unlink() if text is None else path.write_text(text)
    refused(path.name)


def test_the_config_of_a_different_kind_of_model(released: Released, refused):
    path = released.folder / UNET_BASE / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"_class_name": "Transformer2DModel"}))
    refused(str(path), "'Transformer2DModel'")


def test_a_unet_config_without_a_size(released: Released, refused):
    path = released.folder / UNET_BASE / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sample_size": None}))
    refused(str(path), "sample_size")


# tensors


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("unet.conv_in.weight"), ("unet", "tensors are missing", "conv_in.weight")),
        (lambda t: t.pop("mllm.visual.patch_embed.proj.weight"), ("mllm", "missing", "patch_embed")),
        (lambda t: t.pop("output_projector.projector.bias"), ("projectors", "missing", "output_projector.bias")),
        (lambda t: t.update({"unet.more": torch.zeros(1)}), ("unet", "do not belong there", "more")),
        (lambda t: t.update({"clip.weight": torch.zeros(1)}), ("clip.weight", "not a tensor of GoT")),
        (lambda t: t.update({"vae.quant_conv.bias": torch.zeros(3)}), ("vae", "quant_conv.bias", "(3,), not (8,)")),
        # a UNet without GoT's additional input channels
        (
            lambda t: t.update({"unet.conv_in.weight": t["unet.conv_in.weight"][:, :4].clone()}),
            ("conv_in.weight", "(32, 4, 3, 3), not (32, 12, 3, 3)"),
        ),
        (
            lambda t: t.update({"mllm.model.norm.weight": torch.zeros(63)}),
            ("mllm", "norm.weight", "(63,), not (64,)"),
        ),
        (lambda t: t.update(new_names(t)), ("twice",)),
        # fewer rows than the tokenizer has tokens
        (
            lambda t: t.update(
                dict.fromkeys(("mllm.model.embed_tokens.weight", "mllm.lm_head.weight"), torch.zeros(500, 64))
            ),
            ("tokenizer/ and mllm/", "do not match"),
        ),
    ],
)
def test_tensors_that_do_not_fit_the_models(released: Released, refused, change: Change, words: tuple[str, ...]):
    released.write(changed(change)(released.tensors()))
    refused(*words)


LAYER = "mllm.base_model.model.model.layers.0.self_attn.q_proj."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop(f"{LAYER}lora_A.default.weight"), ("LoRA layer", "q_proj", "not complete")),
        (lambda t: t.pop(f"{LAYER}lora_B.default.weight"), ("LoRA layer", "q_proj", "not complete")),
        (lambda t: t.pop(f"{LAYER}base_layer.weight"), ("lora_A", "no weight to adapt")),
        (lambda t: t.update({f"{LAYER}lora_A.default.weight": torch.zeros(4, 63)}), ("q_proj", "other shapes")),
        (lambda t: t.update({f"{LAYER}lora_A.default.weight": torch.zeros(3, 64)}), ("q_proj", "other shapes")),
        (lambda t: t.update({f"{LAYER}lora_B.default.weight": torch.zeros(64)}), ("q_proj", "other shapes")),
        (
            lambda t: t.pop("mllm.base_model.model.model.embed_tokens.modules_to_save.default.weight"),
            ("embed_tokens", "no trained copy"),
        ),
    ],
)
def test_half_a_lora_layer(released: Released, refused, change: Change, words: tuple[str, ...]):
    released.write(changed(change)(released.tensors(PEFT)), checkpoint=PEFT)
    refused(*words, checkpoint=PEFT)


def test_a_source_size_that_the_planner_does_not_support(released: Released, tmp_path: Path):
    with pytest.raises(RequestError, match="100 is not a multiple of 28.* Use a multiple, such as 448") as caught:
        released.convert(tmp_path / "native", source_size=100)
    assert caught.value.exit_code == 2 and not (tmp_path / "native").exists()


def test_files_are_counted_as_they_are_read(released: Released):
    calls = []
    tensors = read_checkpoint(released.folder / PLAIN, lambda *progress: calls.append(progress))
    assert calls == [(1, 2), (2, 2)] and len(tensors) == 465
