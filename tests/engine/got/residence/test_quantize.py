"""8-bit quantization: close to the exact weights, smaller, movable, and correct with adapters."""

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from benchmarks.full_size import config
from benchmarks.gate_weights import Nf4Linear, full_size
from engine.api.chain import Chain
from engine.api.errors import ModelError
from engine.got.adapters import apply_adapters
from engine.got.files.adapter import CONFIG, WEIGHTS
from engine.got.files.weights import empty_mllm
from engine.got.pipeline import GoTPipeline
from engine.got.residence.quantize import Fp8Products, Int8Linear, Int8Products, kind_of_weights, quantize_layers
from engine.got.residence.tiers import EIGHT_BITS, EIGHT_BITS_SHARE, GOT_6B, RESIDENT, weight_bytes
from tests.engine.got.lessons import EDIT
from tests.engine.place import CHAIN

CPU = torch.device("cpu")
QUICK = {"num_inference_steps": 2, "seed": 3}
RANK = 2


@pytest.fixture
def load(tiny_model: Path) -> Callable[..., GoTPipeline]:
    """Loads the tiny model again, so that a test may change it."""
    return lambda weights="exact": GoTPipeline.from_pretrained(tiny_model, weights=weights)


def coded(model: nn.Module) -> dict[str, Int8Linear]:
    return {name: module for name, module in model.named_modules() if isinstance(module, Int8Linear)}


# layers


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("kind", "bytes_a_weight", "error"),
    [(Int8Linear, 1, 0.01), (Int8Products, 1, 0.02), (Fp8Products, 1, 0.05), (Nf4Linear, 0.57, 0.11)],
)
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_a_quantized_layer_is_close_to_the_exact_one(kind, bytes_a_weight, error, dtype, bias):
    torch.manual_seed(0)
    exact = nn.Linear(256, 192, bias=bias)
    layer = kind(deepcopy(exact).to(dtype), CPU)
    buffers = sum(buffer.numel() * buffer.itemsize for buffer in layer.buffers())
    assert buffers <= bytes_a_weight * 192 * 256 + 4 * 192 and layer.scales.dtype == dtype
    for shape in ((2, 40, 256), (1, 3, 256), (256,)):  # many rows, few, one
        x = torch.randn(shape)
        actual = layer(x.to(dtype))
        assert actual.shape == (*shape[:-1], 192) and actual.dtype == dtype
        assert (actual.float() - exact(x)).norm() < error * exact(x).norm()


def test_rows_of_zeros_stay_zeros():
    linear = nn.Linear(32, 32, bias=False)
    linear.weight.data[3:].zero_()
    for kind in (Int8Linear, Int8Products, Fp8Products):
        result = kind(linear, CPU)(torch.zeros(20, 32))
        assert not result.any()


def test_layers_that_cannot_be_quantized_stay_unchanged():
    model = nn.Sequential(nn.Linear(32, 24), nn.Linear(24, 32), nn.Linear(32, 48), nn.Conv2d(16, 16, 3))
    quantize_layers(model, Int8Products, CPU)
    assert list(coded(model)) == ["2"]


@pytest.mark.parametrize("kind", [Int8Linear, Int8Products, Fp8Products])
def test_codes_move_as_plain_tensors_and_are_counted(kind):
    model = nn.Sequential(nn.Linear(64, 64))
    exact = weight_bytes([model])
    quantize_layers(model, kind, CPU)
    assert weight_bytes([model]) == exact - 3 * 64 * 64 + 4 * 64
    assert {type(tensor) for tensor in model.buffers()} == {torch.Tensor}
    model.to("meta")
    assert {tensor.device.type for tensor in (*model.buffers(), *model.parameters())} == {"meta"}


# the planner's policy


def test_the_policy_with_8_bits_plans_the_same_and_renders(load, source: Image.Image):
    pipeline = load()
    mllm, exact = pipeline.planner.mllm, weight_bytes([pipeline.planner.mllm])
    pipeline.use(EIGHT_BITS, CPU)
    assert len(coded(mllm.model.language_model)) == 14  # 2 layers with 7 matrices each
    assert not coded(mllm.model.visual) and not coded(pipeline.renderer.unet) and isinstance(mllm.lm_head, nn.Linear)
    assert mllm.lm_head.weight is mllm.model.language_model.embed_tokens.weight
    shrunk = weight_bytes([mllm])
    assert shrunk < exact
    result = pipeline(EDIT, source, max_turns=1, **QUICK)
    assert result.chain.text == CHAIN
    pipeline.use(EIGHT_BITS, CPU)
    pipeline.use(RESIDENT, CPU)
    assert weight_bytes([mllm]) == shrunk  # stays quantized
    assert pipeline.plan(EDIT, source).text == CHAIN


def test_the_quantized_size_of_got_6bs_planner():
    exact, eight_bits = (full_size(way)["planner_megabytes"] for way in ("exact", "planner int8"))
    assert eight_bits / exact == pytest.approx(EIGHT_BITS_SHARE, abs=0.005)
    assert exact * 10**6 == pytest.approx(GOT_6B[0], rel=0.02)
    language = empty_mllm(config("mllm", False)).model.language_model
    quantize_layers(language, Int8Linear, CPU)
    assert len(coded(language)) == 36 * 7


# the UNet's weights


@pytest.mark.parametrize(("weights", "tolerance"), [("int8", 8), ("fp8", 24)])
def test_a_quantized_unet_renders_nearly_the_same(load, source: Image.Image, weights: str, tolerance: int):
    chain = Chain.parse(CHAIN)
    exact, other = load(), load(weights)
    assert coded(other.renderer.unet) and not coded(other.planner.mllm) and not coded(exact.renderer.unet)
    assert weight_bytes([other.renderer.unet]) < weight_bytes([exact.renderer.unet])
    (usual,), (picture,) = (pipe.render(chain, source, instruction=EDIT, **QUICK) for pipe in (exact, other))
    levels = [abs(a - b) for a, b in zip(usual.tobytes(), picture.tobytes(), strict=True)]
    assert 0 < max(levels) <= tolerance


def test_unknown_weights_are_refused(load):
    with pytest.raises(ModelError) as caught:
        load("int3")
    assert caught.value.code == "weights_unknown" and "exact, int8, fp8" in caught.value.remedy


def test_weights_that_the_device_does_not_support_are_refused():
    """Apple's GPUs do not support 8-bit floats; on other machines there is no such device."""
    with pytest.raises(ModelError) as caught:
        kind_of_weights("fp8", torch.device("mps"), torch.bfloat16)
    assert caught.value.code == "weights_unsupported" and "exact" in caught.value.remedy


# adapters


@pytest.fixture
def adapter(tmp_path: Path, load) -> Path:
    """An adapter that changes one matrix of the planner and one of the UNet by less than a quantization step."""
    pipeline = load("int8")
    pipeline.use(EIGHT_BITS, CPU)
    parts = {"mllm": pipeline.planner.mllm, "unet": pipeline.renderer.unet}
    layers_by_part = {part: next(iter(coded(model).items())) for part, model in parts.items()}
    tensors = {}
    for part, (name, layer) in layers_by_part.items():
        tensors[f"{part}.{name}.lora_A.weight"] = 0.01 * torch.randn(RANK, layer.in_features)
        tensors[f"{part}.{name}.lora_B.weight"] = 0.01 * torch.randn(layer.out_features, RANK)
    folder = tmp_path / "adapter"
    folder.mkdir()
    about = {"format_version": 1, "name": "a", "rank": RANK, "alpha": 4, "license": "MIT", "provenance": {}}
    (folder / CONFIG).write_text(json.dumps(about))
    save_file(tensors, folder / WEIGHTS)
    return folder


def layers(pipeline: GoTPipeline) -> dict[str, Int8Linear]:
    parts = {"mllm": pipeline.planner.mllm, "unet": pipeline.renderer.unet}
    return {f"{part}.{name}": layer for part, model in parts.items() for name, layer in coded(model).items()}


def codes(pipeline: GoTPipeline) -> dict[str, torch.Tensor]:
    return {name: layer.codes.clone() for name, layer in layers(pipeline).items()}


def test_adapters_are_added_to_the_exact_weights_and_removed_completely(load, adapter, source):
    exact, pipeline = load(), load("int8")
    pipeline.use(EIGHT_BITS, CPU)
    before = codes(pipeline)
    apply_adapters(pipeline, [(adapter, 0.5), (adapter, 0.5)])
    apply_adapters(exact, [(adapter, 1.0)])
    quantized = codes(pipeline)
    modified = {name for name in before if not torch.equal(before[name], quantized[name])}
    assert modified == {key.rsplit(".lora_", 1)[0] for key in load_file(adapter / WEIGHTS)}
    for name in modified:
        part, _, inner = name.partition(".")
        model = exact.planner.mllm if part == "mllm" else exact.renderer.unet
        expected = layers(pipeline)[name].encode(model.get_submodule(inner).weight.data)[0]
        assert (expected.int() - quantized[name].int()).abs().max() <= 1  # sums in another order may round differently
        assert (expected != quantized[name]).float().mean() < 0.01
    pipeline.render(Chain.parse(CHAIN), source, instruction=EDIT, **QUICK)
    apply_adapters(pipeline, [])
    assert all(torch.equal(now, before[name]) for name, now in codes(pipeline).items())


def test_an_adapter_applied_before_quantization_is_removed_completely(load, adapter):
    plain, pipeline = load("int8"), load("int8")
    apply_adapters(pipeline, [(adapter, 1.0)])
    for one in (plain, pipeline):
        one.use(EIGHT_BITS, CPU)
    assert any(not torch.equal(tensor, codes(plain)[name]) for name, tensor in codes(pipeline).items())
    apply_adapters(pipeline, [])
    assert all(torch.equal(now, codes(plain)[name]) for name, now in codes(pipeline).items())


def test_without_the_models_files_an_adapter_is_refused_and_nothing_changes(tiny_model, adapter, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    pipeline = GoTPipeline.from_pretrained(folder, weights="int8")
    before = codes(pipeline)
    shutil.rmtree(folder)
    with pytest.raises(ModelError):
        apply_adapters(pipeline, [(adapter, 1.0)])
    assert all(torch.equal(now, before[name]) for name, now in codes(pipeline).items())
