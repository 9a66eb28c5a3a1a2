"""Results of importing the reference's checkpoints, tensor by tensor."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.api.errors import OutputError
from engine.got.files.checkpoint import load_components
from engine.models.convert import MLLM_BASE, UNET_BASE
from tests.engine.models.released import PEFT, PLAIN, Released, golden_tensors, native_tensors, new_names

State = dict[str, dict[str, Tensor]]


@pytest.fixture(scope="module")
def plain(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain checkpoint, converted; no test changes it."""
    folder = tmp_path_factory.mktemp("plain") / "native"
    Released(golden).convert(folder, PLAIN)
    return folder


def same(one: State, other: State) -> bool:
    assert {part: sorted(state) for part, state in one.items()} == {
        part: sorted(state) for part, state in other.items()
    }
    return all(torch.equal(tensor, other[part][key]) for part, state in one.items() for key, tensor in state.items())


def contents(tensors: list[Tensor]) -> Counter[tuple]:
    return Counter((tuple(tensor.shape), tensor.numpy().tobytes()) for tensor in tensors)


@pytest.mark.parametrize(
    ("old", "part", "new"),
    [
        ("mllm.model.embed_tokens.weight", "mllm", "model.language_model.embed_tokens.weight"),
        ("mllm.model.layers.1.mlp.up_proj.weight", "mllm", "model.language_model.layers.1.mlp.up_proj.weight"),
        ("mllm.model.norm.weight", "mllm", "model.language_model.norm.weight"),
        ("mllm.visual.patch_embed.proj.weight", "mllm", "model.visual.patch_embed.proj.weight"),
        ("unet.conv_in.weight", "unet", "conv_in.weight"),
        ("vae.decoder.conv_out.bias", "vae", "decoder.conv_out.bias"),
        ("output_projector.projector.weight", "projectors", "output_projector.weight"),
        ("output_projector_add.projector.bias", "projectors", "output_projector_add.bias"),
    ],
)
def test_old_names_become_native_ones(golden: Path, plain: Path, old: str, part: str, new: str):
    assert torch.equal(native_tensors(plain)[part][new], golden_tensors(golden, PLAIN)[old])


def test_every_tensor_is_converted_bit_for_bit_and_the_tied_one_once(golden: Path, plain: Path):
    before = golden_tensors(golden, PLAIN)
    after = [tensor for state in native_tensors(plain).values() for tensor in state.values()]
    assert contents(list(before.values())) - contents(after) == contents([before["mllm.lm_head.weight"]])
    assert contents(after) - contents(list(before.values())) == Counter()
    assert native_tensors(plain)["unet"]["conv_in.weight"].shape[1] == 12


def test_every_tensor_is_counted(golden: Path, tmp_path: Path):
    for checkpoint, counts in ((PLAIN, (465, 464, 0, 0, 1)), (PEFT, (509, 464, 42, 2, 1))):
        report = Released(golden).convert(tmp_path / checkpoint, checkpoint)
        assert (report.read, report.written, report.merged, report.superseded, report.tied) == counts
        assert report.read == len(golden_tensors(golden, checkpoint))
        assert str(report).startswith(f"{counts[0]} tensors read: {counts[1]} written, {counts[2]} merged as LoRA")


def test_both_checkpoints_give_the_same_model(golden: Path, plain: Path, tmp_path: Path):
    Released(golden).convert(tmp_path / "native", PEFT)
    one, other = native_tensors(plain), native_tensors(tmp_path / "native")
    for part, state in one.items():
        assert sorted(state) == sorted(other[part])
        for key, tensor in state.items():
            torch.testing.assert_close(other[part][key], tensor, rtol=0, atol=1e-6, msg=key)
    for name in ("mllm/config.json", "unet/config.json", "tokenizer/tokenizer.json"):
        assert (plain / name).read_text() == (tmp_path / "native" / name).read_text()


@pytest.mark.parametrize(("alpha", "scale"), [(None, 1.0), (4.0, 1.0), (10.0, 2.5)])
def test_lora_layers_are_merged(golden: Path, tmp_path: Path, alpha: float | None, scale: float):
    Released(golden).convert(tmp_path / "native", PEFT, lora_alpha=alpha)
    layer, before = "layers.2.mlp.down_proj", golden_tensors(golden, PEFT)
    base = f"mllm.base_model.model.model.{layer}."
    a, b = (before[f"{base}lora_{side}.default.weight"].double() for side in "AB")
    expected = before[f"{base}base_layer.weight"].double() + scale * (b @ a)
    merged = native_tensors(tmp_path / "native")["mllm"][f"model.language_model.{layer}.weight"]
    torch.testing.assert_close(merged.double(), expected, rtol=0, atol=1e-6)
    assert (b @ a).abs().max() > 1e-3  # makes sure that there was something to merge


def test_trained_embeddings_replace_their_stale_copies(golden: Path, tmp_path: Path):
    Released(golden).convert(tmp_path / "native", PEFT)
    before = golden_tensors(golden, PEFT)
    embedding = "mllm.base_model.model.model.embed_tokens."
    imported = native_tensors(tmp_path / "native")["mllm"]["model.language_model.embed_tokens.weight"]
    assert torch.equal(imported, before[f"{embedding}modules_to_save.default.weight"])
    assert not torch.equal(imported, before[f"{embedding}original_module.weight"])


@pytest.mark.parametrize("naming", [dict, new_names])
@pytest.mark.parametrize(
    ("stem", "suffix", "sharded"),
    [
        ("pytorch_model", "bin", False),
        ("pytorch_model", "bin", True),
        ("model", "safetensors", False),
        ("model", "safetensors", True),
    ],
)
def test_names_files_and_formats_do_not_matter(
    released: Released, plain: Path, tmp_path: Path, naming: type, stem: str, suffix: str, sharded: bool
):
    tensors = naming(released.tensors())
    if sharded:
        released.write_shards(tensors, stem, suffix)
    else:
        released.write(tensors, f"{stem}.{suffix}")
    assert released.convert(tmp_path / "native").written == 464
    assert same(native_tensors(tmp_path / "native"), native_tensors(plain))


def test_safetensors_take_precedence_over_pickles(released: Released, plain: Path, tmp_path: Path):
    path = released.write(released.tensors(), "model.safetensors")
    (path.parent / "pytorch_model.bin").write_bytes(b"never read")
    released.convert(tmp_path / "native")
    assert same(native_tensors(tmp_path / "native"), native_tensors(plain))


def test_a_separate_output_layer_is_kept(released: Released, tmp_path: Path):
    tensors = released.tensors()
    head = torch.randn_like(tensors["mllm.lm_head.weight"])
    released.write(tensors | {"mllm.lm_head.weight": head})
    assert released.convert(tmp_path / "native").tied == 0
    assert torch.equal(native_tensors(tmp_path / "native")["mllm"]["lm_head.weight"], head)
    loaded = load_components(tmp_path / "native", torch.device("cpu"), torch.float32)
    assert torch.equal(loaded.mllm.lm_head.weight, head)
    assert not torch.equal(loaded.mllm.get_input_embeddings().weight, head)


def test_a_checkpoint_without_an_output_layer_is_tied(released: Released, plain: Path, tmp_path: Path):
    tensors = released.tensors()
    del tensors["mllm.lm_head.weight"]
    released.write(tensors)
    assert released.convert(tmp_path / "native").tied == 0
    assert same(native_tensors(tmp_path / "native"), native_tensors(plain))


def test_weights_are_stored_as_the_requested_dtype(golden: Path, plain: Path, tmp_path: Path):
    Released(golden).convert(tmp_path / "native", dtype="float16")
    for part, state in native_tensors(plain).items():
        stored = native_tensors(tmp_path / "native")[part]
        assert all(torch.equal(stored[key], tensor.half()) for key, tensor in state.items())


def test_too_little_disk_space_is_reported_before_anything_is_written(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match="0.0 GB are free on its disk") as caught:
        Released(golden).convert(tmp_path / "native")
    assert caught.value.code == "disk_full" and list(tmp_path.iterdir()) == []


def test_merged_weights_keep_their_dtype(released: Released, tmp_path: Path):
    released.write({key: tensor.bfloat16() for key, tensor in released.tensors(PEFT).items()}, checkpoint=PEFT)
    released.convert(tmp_path / "native", PEFT)
    dtypes = {tensor.dtype for state in native_tensors(tmp_path / "native").values() for tensor in state.values()}
    assert dtypes == {torch.bfloat16}


def test_got_json_describes_the_model(plain: Path):
    description = json.loads((plain / "got.json").read_text())
    assert (description["format_version"], description["name"], description["license"]) == (1, "mine", "as released")
    assert (description["num_query_tokens"], description["source_size"], description["source_frames"]) == (
        64,
        112,
        "repeat",
    )
    assert description["image_size"] == 128  # 16 latents of 8 pixels, according to the configs of UNet and VAE
    assert (
        description["provenance"] | {"checkpoint": PLAIN, "mllm": MLLM_BASE, "unet": UNET_BASE}
        == description["provenance"]
    )
    assert description["defaults"]["guidance_scales"]["edit"] == {"semantic": 4.0, "spatial": 3.0, "reference": 1.5}


def test_the_image_size_can_be_given(golden: Path, tmp_path: Path):
    Released(golden).convert(tmp_path / "native", image_size=256)
    assert json.loads((tmp_path / "native" / "got.json").read_text())["image_size"] == 256


def test_the_layout_is_native_and_contains_no_paths_of_this_machine(golden: Path, plain: Path):
    files = {path.relative_to(plain).as_posix() for path in plain.rglob("*") if path.is_file()}
    assert files == {
        "got.json",
        "mllm/config.json",
        "mllm/generation_config.json",
        "mllm/model.safetensors",
        "mllm/preprocessor_config.json",
        "projectors.safetensors",
        "scheduler/scheduler_config.json",
        "tokenizer/chat_template.jinja",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    }
    places = [str(folder).encode() for folder in (golden.resolve(), plain.parent)]
    assert not [name for name in files if any(place in (plain / name).read_bytes() for place in places)]


def test_gots_tokens_are_added_to_the_tokenizer_after_its_own(golden: Path, plain: Path):
    before, after = (added_tokens(folder) for folder in (golden / MLLM_BASE, plain / "tokenizer"))
    assert after | before == after and len(after) == len(before) + 66
    used = load_file(golden / "golden" / "case0_euler.safetensors")["0.input_ids"].flatten().tolist()
    queries = [after[f"<|im_gen_{number:04d}|>"] for number in range(64)]
    assert used[-65:] == [after["<|im_gen_start|>"], *queries]


def added_tokens(folder: Path) -> dict[str, int]:
    added = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
    return {token["content"]: token["id"] for token in added}
