"""The UNet's inputs: which latents are in which channels, in which branch."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.got.pipeline import GoTPipeline
from engine.got.renderers.conditioning import (
    _ENCODING_VALUES,
    Conditioning,
    PictureEncoder,
    SemanticGuidance,
    image_guidance,
    image_to_tensor,
    semantic_guidance,
    size_ids,
    tensor_to_image,
)
from engine.got.renderers.denoise import GuidedUNet, denoise
from engine.got.renderers.guidance import GuidanceScales, needed_branches
from engine.got.renderers.schedulers import make_scheduler

ALL_BRANCHES = needed_branches(GuidanceScales(4, 3, 1.5))
TIMESTEP = torch.tensor(500.0)


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture
def conditioning() -> Conditioning:
    torch.manual_seed(3)
    semantic = SemanticGuidance(torch.randn(1, 4, 24), torch.randn(1, 4, 24), torch.randn(1, 20))
    return Conditioning(semantic, torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8), size_ids((64, 64)))


@pytest.fixture
def latents() -> Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def calls(pipeline: GoTPipeline):
    """Arguments of every call of the UNet."""
    arguments = []
    hook = pipeline.renderer.unet.register_forward_pre_hook(
        lambda module, args, kwargs: arguments.append((args[0], kwargs)), with_kwargs=True
    )
    yield arguments
    hook.remove()


def test_the_channels_are_noisy_reference_and_spatial_latents(
    pipeline: GoTPipeline, conditioning: Conditioning, latents: Tensor, calls: list
):
    GuidedUNet(pipeline.renderer.unet, conditioning, ALL_BRANCHES).predict(latents, TIMESTEP)
    ((sample, arguments),) = calls
    reference, spatial = conditioning.reference_latents[0], conditioning.spatial_latents[0]
    null = torch.zeros_like(reference)
    full, no_spatial, no_semantic, nothing = sample
    assert torch.equal(full, torch.cat([latents[0], reference, spatial]))
    assert torch.equal(no_spatial, torch.cat([latents[0], reference, null]))
    assert torch.equal(no_semantic, torch.cat([latents[0], reference, null]))
    assert torch.equal(nothing, torch.cat([latents[0], null, null]))

    meaning, no_meaning = conditioning.semantic.prompt_embeds[0], conditioning.semantic.null_prompt_embeds[0]
    embeds = arguments["encoder_hidden_states"]
    assert torch.equal(embeds, torch.stack([meaning, meaning, no_meaning, no_meaning]))
    assert torch.equal(arguments["added_cond_kwargs"]["text_embeds"], conditioning.semantic.pooled_prompt_embeds)


@pytest.mark.parametrize(("scales", "samples"), [((4, 3, 1.5), 4), ((7.5, 4, 1), 3), ((4, 0, 1), 2), ((1, 1, 1), 1)])
def test_only_needed_branches_are_computed(
    pipeline: GoTPipeline, conditioning: Conditioning, latents: Tensor, calls: list, scales: tuple, samples: int
):
    GuidedUNet(pipeline.renderer.unet, conditioning, needed_branches(GuidanceScales(*scales))).predict(
        latents, TIMESTEP
    )
    assert [len(sample) for sample, _ in calls] == [samples]


@pytest.mark.parametrize("scales", [(7.5, 4, 1), (4, 0, 1.5), (2, 2, 2), (1, 1, 1)])
def test_dropped_branches_change_nothing(
    pipeline: GoTPipeline, conditioning: Conditioning, latents: Tensor, scales: tuple
):
    guidance = GuidanceScales(*scales)
    full, no_spatial, no_semantic, nothing = GuidedUNet(
        pipeline.renderer.unet, conditioning, ALL_BRANCHES
    ).predict_branches(latents, TIMESTEP)
    expected = (
        nothing
        + guidance.semantic * (no_spatial - no_semantic)
        + guidance.spatial * (full - no_spatial)
        + guidance.reference * (no_semantic - nothing)
    )
    actual = GuidedUNet(pipeline.renderer.unet, conditioning, needed_branches(guidance)).predict(latents, TIMESTEP)
    torch.testing.assert_close(actual[0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_smaller_batches_of_branches_give_the_same_result(
    pipeline: GoTPipeline, conditioning: Conditioning, latents: Tensor, calls: list, batch_size: int
):
    at_once = GuidedUNet(pipeline.renderer.unet, conditioning, ALL_BRANCHES).predict(latents, TIMESTEP)
    calls.clear()
    in_parts = GuidedUNet(pipeline.renderer.unet, conditioning, ALL_BRANCHES, batch_size).predict(latents, TIMESTEP)
    assert max(len(sample) for sample, _ in calls) == batch_size
    torch.testing.assert_close(in_parts, at_once, rtol=0, atol=1e-5)


def test_the_single_branch_is_the_one_with_the_most_conditions(
    pipeline: GoTPipeline, conditioning: Conditioning, latents: Tensor
):
    guided = GuidedUNet(pipeline.renderer.unet, conditioning, ALL_BRANCHES)
    alone, full = guided.predict_alone(latents, TIMESTEP), guided.predict_branches(latents, TIMESTEP)[:1]
    torch.testing.assert_close(alone, full, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("interval", "samples"),
    [
        ({}, [4, 4, 4, 4, 4]),
        ({"guidance_until": 0.6}, [4, 4, 4, 1, 1]),
        ({"guidance_from": 0.2}, [1, 4, 4, 4, 4]),
        ({"guidance_from": 0.2, "guidance_until": 0.6}, [1, 4, 4, 1, 1]),
        ({"guidance_until": 0.0}, [1] * 5),
        ({"guidance_from": 0.4, "guidance_until": 0.4}, [1] * 5),
    ],
)
def test_steps_outside_the_guidance_interval_compute_one_branch(
    pipeline: GoTPipeline, conditioning: Conditioning, calls: list, interval: dict, samples: list[int]
):
    guided = GuidedUNet(pipeline.renderer.unet, conditioning, ALL_BRANCHES)
    scheduler = make_scheduler("euler", pipeline.renderer.scheduler_config)
    denoise(guided, scheduler, 1, 5, lambda step, total: None, **interval)
    assert [len(sample) for sample, _ in calls] == samples


def test_spatial_guidance_is_the_mean_over_masks_and_both_are_unscaled_modes(pipeline: GoTPipeline):
    reference, *masks = (Image.new("RGB", (64, 64), color) for color in ("gray", "red", "green", "black"))
    encode = pipeline.renderer.vae.encode
    alone = [encode(image_to_tensor(image)[None], return_dict=False)[0].mode() for image in (reference, *masks)]
    calls = []
    hook = pipeline.renderer.vae.encoder.register_forward_pre_hook(lambda module, args: calls.append(len(args[0])))
    reference_latents, spatial_latents = image_guidance(
        PictureEncoder(pipeline.renderer.vae), reference, masks, torch.float32
    )
    hook.remove()
    assert calls == [4]
    torch.testing.assert_close(reference_latents, alone[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(spatial_latents, sum(alone[1:]) / 3, rtol=0, atol=1e-5)


def test_semantic_guidance_is_projected_and_pooled(pipeline: GoTPipeline):
    hidden = torch.randn(1, 4, 32)
    semantic = semantic_guidance(hidden, pipeline.renderer.projectors)
    project, project_add = (
        pipeline.renderer.projectors.output_projector,
        pipeline.renderer.projectors.output_projector_add,
    )
    torch.testing.assert_close(semantic.prompt_embeds, hidden @ project.weight.T + project.bias)
    torch.testing.assert_close(semantic.null_prompt_embeds, project.bias.expand(1, 4, -1))
    pooled = (hidden @ project_add.weight.T).mean(1) + project_add.bias
    torch.testing.assert_close(semantic.pooled_prompt_embeds, pooled)


def test_sizes_are_height_first():
    assert size_ids((96, 64)).tolist() == [[64, 96, 0, 0, 64, 96]]


def test_pixels_run_from_minus_one_to_one_in_red_green_blue():
    pixels = image_to_tensor(Image.new("RGB", (3, 2), (0, 255, 51)))
    assert pixels.shape == (3, 2, 3)
    torch.testing.assert_close(pixels[:, 0, 0], torch.tensor([-1.0, 1.0, -0.6]))


def test_levels_are_truncated_and_clamped_as_in_the_reference():
    pixels = torch.tensor([-3.0, 0.999, 3.0]).view(3, 1, 1).expand(3, 2, 5)
    image = tensor_to_image(pixels)
    assert (image.size, image.mode) == ((5, 2), "RGB")
    assert image.getpixel((0, 0)) == (0, 254, 255)


def test_encoded_pictures_are_cached(pipeline: GoTPipeline):
    sizes: list[int] = []
    hook = pipeline.renderer.vae.encoder.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    encode = PictureEncoder(pipeline.renderer.vae, remembered=2)
    gray, red, green, blue = (Image.new("RGB", (64, 64), color) for color in ("gray", "red", "green", "blue"))
    first = encode([gray, red, red])
    repeated = encode([red, gray])
    assert sizes == [2]
    assert torch.equal(first[[1, 0]], repeated) and torch.equal(first[1], first[2])
    encode([green, gray])  # drops the red one, which was used least recently
    assert sizes == [2, 1]
    encode([gray, red])
    assert sizes == [2, 1, 1]
    more_than_the_cache_holds = encode([gray, red, green, blue])
    torch.testing.assert_close(more_than_the_cache_holds[:2], first[:2], rtol=0, atol=1e-5)
    encode.forget()
    encode([blue])
    hook.remove()
    assert sizes == [2, 1, 1, 2, 1]


def test_pictures_are_encoded_in_batches_that_fit_into_memory(pipeline: GoTPipeline, monkeypatch: pytest.MonkeyPatch):
    pictures = [Image.new("RGB", (64, 64), (shade, 0, 0)) for shade in (0, 60, 120, 180, 240)]
    whole = PictureEncoder(pipeline.renderer.vae)(pictures)
    a_picture = _ENCODING_VALUES * pipeline.renderer.vae.config["block_out_channels"][0] * 64 * 64 * 4
    monkeypatch.setattr("engine.got.renderers.conditioning._ENCODING_BYTES", 2.5 * a_picture)
    sizes: list[int] = []
    hook = pipeline.renderer.vae.encoder.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
    parts = PictureEncoder(pipeline.renderer.vae)(pictures)
    hook.remove()
    assert sizes == [2, 2, 1]
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("side", "dtype", "at_once"), [(1024, torch.bfloat16, 1), (512, torch.bfloat16, 6), (1024, torch.float32, 1)]
)
def test_ten_boxes_of_a_large_picture_need_no_more_memory_than_one(side: int, dtype: torch.dtype, at_once: int):
    """SDXL's autoencoder: measured on a GPU, 1.6 GB per picture of 1024 × 1024 in bfloat16."""
    vae = SimpleNamespace(config={"block_out_channels": [128, 256, 512, 512]}, dtype=dtype)
    assert PictureEncoder(vae).batch_size((side, side)) == at_once


def test_pictures_with_the_same_bytes_and_another_shape_differ(pipeline: GoTPipeline):
    """Their bytes are equal."""
    encode = PictureEncoder(pipeline.renderer.vae)
    wide, high = Image.new("RGB", (128, 64)), Image.new("RGB", (64, 128))
    assert encode([wide]).shape[2:] == encode([high]).shape[:1:-1]
    assert encode([wide]).shape != encode([high]).shape
