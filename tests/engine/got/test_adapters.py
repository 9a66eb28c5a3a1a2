"""Adapters: added exactly and removed completely; malicious and broken files are refused without any effect."""

import json
import os
import pickle
import random
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.api.errors import ModelError
from engine.got.adapters import apply_adapters
from engine.got.files.adapter import CONFIG, MAX_TENSORS, WEIGHTS
from engine.got.pipeline import GoTPipeline
from engine.got.residence.tiers import RESIDENT, SEQUENTIAL, TURNS
from tests.campaign import times
from tests.engine.got.tiny import make_components

RANK = 2
ABOUT = {"format_version": 1, "name": "a", "rank": RANK, "alpha": 4, "license": "MIT", "provenance": {}}


@pytest.fixture(scope="module")
def model() -> GoTPipeline:
    torch.manual_seed(0)
    return GoTPipeline.from_components(make_components())


def linears(model: GoTPipeline) -> dict[str, torch.nn.Linear]:
    parts = {"mllm": model.planner.mllm, "unet": model.renderer.unet}
    modules = {f"{part}.{name}": module for part, whole in parts.items() for name, module in whole.named_modules()}
    return {name: module for name, module in modules.items() if isinstance(module, torch.nn.Linear)}


def state(model: GoTPipeline) -> dict[str, torch.Tensor]:
    return {name: module.weight.detach().clone() for name, module in linears(model).items()}


@pytest.fixture
def adapter(model: GoTPipeline, tmp_path: Path) -> Path:
    """An adapter for three matrices."""
    targets = dict(sorted(linears(model).items())[::7][:3])
    tensors = {}
    for name, module in targets.items():
        tensors[f"{name}.lora_A.weight"] = torch.randn(RANK, module.in_features)
        tensors[f"{name}.lora_B.weight"] = torch.randn(module.out_features, RANK)
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / CONFIG).write_text(json.dumps(ABOUT))
    save_file(tensors, folder / WEIGHTS)
    return folder


def test_an_adapter_is_added_exactly_and_removed_completely(model, adapter):
    before = state(model)
    apply_adapters(model, [(adapter, 0.5)])
    from safetensors.torch import load_file

    tensors = load_file(adapter / WEIGHTS)
    modified = {name for name, weight in state(model).items() if not torch.equal(weight, before[name])}
    assert modified == {key.rsplit(".lora_", 1)[0] for key in tensors}
    for name in modified:
        expected = before[name] + 0.5 * 4 / RANK * tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"]
        torch.testing.assert_close(linears(model)[name].weight.detach(), expected)
    apply_adapters(model, [(adapter, 1.0)])
    apply_adapters(model, [])
    assert all(torch.equal(weight, before[name]) for name, weight in state(model).items())


@pytest.mark.parametrize("tier", [TURNS, SEQUENTIAL])
def test_an_adapter_stays_applied_to_offloaded_modules_and_is_removed_completely(model, adapter, tier):
    """The GPU is simulated by the CPU, where modules are copied, too."""
    before = state(model)
    apply_adapters(model, [(adapter, 0.5)])
    modified = state(model)
    apply_adapters(model, [])
    model.use(tier, torch.device("cpu"))
    try:
        for adapters, expected in (([(adapter, 0.5)], modified), ([], before)):
            model.residence.plan()
            apply_adapters(model, adapters)
            for come in (model.residence.plan, model.residence.draw, model.residence.plan, model.residence.put_away):
                come()
                assert all(torch.equal(weight, expected[name]) for name, weight in state(model).items())
    finally:
        model.use(RESIDENT, torch.device("cpu"))


def test_an_adapter_of_a_resident_model_moves_nothing(model, adapter):
    where = {name: module.weight.data_ptr() for name, module in linears(model).items()}
    apply_adapters(model, [(adapter, 0.5)])
    model.residence.plan()
    assert {name: module.weight.data_ptr() for name, module in linears(model).items()} == where
    apply_adapters(model, [])


def test_two_adapters_add_up(model, adapter):
    before = state(model)
    apply_adapters(model, [(adapter, 1.0), (adapter, -1.0)])
    for name, weight in state(model).items():
        torch.testing.assert_close(weight, before[name], atol=1e-5, rtol=1e-5)
    apply_adapters(model, [])


@pytest.fixture
def refused(model: GoTPipeline, adapter: Path):
    """Checks that the broken adapter is refused and changes nothing."""

    def check() -> None:
        before = state(model)
        with pytest.raises(ModelError) as caught:
            apply_adapters(model, [(adapter, 1.0)])
        assert caught.value.remedy
        assert all(torch.equal(weight, before[name]) for name, weight in state(model).items())

    return check


@pytest.mark.parametrize(
    "changes",
    [{"rank": 0}, {"rank": 3}, {"rank": 10**9}, {"rank": True}, {"alpha": "1"}, {"alpha": float("inf")},
     {"format_version": 2}, {"name": None}, {"provenance": []}, {"extra": 1}, {"alpha": -1}],
)  # fmt: skip
def test_a_wrong_config_is_refused(adapter, refused, changes):
    (adapter / CONFIG).write_text(json.dumps(ABOUT | changes))
    refused()


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_refused(adapter, refused, name):
    (adapter / name).unlink()
    refused()


def header(data: dict, body: bytes = b"") -> bytes:
    text = json.dumps(data).encode()
    return struct.pack("<Q", len(text)) + text + body


def tensor(shape: list[int], start: int = 0, end: int = 8) -> dict:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 10_000_001) + b" " * 10_000_100,
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        header({"x": 1}),
        header({"unet.nothing.lora_A.weight": tensor([RANK, 1])}, b"x" * 8),
        header({f"t{n}": tensor([1]) for n in range(MAX_TENSORS + 1)}),
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        pickle.dumps({"a": 1}),
    ],
    ids=[
        "empty",
        "short",
        "endless",
        "large header",
        "no tensors",
        "list",
        "no tensor",
        "unknown",
        "many",
        "deep",
        "pickle",
    ],
)
def test_a_wrong_file_is_refused(adapter, refused, data):
    (adapter / WEIGHTS).write_bytes(data)
    refused()


def test_values_that_are_not_finite_are_refused(model, adapter, refused):
    name, module = next(iter(linears(model).items()))
    down, up = torch.full((RANK, module.in_features), torch.nan), torch.zeros(module.out_features, RANK)
    save_file({f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}, adapter / WEIGHTS)
    refused()


@pytest.mark.timeout(1800)
def test_mutated_files_are_refused_or_valid_and_never_crash_the_process(model, adapter):
    whole, dice = (adapter / WEIGHTS).read_bytes(), random.Random(0)
    before, refusals = state(model), 0
    for _ in range(times(100, 2000)):
        (adapter / WEIGHTS).write_bytes(mutated(whole, dice))
        try:
            apply_adapters(model, [(adapter, 1.0)])
        except ModelError:
            refusals += 1
        apply_adapters(model, [])
    assert refusals > 10
    assert all(torch.equal(weight, before[name]) for name, weight in state(model).items())


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Changes a few bytes, cuts out, doubles or moves a piece, or truncates the file; often within the header."""
    result = bytearray(data)
    reach = len(result) if dice.random() < 0.3 else min(len(result), 600)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(reach)
        match dice.randrange(4):
            case 0:
                result[at] = dice.randrange(256)
            case 1:
                del result[at : at + dice.randint(1, 64)]
            case 2:
                result[at:at] = result[at : at + dice.randint(1, 64)]
            case 3:
                del result[max(at, 1) :]
        if not result:
            break
        reach = min(reach, len(result))
    return bytes(result)


class Canary:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, path: Path, way: int) -> None:
        self.path, self.way = path, way

    def __reduce__(self):
        calls = [
            (os.system, (f"touch {self.path}",)),
            (eval, (f"open({str(self.path)!r}, 'w').close()",)),
            (exec, (f"open({str(self.path)!r}, 'w').close()",)),
            (Path.touch, (self.path,)),
        ]
        return calls[self.way % len(calls)]


def test_malicious_pickles_are_refused_and_not_executed(adapter, refused, tmp_path):
    canary = tmp_path / "fired"
    for number in range(200):
        hostile = {"state": [Canary(canary, number)] * (number % 3 + 1), "pad": "x" * number}
        data = pickle.dumps(hostile, protocol=number % 6)
        if number % 5 == 0:
            torch.save({"w": Canary(canary, number)}, adapter / WEIGHTS)
        else:
            (adapter / WEIGHTS).write_bytes(data)
        refused()
    assert not canary.exists()
