"""The training loop learns, averages weights, and resumes to the same bits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from training.scratch.loop import LoopSettings, Phase, schedule, train
from training.scratch.muon import Muon, orthogonalize, split_parameters


class Lines(Phase):
    """Learns a linear map of 16 numbers; like diffusion, it draws noise from torch's global generator."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.map = nn.Linear(16, 16)

    def batch(self, step: int, size: int) -> Tensor:
        return torch.randn(size, 16, generator=torch.Generator().manual_seed(step))

    def forward(self, batch: Tensor) -> dict[str, Tensor]:
        noisy = batch + 0.01 * torch.randn_like(batch)
        return {"loss": (self.map(noisy) - 2 * batch).square().mean()}


SETTINGS = LoopSettings(
    steps=60, batch_size=32, muon_lr=0.05, adam_lr=0.02, warmup=5, ema=0.9, save_every=25, log_every=20
)


@pytest.fixture
def accelerator() -> Iterator[Accelerator]:
    yield Accelerator(cpu=True)
    AcceleratorState._reset_state(reset_partial_state=True)  # one per process, but tests differ in precision


class Killed(Exception):
    pass


class KilledAt(Lines):
    def __init__(self, step: int) -> None:
        super().__init__()
        self.last = step

    def batch(self, step: int, size: int) -> Tensor:
        if step == self.last:
            raise Killed
        return super().batch(step, size)


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, accelerator):
    whole = Lines()
    train(whole, SETTINGS, tmp_path / "whole", accelerator)
    for step in (30, 55):
        with pytest.raises(Killed):
            train(KilledAt(step), SETTINGS, tmp_path / "parts", accelerator)
    resumed = Lines()
    train(resumed, SETTINGS, tmp_path / "parts", accelerator)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key])


def test_it_learns(tmp_path, accelerator):
    phase = Lines()
    probe = phase.batch(10**6, 64)
    before = phase(probe)["loss"].item()
    train(phase, SETTINGS, tmp_path, accelerator)
    assert phase(probe)["loss"].item() < before / 5
    assert (tmp_path / "log.jsonl").read_text().count("\n") == 3


def test_a_half_written_checkpoint_is_never_read(tmp_path, accelerator):
    (tmp_path / "checkpoint.pt.tmp").write_bytes(b"half")
    train(Lines(), SETTINGS, tmp_path, accelerator)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 60


def test_schedule_warms_up_and_decays():
    rates = [schedule(step, SETTINGS) for step in range(SETTINGS.steps)]
    assert rates[0] == pytest.approx(0.2, abs=0.01)
    assert max(rates) == rates[4]
    assert rates[-1] < 0.05 and rates[-1] >= SETTINGS.final_fraction


def test_orthogonalize_brings_singular_values_near_one():
    values = torch.linalg.svdvals(orthogonalize(torch.randn(24, 48, generator=torch.Generator().manual_seed(1))))
    assert values.min() > 0.5 and values.max() < 1.3


def test_muon_gets_only_large_matrices_and_kernels():
    module = nn.Sequential(nn.Embedding(32, 32), nn.Conv2d(16, 16, 3), nn.Linear(32, 8), nn.Linear(32, 32))
    matrices, others = split_parameters(module)
    assert [tuple(p.shape) for p in matrices] == [(16, 16, 3, 3), (32, 32)]
    assert len(matrices) + len(others) == len(list(module.parameters()))


def test_the_norm_of_a_muon_step_is_the_learning_rate():
    weight = nn.Parameter(torch.zeros(16, 16))
    weight.grad = torch.randn(16, 16, generator=torch.Generator().manual_seed(2)) * 1000
    Muon([weight], lr=0.1).step()
    assert torch.linalg.matrix_norm(weight.detach(), 2) == pytest.approx(0.1, rel=0.3)
