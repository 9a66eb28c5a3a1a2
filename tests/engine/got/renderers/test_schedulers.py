import pytest
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor

from engine.api.schedulers import SCHEDULERS
from engine.got.renderers.denoise import denoise
from engine.got.renderers.schedulers import make_scheduler

CONFIG = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "leading",
    "steps_offset": 1,
}


class Oracle:
    """Predicts, without error, the noise that turns any latents into one image's."""

    def __init__(self, target: Tensor, prediction_type: str) -> None:
        self.target = target
        self.prediction_type = prediction_type
        self.latents_shape = target.shape
        self.unet = self
        self.device = target.device
        self.alphas = DDPMScheduler(**CONFIG).alphas_cumprod
        self.timesteps: list[float] = []

    def predict(self, latents: Tensor, timestep: Tensor) -> Tensor:
        self.timesteps.append(float(timestep))
        signal, noise = self.alphas[int(timestep)] ** 0.5, (1 - self.alphas[int(timestep)]) ** 0.5
        epsilon = (latents - signal * self.target) / noise
        return epsilon if self.prediction_type == "epsilon" else signal * epsilon - noise * self.target


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_perfect_prediction_is_reached(name: str, prediction_type: str):
    target = torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    oracle = Oracle(target, prediction_type)
    scheduler = make_scheduler(name, {**CONFIG, "prediction_type": prediction_type})
    steps: list[tuple[int, int]] = []
    latents = denoise(oracle, scheduler, 3, 12, lambda step, total: steps.append((step, total)))
    torch.testing.assert_close(latents, target, rtol=0, atol=1e-3)
    assert steps == [(step, 12) for step in range(1, 13)]
    assert len(oracle.timesteps) == 12
    assert oracle.timesteps == sorted(oracle.timesteps, reverse=True)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_seed_determines_the_latents(name: str):
    def run(seed: int) -> Tensor:
        oracle = Oracle(torch.zeros(1, 4, 8, 8), "epsilon")
        oracle.predict = lambda latents, timestep: 0.5 * latents
        return denoise(oracle, make_scheduler(name, CONFIG), seed, 3, lambda step, total: None)

    assert torch.equal(run(5), run(5))
    assert not torch.allclose(run(5), run(6))


def test_the_names_select_diffusers_schedulers():
    assert {name: type(make_scheduler(name, CONFIG)) for name in SCHEDULERS} == {
        "euler": EulerDiscreteScheduler,
        "ddpm": DDPMScheduler,
        "dpm-solver++": DPMSolverMultistepScheduler,
        "unipc": UniPCMultistepScheduler,
    }
    solver = make_scheduler("dpm-solver++", CONFIG)
    assert isinstance(solver, DPMSolverMultistepScheduler) and solver.config["algorithm_type"] == "dpmsolver++"


def test_the_models_own_noise_schedule_is_used():
    scheduler = make_scheduler("ddpm", {**CONFIG, "beta_end": 0.02, "num_train_timesteps": 500})
    assert isinstance(scheduler, DDPMScheduler)
    assert (scheduler.config["beta_end"], scheduler.config["num_train_timesteps"]) == (0.02, 500)


def timesteps(name: str, steps: int, **config: object) -> list[float]:
    """The timesteps at which the UNet runs."""
    oracle = Oracle(torch.zeros(1, 4, 8, 8), "epsilon")
    denoise(oracle, make_scheduler(name, {**CONFIG, **config}), 0, steps, lambda step, total: None)
    return oracle.timesteps


@pytest.mark.parametrize(("name", "stride"), [("euler", 100), ("ddpm", 100), ("dpm-solver++", 90), ("unipc", 90)])
def test_timesteps_are_spaced_as_the_model_says(name: str, stride: int):
    """SDXL's "leading": 1000 // steps apart, 1000 // (steps + 1) for multistep schedulers, from an offset of 1."""
    first = 1 if stride == 100 else 1 + stride
    assert timesteps(name, 10) == [float(first + stride * step) for step in reversed(range(10))]
    assert timesteps(name, 10, timestep_spacing="trailing") == [99.0 + 100 * step for step in reversed(range(10))]


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_first_input_of_the_unet_is_the_seeds_noise_at_unit_variance(name: str):
    samples: list[Tensor] = []
    oracle = Oracle(torch.zeros(1, 4, 8, 8), "epsilon")
    oracle.predict = lambda latents, timestep: samples.append(latents) or torch.zeros_like(latents)
    denoise(oracle, make_scheduler(name, CONFIG), 5, 4, lambda step, total: None)
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(samples[0], noise, rtol=0, atol=1e-5)
