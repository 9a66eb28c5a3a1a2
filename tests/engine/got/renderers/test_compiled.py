"""The GPU's memory format and execution give the same results: tested on the CPU."""

from collections.abc import Callable, Iterator
from copy import deepcopy

import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor

from engine.api.errors import Cancelled
from engine.got.files.checkpoint import Components
from engine.got.pipeline import GoTPipeline
from engine.got.planners.decoding import ROOM
from engine.got.renderers.compiled import channels_last, compile_blocks, fuse_projections, release_blocks, take_apart
from engine.got.residence import tiers
from engine.got.residence.quantize import Int8Products, quantize_unet
from engine.got.residence.tiers import RESIDENT, TURNS
from tests.engine.got.lessons import EDIT, EDIT_TURNS


@pytest.fixture
def unet(components: Components) -> UNet2DConditionModel:
    return deepcopy(components.unet)


@pytest.fixture
def predict(unet: UNet2DConditionModel) -> Callable[[], Tensor]:
    """The UNet's output for a fixed input."""
    torch.manual_seed(5)
    config = unet.config
    sample, context = torch.randn(3, config["in_channels"], 8, 8), torch.randn(3, 4, config["cross_attention_dim"])
    added = {"text_embeds": torch.randn(1, 20), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])}

    def answer() -> Tensor:
        with torch.inference_mode():
            return unet(sample, torch.tensor(500.0), context, added_cond_kwargs=added, return_dict=False)[0]

    return answer


@pytest.fixture
def whole() -> Iterator[None]:
    yield
    torch.compiler.reset()


def test_channels_last_changes_nothing(unet, predict):
    expected = predict()
    channels_last(unet)
    assert unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(predict(), expected, rtol=0, atol=1e-5)


def test_fused_projections_change_nothing_and_take_no_memory(unet, predict):
    expected, keys = predict(), set(unet.state_dict())
    fuse_projections(unet)
    fused = {name: module for name, module in unet.named_modules() if name.endswith(("to_qkv", "to_kv"))}
    assert fused and sum(name.endswith("attn1.to_qkv") for name in fused) == sum(
        "attn2.to_kv" in name for name in fused
    )
    torch.testing.assert_close(predict(), expected, rtol=0, atol=1e-5)
    for name, module in fused.items():
        attention = unet.get_submodule(name.rpartition(".")[0])
        assert attention.to_v.weight.untyped_storage().data_ptr() == module.weight.untyped_storage().data_ptr()

    take_apart(unet)
    assert set(unet.state_dict()) == keys
    assert torch.equal(predict(), expected)
    take_apart(unet)  # has no effect the second time


def test_an_adapters_changes_appear_in_the_fused_matrix(unet, predict):
    before = predict()
    fuse_projections(unet)
    attention = next(m for m in unet.modules() if getattr(m, "fused_projections", False) and not m.is_cross_attention)
    attention.to_v.weight.data.copy_(attention.to_v.weight.data * 3)
    modified = predict()
    assert not torch.allclose(modified, before, atol=1e-3)
    take_apart(unet)
    torch.testing.assert_close(predict(), modified, rtol=0, atol=1e-5)


def test_quantized_layers_are_not_fused(unet, predict):
    quantize_unet(unet, Int8Products, torch.device("cpu"))
    expected = predict()
    fuse_projections(unet)
    assert not any(name.endswith(("to_qkv", "to_kv")) for name, _ in unet.named_modules())
    assert torch.equal(predict(), expected)


@pytest.mark.usefixtures("whole")
def test_quantized_layers_can_be_compiled(unet, predict):
    quantize_unet(unet, Int8Products, torch.device("cpu"))
    expected = predict()
    assert compile_blocks(unet, predict, backend="aot_eager")
    torch.testing.assert_close(predict(), expected, rtol=0, atol=1e-4)


@pytest.mark.usefixtures("whole")
def test_the_repeated_blocks_compile_without_graph_breaks(unet, predict):
    """`fullgraph` refuses code that the compiler does not fully support; this backend generates no kernels."""
    expected = predict()
    fuse_projections(unet)
    assert compile_blocks(unet, predict, backend="aot_eager")
    assert any(module._compiled_call_impl for module in unet.modules())
    torch.testing.assert_close(predict(), expected, rtol=0, atol=1e-5)
    release_blocks(unet)
    assert not any(module._compiled_call_impl for module in unet.modules())


@pytest.mark.usefixtures("whole")
def test_without_a_compiler_the_blocks_run_uncompiled(unet, predict, caplog: pytest.LogCaptureFixture):
    def broken(graph, inputs):
        raise FileNotFoundError("cc: not found")

    expected = predict()
    assert not compile_blocks(unet, predict, backend=broken)
    assert "without torch.compile" in caplog.text
    assert torch.equal(predict(), expected)


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), Cancelled()])
def test_errors_of_the_trial_are_not_blamed_on_the_compiler(unet, error: Exception):
    def trial() -> None:
        raise error

    with pytest.raises(type(error)):
        compile_blocks(unet, trial, backend="aot_eager")
    assert not any(module._compiled_call_impl for module in unet.modules())


def test_gpu_optimizations_last_as_long_as_the_networks_stay_on_the_gpu(
    components: Components, pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    """A GPU whose moves have no effect: the CPU runs the GPU's code."""
    options = {"num_inference_steps": 2, "seed": 7, "max_turns": 1}
    expected = pipeline(EDIT, source, **options)
    pipe = GoTPipeline.from_components(deepcopy(components), arrange=True)
    assert pipe.planner.decoder is None and not _fused(pipe)
    monkeypatch.setattr(tiers, "_move", lambda models, device: None)
    pipe.use(RESIDENT, torch.device("cuda"))
    assert pipe.planner.decoder is not None and _fused(pipe)
    assert pipe.renderer.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    result = pipe(EDIT, source, **options)
    assert result.chain.text == expected.chain.text == EDIT_TURNS[0]
    differences = [abs(a - b) for a, b in zip(result.images[0].tobytes(), expected.images[0].tobytes(), strict=True)]
    assert max(differences) <= 2  # the tolerance of the golden data
    first = pipe.planner.decoder
    first.forget()
    with pytest.raises(Cancelled):
        pipe.warm_up(lambda: True)
    pipe.warm_up()
    assert list(first._free) == [ROOM, 2 * ROOM]  # steps are ready for the first request
    assert pipe.renderer.recorded is not None and len(pipe.renderer.recorded._passes) == 2
    assert pipe.use_less() == TURNS and not _fused(pipe)
    assert pipe.planner.decoder is not None and pipe.planner.decoder is not first


def _fused(pipeline: GoTPipeline) -> bool:
    return any(getattr(module, "fused_projections", False) for module in pipeline.renderer.unet.modules())


def test_a_model_in_training_is_not_optimized(components: Components, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tiers, "_move", lambda models, device: None)
    pipe = GoTPipeline.from_components(deepcopy(components))
    pipe.use(RESIDENT, torch.device("cuda"))
    assert pipe.planner.decoder is None and not _fused(pipe)
    assert pipe.renderer.unet.conv_in.weight.is_contiguous()
