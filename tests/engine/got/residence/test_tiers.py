"""Offload policies: which one is chosen for a device's memory, and how each one handles the models.

A GPU is simulated by torch's "meta" device, where tensors have a place but no values; for rendering, by the CPU.
"""

from copy import deepcopy
from types import SimpleNamespace

import psutil
import pytest
import torch
from PIL import Image
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from engine.api.chain import Chain
from engine.got import pipeline as got
from engine.got.files.checkpoint import Components
from engine.got.pipeline import GoTPipeline
from engine.got.residence import tiers as memory
from engine.got.residence.tiers import (
    CPU_ONLY,
    EIGHT_BITS,
    GOT_6B,
    RESIDENT,
    SEQUENTIAL,
    SHARED_TIERS,
    SPARING,
    SPLIT,
    TIERS,
    TURNS,
    Residence,
    Tier,
    choose_dtype,
    choose_tier,
    device_memory,
    free_memory,
    keep_within,
    next_tier,
    tiers_of,
    weight_bytes,
)
from tests.engine.got.card import CPU, OnTheCPU
from tests.engine.got.lessons import EDIT, EDIT_TURNS
from tests.engine.got.tiny import IMAGE_SIZE, make_components

META = torch.device("meta")
QUICK = {"num_inference_steps": 2, "seed": 3}


@pytest.mark.parametrize(
    ("gigabytes", "tier"),
    [(141, RESIDENT), (24, RESIDENT), (16, TURNS), (12, SEQUENTIAL), (10, SEQUENTIAL), (8, EIGHT_BITS), (6, SPLIT)],
)
def test_the_policy_for_got_6b_on_a_gpu(gigabytes: int, tier: Tier):
    assert choose_tier(gigabytes * 10**9, *GOT_6B, side=1024) == tier


@pytest.mark.parametrize(("gigabytes", "tier"), [(22, RESIDENT), (17, SPARING), (11, CPU_ONLY)])
def test_the_policy_for_got_6b_on_a_gpu_that_shares_system_memory(gigabytes: int, tier: Tier):
    assert choose_tier(gigabytes * 10**9, *GOT_6B, side=1024, tiers=tiers_of(torch.device("mps"))) == tier


@pytest.mark.parametrize(("planning", "drawing"), [(1, 9), (5, 5), (8, 5), (9, 1)])
def test_turns_requires_room_for_the_renderer_while_the_planner_works(planning: int, drawing: int):
    least = next(m for m in range(50) if choose_tier(m * 10**9, planning * 10**9, drawing * 10**9, 1024) == TURNS)
    assert least >= planning + drawing + 1.5


def test_a_small_model_is_resident_on_a_small_gpu():
    assert choose_tier(2 * 10**9, 10**7, 10**7, side=128) == RESIDENT


@pytest.mark.parametrize(
    ("gigabytes", "dtype", "tier"),
    [(64, torch.float32, RESIDENT), (32, torch.bfloat16, RESIDENT), (16, torch.bfloat16, CPU_ONLY)],
)
def test_the_dtype_of_got_6b_on_the_cpu_depends_on_memory(
    monkeypatch: pytest.MonkeyPatch, gigabytes: int, dtype: torch.dtype, tier: Tier
):
    """In float32 its weights would take 26 GB, which would bring down a machine with less memory."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=gigabytes * 10**9))
    assert choose_dtype(CPU, sum(GOT_6B) // 2) == dtype
    planning, drawing = (share * dtype.itemsize // 2 for share in GOT_6B)
    assert choose_tier(device_memory(CPU) or 0, planning, drawing, 1024, tiers_of(CPU)) == tier


def test_a_gpu_uses_bfloat16_and_a_small_model_on_the_cpu_float32():
    assert choose_dtype(META, 10**7) == torch.bfloat16
    assert choose_dtype(CPU, 10**7) == torch.float32


def test_a_gpu_before_ampere_uses_float16(monkeypatch: pytest.MonkeyPatch):
    """It only emulates bfloat16, many times slower."""
    for capability, dtype in (((7, 5), torch.float16), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, value=capability: value)
        assert choose_dtype(torch.device("cuda"), 10**7) == dtype


def test_a_model_may_use_the_gpu_memory_that_other_programs_leave(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (9 * 10**9, 24 * 10**9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 10**9)
    assert free_memory(torch.device("cuda")) == 10 * 10**9
    assert free_memory(CPU) == device_memory(CPU)


@pytest.mark.parametrize(("system", "shares"), [("win32", [0.5]), ("linux", [])])
def test_on_windows_running_out_of_gpu_memory_is_an_error(monkeypatch: pytest.MonkeyPatch, system: str, shares: list):
    """The driver would silently continue in system memory, much slower."""
    set_to = []
    monkeypatch.setattr(memory.sys, "platform", system)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=24 * 10**9))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda share, device: set_to.append(share))
    keep_within(12 * 10**9, torch.device("cuda"))
    keep_within(12 * 10**9, CPU)
    assert set_to == shares


def test_weight_bytes(components: Components):
    assert weight_bytes([components.output_projector]) == sum(
        4 * parameter.numel() for parameter in components.output_projector.parameters()
    )


class Card(TorchDispatchMode):
    """A GPU with this many bytes. Its tensors have no values ("meta"), but occupy memory until they are released."""

    def __init__(self, size: float = float("inf")) -> None:
        super().__init__()
        self.size = size
        self.peak = 0
        self._there: list[tuple[StorageWeakRef, int]] = []

    @property
    def used(self) -> int:
        self._there = [(storage, size) for storage, size in self._there if not storage.expired()]
        return sum(size for _, size in self._there)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.device == META:
            storage = result.untyped_storage()
            known_ids = {entry.cdata for entry, _ in self._there}
            if (reference := StorageWeakRef(storage)).cdata not in known_ids:
                self._there.append((reference, storage.nbytes()))
            if self.used > self.size:
                raise torch.OutOfMemoryError("CUDA out of memory")
            self.peak = max(self.peak, self.used)
        return result


PLANNER, UNET = 4 * 400, 4 * 300
"""The bytes of `models`."""


def models() -> tuple[nn.Linear, nn.Linear]:
    return nn.Linear(20, 20, bias=False), nn.Linear(10, 30, bias=False)


@pytest.mark.parametrize(
    ("tier", "planner", "unet"),
    [
        (RESIDENT, "there there there there there there", "there there there there there there"),
        (SPARING, "there there there there there there", "there there there there there there"),
        (TURNS, "there there home home there home", "there there there there there there"),
        (SEQUENTIAL, "there there home home there home", "home home there there home there"),
        (EIGHT_BITS, "there there home home there home", "home home there there home there"),
        (SPLIT, "home home home home home home", "there there there there there there"),
        (CPU_ONLY, "home home home home home home", "home home home home home home"),
    ],
)
def test_the_placement_over_two_turns(tier: Tier, planner: str, unet: str):
    plans, draws = models()
    residence = Residence(tier, META, [plans], [draws])
    placements = []
    for step in (residence.plan, residence.plan, residence.draw, residence.draw, residence.plan, residence.draw):
        step()
        placements.append(["there" if model.weight.device == META else "home" for model in (plans, draws)])
    assert [" ".join(places) for places in zip(*placements, strict=True)] == [planner, unet]


@pytest.mark.parametrize(
    ("tier", "size", "peak"),
    [
        (SEQUENTIAL, PLANNER + UNET, PLANNER),  # one is dropped before the other is copied
        (TURNS, PLANNER + UNET, PLANNER + UNET),  # the renderer is copied while the planner works
        (TURNS, PLANNER + UNET - 1, PLANNER),  # if it does not fit, it is copied later
    ],
)
def test_the_peak_memory_on_the_gpu(tier: Tier, size: int, peak: int):
    with Card(size) as card:
        plans, draws = models()
        residence = Residence(tier, META, [plans], [draws])
        for _ in range(3):
            residence.plan()
            assert plans.weight.device == META
            residence.draw()
            assert (plans.weight.device, draws.weight.device) == (CPU, META) and card.used == UNET
        assert card.peak == peak or card.peak == size + 1  # one more byte was requested, and refused
        residence.put_away()
        assert card.used == 0


@pytest.mark.parametrize("tier", [TURNS, SEQUENTIAL])
def test_models_that_do_not_fit_are_restored_and_the_next_policy_takes_them(tier: Tier):
    with Card(PLANNER - 1):
        plans, draws = models()
        homes = plans.weight, draws.weight
        residence = Residence(tier, META, [plans], [draws])
        residence.draw()
        with pytest.raises(torch.OutOfMemoryError):
            residence.plan()
        assert plans.weight is homes[0] and draws.weight is homes[1]
        residence.put_away()
        residence = Residence(SPLIT, META, [plans], [draws])
        residence.plan()
        assert plans.weight is homes[0] and draws.weight.device == META


def test_the_callback_runs_before_the_planner_leaves():
    plans, draws = models()
    residence = Residence(TURNS, META, [plans], [draws])
    places = []
    residence.on_planner_leaves = lambda: places.append(plans.weight.device.type)
    steps = (residence.plan, residence.plan, residence.draw, residence.draw, residence.plan, residence.put_away)
    counts = []
    for step in steps:
        step()
        counts.append(len(places))
    assert counts == [0, 0, 1, 1, 1, 2] and places == ["meta", "meta"]  # called while it is still there


def test_the_planners_graphs_are_dropped_when_it_leaves(
    components: Components, pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    usual = pipeline(EDIT, source, max_turns=2, **QUICK)
    pipe = GoTPipeline.from_components(deepcopy(components), arrange=True)
    monkeypatch.setattr(got, "Residence", OnTheCPU)
    pipe.use(TURNS, torch.device("cuda"))
    pipe.residence.plan()
    chain = pipe.plan(EDIT, source)
    assert chain.text == EDIT_TURNS[0] and pipe.planner.decoder and pipe.planner.decoder._free
    pipe.residence.draw()
    assert not pipe.planner.decoder._free
    assert pipe(EDIT, source, max_turns=2, **QUICK).chain == usual.chain


def test_the_next_policies():
    card = torch.device("cuda")
    assert [next_tier(tier, card) for tier in TIERS] == [TURNS, SEQUENTIAL, EIGHT_BITS, SPLIT, CPU_ONLY, None]
    assert [next_tier(tier, torch.device("mps")) for tier in SHARED_TIERS] == [SPARING, CPU_ONLY, None]
    assert [next_tier(tier, CPU) for tier in TIERS] == [CPU_ONLY, CPU_ONLY, None, None, None, None]


def test_a_policy_that_does_not_fit_is_replaced_by_the_next_one():
    """That the GPU has too little memory is detected when the models are moved."""
    model = GoTPipeline.from_components(make_components())
    model.planner.mllm.register_buffer("burden", torch.zeros(weight_bytes(model._parts()[1])))
    expected = [tensor.clone() for part in model._parts()[0] for tensor in part.state_dict().values()]
    with Card(weight_bytes(model._parts()[1]) * 2) as card:
        model.use(TURNS, META)
        model.residence.draw()
        with pytest.raises(torch.OutOfMemoryError):
            model.residence.plan()
        assert model.use_less() == SEQUENTIAL
        model.residence.draw()
        assert card.used
    actual = [tensor for part in model._parts()[0] for tensor in part.state_dict().values()]
    assert all(torch.equal(now, then) for now, then in zip(actual, expected, strict=True))


def test_a_model_that_does_not_fit_takes_turns(pipeline: GoTPipeline, monkeypatch):
    policies, pipeline = [], deepcopy(pipeline)  # the lower policies quantize its weights

    def move(models: list[nn.Module], device: torch.device) -> None:
        policies.append(device.type)
        if device.type == "cuda" and pipeline.renderer.unet in models:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(memory, "_move", move)
    pipeline.use(RESIDENT, torch.device("cuda"))
    assert pipeline.residence.tier == TURNS and policies == ["cuda", "cuda"]
    assert pipeline.use_less() == SEQUENTIAL and pipeline.use_less() == EIGHT_BITS
    assert pipeline.use_less() == CPU_ONLY and pipeline.use_less() is None


@pytest.mark.parametrize("tier", [TURNS, SEQUENTIAL, SPLIT, CPU_ONLY])
def test_every_policy_plans_and_renders(pipeline: GoTPipeline, source: Image.Image, tier: Tier):
    (usual,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    batches = []
    sides = []
    hooks = [
        pipeline.renderer.unet.register_forward_pre_hook(lambda module, inputs: batches.append(len(inputs[0]))),
        pipeline.renderer.vae.encoder.register_forward_pre_hook(
            lambda module, inputs: sides.append(inputs[0].shape[-1])
        ),
    ]
    pipeline.use(tier, CPU)
    try:
        result = pipeline(EDIT, source, max_turns=1, **QUICK)
    finally:
        pipeline.use(RESIDENT, CPU)
        for hook in hooks:
            hook.remove()
    assert result.chain.text == EDIT_TURNS[0] and max(batches) == tier.branches_at_once
    assert max(sides) == (IMAGE_SIZE // 2 if tier.tiled_vae else IMAGE_SIZE)
    differences = [abs(a - b) for a, b in zip(usual.tobytes(), result.images[0].tobytes(), strict=True)]
    # tiles are blended, which has a large effect with random VAE weights
    assert tier.tiled_vae or max(differences) <= 1
