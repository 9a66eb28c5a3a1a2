"""Our kernels give the same results as PyTorch's. Needs a GPU, or Triton with `TRITON_INTERPRET=1`."""

import os
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from PIL import Image
from torch import Tensor, nn

from engine.got import kernels
from engine.got.files.checkpoint import Components
from engine.got.kernels import layers
from engine.got.kernels.layers import use_own_layers
from engine.got.planners.decoding import DecodingStep
from engine.got.planners.got import GoTPlanner
from engine.got.residence.quantize import Int8Linear, quantize_layers
from tests.engine.got.tiny import EDIT

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.filterwarnings("ignore:overflow encountered in exp"),  # the interpreter's, where SiLU becomes zero
]

INTERPRETED = bool(os.environ.get("TRITON_INTERPRET"))
DTYPES = [torch.float32] if INTERPRETED else [torch.float32, torch.bfloat16]  # the interpreter has no bfloat16
LAYOUTS = ["channels last", "channels first", "tokens", "cut out", "turned over"]


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    if INTERPRETED:
        monkeypatch.setattr(kernels, "usable", lambda device: True)
        monkeypatch.setattr(layers, "usable", lambda device: True)
        return torch.device("cpu")
    if not kernels.usable(torch.device("cuda")):
        pytest.skip("needs Triton")
    return torch.device("cuda")


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


def apart(actual: Tensor, expected: Tensor) -> float:
    """The difference relative to the expected value, which is computed in float64."""
    return float((actual.double() - expected.double()).norm() / expected.double().norm())


def bound(dtype: torch.dtype) -> float:
    """Tolerance for values that are rounded once or twice."""
    return 2e-6 if dtype == torch.float32 else 6e-3


@pytest.mark.parametrize(("rows", "columns"), [(48, 32), (112, 272), (300, 2100)])
def test_a_row_times_a_matrix(rows: int, columns: int, device: torch.device, dtype: torch.dtype):
    from engine.got.kernels.decoder import multiply_row, weights_of

    up, gate = (nn.Linear(columns, rows, bias).to(device, dtype) for bias in (True, False))
    norm = nn.RMSNorm(columns, 1e-6).to(device, dtype)
    norm.weight.data.uniform_(0.5, 2)
    x, added = (torch.randn(1, 1, size, device=device, dtype=dtype) for size in (columns, rows))
    exact_up, exact_gate, exact_norm = (deepcopy(layer).double() for layer in (up, gate, norm))
    normed = exact_norm(x.double())
    gated = F.silu(exact_gate(normed)) * exact_up(normed)
    assert apart(multiply_row(x, weights_of(up)), exact_up(x.double())) < bound(dtype)
    assert apart(multiply_row(x, weights_of(up), (norm.weight, 1e-6), weights_of(gate)), gated) < bound(dtype)
    assert apart(multiply_row(x, weights_of(gate), added=added), exact_gate(x.double()) + added) < bound(dtype)
    if rows % 16 == columns % 16 == 0:
        codes = Int8Linear(up, device)
        written_out = F.linear(x.double(), codes.codes.double() * codes.scales.double(), exact_up.bias)
        assert apart(multiply_row(x, weights_of(codes)), written_out) < bound(dtype)


@pytest.mark.parametrize(
    ("heads", "shared", "width", "room", "read"),
    [(2, 1, 16, 64, 0), (16, 2, 128, 256, 200), (14, 2, 64, 128, 63), (14, 2, 64, 128, 64), (3, 3, 24, 200, 150)],
)
def test_a_token_attends_to_the_cache(heads, shared, width, room, read, device: torch.device, dtype: torch.dtype):
    from engine.got.kernels.attention import attend

    options = {"device": device, "dtype": dtype}
    query, key, value = (torch.randn(1, 1, count * width, **options) for count in (heads, shared, shared))
    cache = torch.randn(2, 1, shared, room, width, **options)
    cos, sin = torch.randn(2, width, **options)

    def turned(x: Tensor) -> Tensor:
        x = x.double().view(-1, width)
        return x * cos + x.roll(width // 2, -1) * sin

    before = cache.clone()
    expected = cache.double()
    expected[0, 0, :, read], expected[1, 0, :, read] = turned(key), value.view(shared, width)
    keys, values = expected[:, :, :, : read + 1].repeat_interleave(heads // shared, 2)
    answer = F.scaled_dot_product_attention(turned(query).view(1, heads, 1, width), keys, values, scale=0.1)
    place = torch.tensor([read], device=device)
    actual = attend(query, key, value, (cos, sin), cache[0], cache[1], place, 0.1)
    assert apart(actual, answer.reshape(1, 1, -1)) < 3 * bound(dtype)
    assert apart(cache, expected) < bound(dtype)
    unchanged = torch.arange(room, device=device) != read
    assert torch.equal(cache[..., unchanged, :], before[..., unchanged, :])


def strides(x: Tensor) -> list[int]:
    """The strides, without those of dimensions of size one, which are arbitrary."""
    return [stride for stride, size in zip(x.stride(), x.shape, strict=True) if size > 1]


def laid_out(x: Tensor, layout: str) -> Tensor:
    if layout == "tokens":
        return x.flatten(2).transpose(1, 2).contiguous().transpose(1, 2)
    if layout == "cut out":
        return F.pad(x, (1, 2))[..., 1:-2]
    if layout == "turned over":
        return x.transpose(2, 3).contiguous().transpose(2, 3)
    return x.to(memory_format=torch.channels_last) if layout == "channels last" else x


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "groups"), [((2, 64, 8, 8), 32), ((1, 320, 24, 25), 32), ((4, 80, 32, 33), 8)])
def test_group_norm(shape: tuple[int, ...], groups: int, layout: str, device: torch.device, dtype: torch.dtype):
    from engine.got.kernels.residual import add, group_norm

    norm = nn.GroupNorm(groups, shape[1], 1e-5).to(device, dtype)
    norm.weight.data.normal_()
    norm.bias.data.normal_()
    exact = deepcopy(norm).double()
    x = laid_out(5 + 2 * torch.randn(shape, device=device, dtype=dtype), layout)
    other = torch.randn(x.shape, device=device, dtype=dtype)
    added = 3 * torch.randn(shape[:2], device=device, dtype=dtype)
    actual = group_norm(x, norm)
    assert apart(actual, exact(x.double())) < bound(dtype)
    assert layout in ("cut out", "turned over") or strides(actual) == strides(x)
    shifted = x.double() + added.view(*shape[:2], *[1] * (x.ndim - 2))
    assert apart(group_norm(x, norm, silu=True, added=added), F.silu(exact(shifted))) < bound(dtype)
    whole = x.double() + other + norm.bias.view(1, -1, *[1] * (x.ndim - 2))
    assert apart(add(x, other, norm.bias), whole) < bound(dtype)


def test_a_picture_without_contrast_is_normalized_to_the_bias(device: torch.device, dtype: torch.dtype):
    from engine.got.kernels.residual import group_norm

    norm = nn.GroupNorm(8, 64).to(device, dtype)
    norm.bias.data.normal_()
    actual = group_norm(torch.full((1, 64, 40, 40), 10.0, device=device, dtype=dtype), norm)
    torch.testing.assert_close(actual, norm.bias.view(1, -1, 1, 1).expand_as(actual), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("out", [64, 96])
@pytest.mark.parametrize("embedded", ["default", "group", None])
def test_a_residual_block(out: int, embedded: str | None, device: torch.device, dtype: torch.dtype):
    options = {"in_channels": 64, "out_channels": out, "time_embedding_norm": embedded or "default"}
    block = ResnetBlock2D(**options, temb_channels=32 if embedded == "default" else None).to(device, dtype).eval()
    x = torch.randn(2, 64, 9, 7, device=device, dtype=dtype)
    embedding = torch.randn(2, 32, device=device, dtype=dtype) if embedded == "default" else None
    expected = deepcopy(block).double()(x.double(), None if embedding is None else embedding.double())
    use_own_layers(block)
    assert type(block) is not ResnetBlock2D
    assert apart(block(x, embedding), expected) < bound(dtype)


@pytest.mark.parametrize("shape", [(2, 5, 64), (1, 3, 1280), (3, 7, 40)])
def test_layer_norm_with_the_sum_before_it(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype):
    from benchmarks.card.trials.blocks import add_and_norm, layer_norm

    norm = nn.LayerNorm(shape[-1]).to(device, dtype)
    norm.weight.data.normal_()
    norm.bias.data.normal_()
    exact = deepcopy(norm).double()
    x, other = 3 + 2 * torch.randn(2, *shape, device=device, dtype=dtype)
    bias = torch.randn(shape[-1], device=device, dtype=dtype)
    assert apart(layer_norm(x, norm), exact(x.double())) < bound(dtype)
    total, normed = add_and_norm(x, other, norm, bias)
    assert apart(total, x.double() + other + bias) < bound(dtype)
    assert apart(normed, exact((x + other).double())) < bound(dtype)
    assert torch.equal(add_and_norm(x, other, norm)[0], x + other)


@pytest.mark.parametrize("shape", [(2, 5, 64), (1, 3, 2600)])
def test_geglu(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype):
    from benchmarks.card.trials.blocks import geglu

    x = 3 * torch.randn(shape, device=device, dtype=dtype)
    value, gate = x.double().chunk(2, dim=-1)
    assert apart(geglu(x), value * F.gelu(gate)) < bound(dtype)


@pytest.mark.parametrize("fused", [False, True])
def test_a_transformer_block(fused: bool, device: torch.device, dtype: torch.dtype):
    from benchmarks.card.trials.blocks import use_own_blocks

    block = BasicTransformerBlock(64, 4, 16, cross_attention_dim=48).to(device, dtype).eval()
    x, context = (torch.randn(2, 9, width, device=device, dtype=dtype) for width in (64, 48))
    expected = deepcopy(block).double()(x.double(), encoder_hidden_states=context.double())
    assert use_own_blocks(block) == [block]
    if fused:
        for attention in (block.attn1, block.attn2):
            assert attention is not None
            attention.fuse_projections()
    assert apart(block(x, encoder_hidden_states=context), expected) < bound(dtype)


def test_a_whole_unet(components: Components, device: torch.device):
    unet = deepcopy(components.unet).to(device)
    config = unet.config
    sample = torch.randn(2, config["in_channels"], 8, 8, device=device)
    embeds = torch.randn(2, 5, config["cross_attention_dim"], device=device)
    added = {"text_embeds": torch.randn(2, 20, device=device), "time_ids": torch.full((2, 6), 64.0, device=device)}
    conditions = {"encoder_hidden_states": embeds, "added_cond_kwargs": added, "return_dict": False}
    expected = unet(sample, 500, **conditions)[0]
    use_own_layers(unet)
    torch.testing.assert_close(unet(sample, 500, **conditions)[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("eight_bits", [False, True])
def test_a_token_is_read_as_with_pytorchs_operators(
    planner: GoTPlanner, source: Image.Image, eight_bits: bool, device: torch.device, monkeypatch: pytest.MonkeyPatch
):
    reading = planner.open(EDIT, source)
    reading.forward()
    reading.append([5])
    mllm = deepcopy(planner.mllm).to(device)
    if eight_bits:
        quantize_layers(mllm.model.language_model, Int8Linear, device)
    step = DecodingStep(mllm, 64)
    monkeypatch.setattr(kernels, "usable", lambda device: False)
    usual = DecodingStep(mllm, 64)
    assert step._own_kernels and not usual._own_kernels
    for each in (step, usual):
        each.load(reading._cache, reading.ids, reading._positions[..., -1:] + 1)
    assert [step() for _ in range(12)] == [usual() for _ in range(12)]
    actual, expected = (each._cache[..., : step.length, :] for each in (step, usual))
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


def test_a_picture_of_more_pixels_than_a_grid_has_rows(device: torch.device):
    from engine.got.kernels.residual import add, group_norm

    if INTERPRETED:
        pytest.skip("takes the interpreter hours")
    norm = nn.GroupNorm(1, 2).to(device)
    x = torch.randn(1, 2, 3000, 3000, device=device)
    torch.testing.assert_close(group_norm(x, norm), norm(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(add(x, x, norm.bias), 2 * x)


def test_the_initial_check_passes(device: torch.device):
    kernels._try(device)  # raises an error if it fails
