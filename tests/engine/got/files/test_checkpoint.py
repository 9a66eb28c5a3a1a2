"""The native layout: models are saved and loaded without loss, and every defect of a folder is reported in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.api.errors import ModelError, OutputError
from engine.got.files.checkpoint import Components, load_components, save_native
from engine.got.files.weights import WEIGHTS, reading, stored_numbers, stored_state, weight_files
from tests.engine.got.tiny import make_components, make_vae

CPU = torch.device("cpu")
FILES = {
    "mllm": "mllm/model.safetensors",
    "unet": "unet/diffusion_pytorch_model.safetensors",
    "vae": "vae/diffusion_pytorch_model.safetensors",
    "projectors": "projectors.safetensors",
}
JSON_FILES = (
    "got.json",
    "mllm/config.json",
    "mllm/generation_config.json",
    "mllm/preprocessor_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "unet/config.json",
    "vae/config.json",
    "scheduler/scheduler_config.json",
)


@pytest.fixture(scope="module")
def components() -> Components:
    torch.manual_seed(1)
    return make_components()


@pytest.fixture(scope="module")
def saved(components: Components, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that no test changes."""
    folder = tmp_path_factory.mktemp("saved") / "tiny"
    save_native(folder, components, components.config)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A model to damage."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


@pytest.fixture
def refused(folder: Path) -> Callable[..., ModelError]:
    """Loads the damaged model; the error must be one line that contains all these words and a remedy."""

    def load(*words: str) -> ModelError:
        with pytest.raises(ModelError) as caught:
            load_components(folder, CPU, torch.float32)
        line = str(caught.value)
        assert "\n" not in line and caught.value.remedy
        assert not [word for word in words if word not in line], line
        return caught.value

    return load


def edit_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def states(components: Components) -> dict[str, dict[str, torch.Tensor]]:
    return {part: stored_state(getattr(components, part)) for part in WEIGHTS}


def test_a_saved_model_loads_unchanged(components: Components, saved: Path):
    loaded = load_components(saved, CPU, torch.float32)
    before, after = states(components), states(loaded)
    assert {part: sorted(state) for part, state in before.items()} == {
        part: sorted(state) for part, state in after.items()
    }
    for part, state in before.items():
        assert all(torch.equal(tensor, after[part][key]) for key, tensor in state.items())
    assert loaded.config == components.config
    assert loaded.scheduler_config == json.loads(json.dumps(components.scheduler_config))
    assert loaded.tokenizer.get_vocab() == components.tokenizer.get_vocab()
    assert loaded.tokenizer.chat_template == components.tokenizer.chat_template
    assert loaded.image_processor.to_dict() == components.image_processor.to_dict()
    assert loaded.mllm.lm_head.weight is loaded.mllm.get_input_embeddings().weight  # tied, and stored once
    projectors = (loaded.output_projector, loaded.output_projector_add)
    assert not any(model.training for model in (loaded.mllm, loaded.unet, loaded.vae, *projectors))


def test_no_file_contains_paths_of_this_machine(saved: Path):
    assert [
        path for path in saved.rglob("*") if path.is_file() and str(saved.parent).encode() in path.read_bytes()
    ] == []


def test_all_files_have_the_same_permissions(saved: Path):
    assert {path.stat().st_mode for path in saved.rglob("*") if path.is_file()} == {(saved / "got.json").stat().st_mode}


def test_weights_stored_in_half_precision_load_as_the_requested_dtype(components: Components, tmp_path: Path):
    save_native(tmp_path / "half", components, components.config, dtype=torch.float16)
    assert {tensor.dtype for tensor in load_file(tmp_path / "half" / FILES["unet"]).values()} == {torch.float16}
    loaded = load_components(tmp_path / "half", CPU, torch.float32)
    for part, state in states(components).items():
        actual = states(loaded)[part]
        assert {tensor.dtype for tensor in actual.values()} == {torch.float32}
        assert all(torch.equal(tensor.half().float(), actual[key]) for key, tensor in state.items())
    assert components.unet.dtype == torch.float32  # the saved model is unchanged


def test_no_file_exceeds_the_size_limit(components: Components, tmp_path: Path):
    save_native(tmp_path / "parts", components, components.config, max_shard_size=30_000)
    files = weight_files(tmp_path / "parts" / "mllm", "model")
    assert len(files) > 2
    largest = max(tensor.nbytes for state in states(components).values() for tensor in state.values())
    for path in tmp_path.rglob("*.safetensors"):
        assert sum(tensor.nbytes for tensor in load_file(path).values()) <= max(30_000, largest)
    loaded = load_components(tmp_path / "parts", CPU, torch.float32)
    for part, state in states(components).items():
        assert all(torch.equal(tensor, states(loaded)[part][key]) for key, tensor in state.items())
    missing = files[1]
    missing.unlink()
    with pytest.raises(ModelError, match=f"{missing.name} is missing"):
        load_components(tmp_path / "parts", CPU, torch.float32)


@pytest.mark.parametrize("part", FILES)
@pytest.mark.parametrize("bytes_left", [0, 7, 100, -1])
def test_truncated_weights(folder: Path, refused: Callable[..., ModelError], part: str, bytes_left: int):
    path = folder / FILES[part]
    path.write_bytes(path.read_bytes()[:bytes_left])
    assert refused(str(path), "truncated").code == "model_file_broken"


@pytest.mark.parametrize("name", [*FILES.values(), *JSON_FILES])
def test_missing_file(folder: Path, refused: Callable[..., ModelError], name: str):
    (folder / name).unlink()
    refused("got.json" if name == "got.json" else str(folder / name))


@pytest.mark.parametrize("shortage", [MemoryError(), torch.OutOfMemoryError("none left")])
def test_running_out_of_memory_is_not_reported_as_a_broken_file(folder: Path, shortage: Exception):
    with pytest.raises(type(shortage)), reading(folder):
        raise shortage


@pytest.mark.parametrize("name", JSON_FILES)
@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": "\ud800"}'.encode("utf-8", "surrogatepass"), "[" * 100_000])
def test_broken_json(folder: Path, refused: Callable[..., ModelError], name: str, text: str | bytes):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert refused(str(folder / name)).code == "model_file_broken"


@pytest.mark.parametrize("part", FILES)
def test_tensor_missing(folder: Path, refused: Callable[..., ModelError], part: str):
    tensors = load_file(folder / FILES[part])
    missing = sorted(tensors)[0]
    del tensors[missing]
    save_file(tensors, folder / FILES[part])
    refused(FILES[part], "1 of", "missing", missing)


@pytest.mark.parametrize("part", FILES)
def test_surplus_tensor(folder: Path, refused: Callable[..., ModelError], part: str):
    save_file(load_file(folder / FILES[part]) | {"smuggled.weight": torch.zeros(1)}, folder / FILES[part])
    refused(FILES[part], "1 tensors do not belong there", "smuggled.weight")


@pytest.mark.parametrize("part", FILES)
def test_tensor_with_a_wrong_shape(folder: Path, refused: Callable[..., ModelError], part: str):
    tensors = load_file(folder / FILES[part])
    key = sorted(tensors)[0]
    save_file(tensors | {key: torch.zeros(3, 5)}, folder / FILES[part])
    refused(FILES[part], key, "(3, 5)")


def test_a_folder_that_is_not_a_model(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ModelError, match="is not a GoT model") as caught:
            load_components(folder, CPU, torch.float32)
        assert caught.value.code == "model_folder_wrong" and caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("name", "key"),
    [("mllm/config.json", "model_type"), ("unet/config.json", "_class_name"), ("vae/config.json", "_class_name")],
)
def test_the_config_of_a_different_kind_of_model(folder: Path, refused: Callable[..., ModelError], name: str, key: str):
    edit_json(folder / name, lambda data: data.update({key: "Another"}))
    refused(str(folder / name), key, "'Another'")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mllm/config.json", {"text_config": {"hidden_size": "wide"}}),
        ("unet/config.json", {"block_out_channels": [8, 9]}),
        ("vae/config.json", {"norm_num_groups": 0}),
        ("tokenizer/tokenizer.json", {"model": 3}),
    ],
)
def test_an_invalid_config(folder: Path, refused: Callable[..., ModelError], name: str, change: dict[str, Any]):
    edit_json(folder / name, lambda data: data.update(change))
    refused(str((folder / name).parent))


def test_parts_of_different_models(components: Components, folder: Path, refused: Callable[..., ModelError]):
    edit_json(folder / "got.json", lambda data: data.update(source_size=20))
    refused("source_size", "do not match")
    edit_json(folder / "got.json", lambda data: data.update(source_size=16, num_query_tokens=5))
    refused("tokenizer", "lacks the token <|im_gen_0004|>")
    edit_json(folder / "got.json", lambda data: data.update(num_query_tokens=4))
    tokenizer = load_components(folder, CPU, torch.float32).tokenizer
    tokenizer.add_tokens(["<one more>"])
    tokenizer.save_pretrained(folder / "tokenizer")
    refused("tokenizer/ and mllm/")
    components.tokenizer.save_pretrained(folder / "tokenizer")
    vae = dict(make_vae().config) | {"latent_channels": 3, "_use_default_values": []}
    other = replace(components, vae=type(components.vae).from_config(vae))
    save_native(folder, other, other.config, replace=True)
    refused("unet/ and vae/")


def test_a_tokenizer_without_chat_template(folder: Path, refused: Callable[..., ModelError]):
    (folder / "tokenizer" / "chat_template.jinja").unlink()
    refused("tokenizer", "no chat template")


def test_pickles_are_not_accepted_as_weights(folder: Path, refused: Callable[..., ModelError]):
    """Weights in a pickle are ignored, even if there are no others."""
    torch.save(load_file(folder / FILES["unet"]), folder / "unet" / "diffusion_pytorch_model.bin")
    torch.save(load_file(folder / FILES["mllm"]), folder / "mllm" / "pytorch_model.bin")
    load_components(folder, CPU, torch.float32)
    (folder / FILES["unet"]).unlink()
    refused(FILES["unet"], "missing")


def test_code_in_a_model_folder_is_not_executed(folder: Path, tmp_path: Path):
    canary = tmp_path / "canary"
    code = f"open({str(canary)!r}, 'w').close()\nclass Hostile:\n    pass\n"
    for part, name in (
        ("mllm", "config.json"),
        ("mllm", "preprocessor_config.json"),
        ("tokenizer", "tokenizer_config.json"),
    ):
        (folder / part / "hostile.py").write_text(code)
        auto = {kind: "hostile.Hostile" for kind in ("AutoConfig", "AutoModel", "AutoTokenizer", "AutoImageProcessor")}
        edit_json(folder / part / name, lambda data, auto=auto: data.update(auto_map=auto))
    load_components(folder, CPU, torch.float32)
    assert not canary.exists()


def test_an_index_must_not_name_files_in_other_folders(folder: Path, refused: Callable[..., ModelError]):
    index = {"metadata": {}, "weight_map": {"conv_in.weight": "../vae/diffusion_pytorch_model.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    refused("another folder")
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text("{}")
    refused("lists no tensors")


def test_an_existing_model_is_replaced_only_on_request(components: Components, folder: Path):
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
        save_native(folder, components, components.config)
    assert (folder / "notes.txt").read_text() == "mine"
    save_native(folder, components, replace(components.config, name="second"), replace=True)
    assert not (folder / "notes.txt").exists()
    assert load_components(folder, CPU, torch.float32).config.name == "second"
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_an_empty_folder_can_be_used(components: Components, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    save_native(tmp_path / "empty", components, components.config)
    assert load_components(tmp_path / "empty", CPU, torch.float32).config == components.config


@pytest.mark.parametrize("broken_off_by", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("after_part", [1, 4])
def test_an_interrupted_write_leaves_no_partial_files(
    components: Components, folder: Path, broken_off_by: BaseException, after_part: int
):
    def on_part(done: int, total: int) -> None:
        assert total == 4
        if done == after_part:
            raise broken_off_by

    with pytest.raises((KeyboardInterrupt, OutputError)):
        save_native(folder.parent / "new", components, components.config, on_part=on_part)
    with pytest.raises((KeyboardInterrupt, OutputError)):
        save_native(folder, components, components.config, on_part=on_part, replace=True)
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    load_components(folder, CPU, torch.float32)


def test_an_output_folder_that_cannot_be_written(components: Components, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(OutputError) as caught:
            save_native(folder, components, components.config)
        assert str(folder) in caught.value.message and caught.value.exit_code == 6
    assert (tmp_path / "file").read_text() == "in the way"


def test_the_weights_on_disk_are_counted(components: Components, tmp_path: Path):
    save_native(tmp_path / "tiny", components, components.config, max_shard_size=50_000)
    models = [components.mllm, components.unet, components.vae, components.projectors]
    assert stored_numbers(tmp_path / "tiny") == sum(weight.numel() for model in models for weight in model.parameters())
