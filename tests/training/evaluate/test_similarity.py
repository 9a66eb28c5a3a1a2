"""CLIP, DINO and LPIPS in their published formats, with random weights: their values, and the folders they reject."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
    CLIPVisionConfig,
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTModel,
)

from engine.api.errors import ModelError
from training.data.manifest import Row, read_rows
from training.evaluate.__main__ import main as evaluate
from training.evaluate.lpips import Lpips, alexnet, load_lpips, vgg16
from training.evaluate.similarity import Clip, Dino, Similarity, target_words

_SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
_NORMAL = {"do_normalize": True, "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "resample": 3}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """A folder with the files of OpenAI's checkpoints; the processor's configuration has its original format."""
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{c}</w>" for c in letters)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
    text = CLIPTextConfig(vocab_size=len(tokens), max_position_embeddings=12, bos_token_id=0, eos_token_id=1, **_SMALL)
    vision = CLIPVisionConfig(image_size=32, patch_size=8, **_SMALL)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    about = {"feature_extractor_type": "CLIPFeatureExtractor", "size": 32, "crop_size": 32, "do_center_crop": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(about | {"do_resize": True} | _NORMAL))
    return folder


@pytest.fixture(scope="module")
def dinov2(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dinov2")
    torch.manual_seed(1)
    Dinov2Model(Dinov2Config(image_size=28, patch_size=14, mlp_ratio=2, **_SMALL)).save_pretrained(folder)
    about = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 32}, "do_center_crop": True}
    size = {"crop_size": {"height": 28, "width": 28}, "do_resize": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(about | size | _NORMAL))
    return folder


@pytest.fixture(scope="module")
def dino(tmp_path_factory) -> Path:
    """A folder with the original DINO, a ViT without a pooler."""
    folder = tmp_path_factory.mktemp("dino")
    torch.manual_seed(2)
    ViTModel(ViTConfig(image_size=32, patch_size=8, **_SMALL), add_pooling_layer=False).save_pretrained(folder)
    about = {"feature_extractor_type": "ViTFeatureExtractor", "size": 32, "do_resize": True}
    (folder / "preprocessor_config.json").write_text(json.dumps(about | _NORMAL))
    return folder


def random_weights(model: Lpips) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Returns random weights (by torchvision's names, by LPIPS' names), scaled so that activations do not vanish."""
    g = torch.Generator().manual_seed(3)
    backbone = {f"features.{k}": torch.randn(v.shape, generator=g) / v[0].numel() ** 0.5
                for k, v in model.features.state_dict().items() if k.endswith("weight")}  # fmt: skip
    backbone |= {f"features.{k}": torch.zeros_like(v) for k, v in model.features.state_dict().items() if "bias" in k}
    heads = {f"lin{k}.model.1.weight": torch.rand(v.shape, generator=g) for k, v in model.heads.state_dict().items()}
    return backbone, heads


@pytest.fixture(scope="module")
def lpips(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lpips")
    backbone, heads = random_weights(alexnet())
    classifier = {"classifier.1.weight": torch.zeros(4, 4)}
    torch.save(backbone | classifier, folder / "alexnet-owt-7be5be79.pth", _use_new_zipfile_serialization=False)
    torch.save(heads, folder / "alex.pth")
    return folder


@pytest.fixture
def row(data: Path) -> Row:
    return next(row for row in read_rows(data) if row.source)


def values_of(likeness: Similarity, row: Row, result: Image.Image) -> dict[str, float]:
    """Returns the metrics that apply to the pair."""
    return {name: value for name, value in likeness.measure(row, result).items() if value is not None}


def test_the_target_is_more_similar_to_itself_than_another_picture(clip, dinov2, lpips, row):
    likeness = Similarity(clip, dinov2, lpips)
    variant = replace(row, chain=row.chain.replace("<|im_gen_start|>", " The edited image shows a boat."))
    source, target = row.pictures()
    assert source
    same, other = (values_of(likeness, variant, to) for to in (target, Image.new("RGB", (64, 64), "green")))
    assert tuple(same) == likeness.names == ("clip_i", "clip_t", "dino", "outside_lpips")
    assert same["clip_i"] == pytest.approx(1, abs=1e-5)
    assert same["dino"] == pytest.approx(1, abs=1e-5)
    assert same["outside_lpips"] == pytest.approx(0, abs=1e-6)  # the pair differs only inside its box
    assert -1 <= other["clip_i"] < 0.9999 and -1 <= other["dino"] < 0.9999 and other["outside_lpips"] > 1e-4
    assert -1 < same["clip_t"] < 1 and same["clip_t"] != other["clip_t"]
    assert likeness.measure(row, target)["clip_t"] is None


def test_lpips_ignores_the_inside_of_the_boxes(lpips, row):
    likeness = Similarity(None, None, lpips)
    source, target = row.pictures()
    assert source
    inside = target.copy()
    inside.paste("yellow", (20, 20, 30, 30))
    outside = target.copy()
    outside.paste("yellow", (50, 50, 60, 60))
    assert likeness.measure(row, inside) == likeness.measure(row, source)
    assert values_of(likeness, row, outside)["outside_lpips"] > 1e-4
    small = Image.new("RGB", (24, 24))
    assert likeness.measure(row, small) == {"outside_lpips": None}


def test_text_to_image_is_measured_by_clip_t_alone(clip, dinov2, lpips, row):
    caption = replace(row, source=None)
    assert [*values_of(Similarity(clip, dinov2, lpips), caption, row.pictures()[1])] == ["clip_t"]


def test_the_targets_description_is_the_caption_or_comes_from_the_chain(row):
    assert target_words(replace(row, source=None)) == row.instruction
    chain = "The image shows a. The edited image shows a red cup <|box_start|>(1,2),(3,4)<|box_end|> (red) and b.<|im_gen_start|>"  # fmt: skip # noqa: E501
    assert target_words(replace(row, chain=chain)) == "a red cup and b."


@pytest.mark.parametrize("kind", ["clip", "dinov2", "dino"])
def test_a_batch_gives_the_same_embeddings_as_single_inputs(kind, request):
    folder = request.getfixturevalue(kind)
    network = (Clip if kind == "clip" else Dino)(folder, torch.device("cpu"))
    pictures = [Image.effect_noise(size, 90).convert("RGB") for size in ((64, 64), (80, 50), (40, 90))]
    with torch.inference_mode():
        together = network.images(pictures)
        torch.testing.assert_close(together, torch.cat([network.images([p]) for p in pictures]))
        torch.testing.assert_close(together.norm(dim=1), torch.ones(3))
        if isinstance(network, Clip):
            texts = ["a cup", "a far longer text than this model can read to its end", "b"]
            torch.testing.assert_close(network.texts(texts), torch.cat([network.texts([t]) for t in texts]))


def test_lpips_equals_its_definition_in_the_paper_if_every_pixel_counts(lpips):
    """The definition: unit-length features, squared difference, weighted channels, mean over places."""
    model = load_lpips(lpips)
    a, b = torch.rand(2, 2, 3, 64, 48) * 2 - 1
    together = model(a, b, torch.ones(2, 1, 64, 48))
    for number in range(2):
        one = model(a[number][None], b[number][None], torch.ones(1, 1, 64, 48))
        torch.testing.assert_close(together[number], one[0])
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x, y = (((p + 1) / 2 - mean.view(3, 1, 1)) / deviation.view(3, 1, 1) for p in (a, b))
    expected, at = torch.zeros(2), 0
    for end, head in zip((2, 5, 8, 10, 12), model.heads, strict=True):
        for layer in [*model.features][at:end]:
            x, y = layer(x), layer(y)
        at = end
        u, v = (torch.nn.functional.normalize(t) for t in (x, y))
        expected += torch.einsum("nchw,c->nhw", (u - v) ** 2, head.flatten()).mean((1, 2))
    torch.testing.assert_close(together, expected, rtol=1e-3, atol=1e-5)
    assert (together > 0).all()


def test_vgg_is_loaded_from_the_single_file_of_a_complete_lpips(tmp_path):
    backbone, heads = random_weights(vgg16())
    assert len(backbone) == 26
    slices = {f"net.slice1.{k.removeprefix('features.')}": v for k, v in backbone.items()}
    save_file(slices | heads | {"scaling_layer.shift": torch.zeros(1)}, tmp_path / "lpips.safetensors")
    model = load_lpips(tmp_path / "lpips.safetensors")
    assert [model.features[tap - 1].out_channels for tap in model.taps] == [64, 128, 256, 512, 512]
    a, b = torch.rand(2, 1, 3, 32, 32)
    assert float(model(a, a, torch.ones(1, 1, 32, 32))) == 0 < float(model(a, b, torch.ones(1, 1, 32, 32)))


def test_weights_of_two_networks_in_one_folder_are_not_mixed(lpips, tmp_path):
    for path in lpips.iterdir():
        (tmp_path / path.name).symlink_to(path)
    _, heads = random_weights(vgg16())
    torch.save(heads, tmp_path / "aa-vgg.pth")
    assert load_lpips(tmp_path).taps == alexnet().taps


def assert_rejected(options: dict[str, Path], words: str) -> None:
    arguments = {"clip": None, "dino": None, "lpips": None} | options
    with pytest.raises(ModelError) as error:
        Similarity(**arguments)
    assert str(next(iter(options.values()))) in str(error.value)
    assert "\n" not in str(error.value) and error.value.remedy and words in str(error.value)


def test_errors_name_the_unsuitable_folder_and_its_expected_contents(clip, dinov2, dino, lpips, tmp_path):
    nowhere = tmp_path / "nowhere"
    assert_rejected({"clip": nowhere}, "no such folder")
    assert_rejected({"clip": dinov2}, "is of dinov2")
    assert_rejected({"dino": clip}, "is of clip")
    assert_rejected({"lpips": nowhere}, "alex.pth")
    assert_rejected({"lpips": dino}, "alex.pth")
    (tmp_path / "alex.pth").write_bytes(b"<html>not found</html>")
    assert_rejected({"lpips": tmp_path / "alex.pth"}, "Download it again")
    (tmp_path / "x.safetensors").write_bytes(b"\0" * 20)
    assert_rejected({"lpips": tmp_path / "x.safetensors"}, "Download it again")


def test_missing_weights_are_not_initialized_at_random(clip, dinov2, tmp_path):
    from safetensors.torch import load_file

    for name, folder, key in (("clip", clip, "text_projection.weight"), ("dino", dinov2, "layernorm.weight")):
        copy = tmp_path / name
        copy.mkdir()
        for path in folder.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        tensors = load_file(copy / "model.safetensors")
        del tensors[key]
        save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
        assert_rejected({name: copy}, f"lack {key}")
    (tmp_path / "clip" / "preprocessor_config.json").unlink()
    assert_rejected({"clip": tmp_path / "clip"}, "preprocessor_config.json")


def test_the_command_measures_and_reports_all_metrics(clip, dino, lpips, data, base, tmp_path, capsys):
    options = ["--clip", str(clip), "--dino", str(dino), "--lpips", str(lpips), "--steps", "1", "--model", str(base)]
    files = ["--json", str(tmp_path / "r.json"), "--html", str(tmp_path / "r.html")]
    assert evaluate([str(data), *options, *files]) == 0
    figures = json.loads((tmp_path / "r.json").read_text())
    assert figures["samples"] == 10
    assert figures["clip_t_pairs"] == 2  # the captions
    assert all(-1 <= figures[name] <= 1 for name in ("clip_i", "clip_t", "dino"))
    assert figures["outside_lpips"] >= 0
    assert json.loads(capsys.readouterr().out) == figures
    page = (tmp_path / "r.html").read_text()
    assert page.count("outside lpips") == 1 + 8
    assert evaluate([str(data), "--clip", str(tmp_path), "--model", str(base)]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.full
def test_torchvision_is_not_needed(clip, dinov2, lpips, root):
    """Loads the networks in a process without torchvision."""
    code = (
        "import sys; from pathlib import Path; sys.modules['torchvision'] = None\n"
        "from training.evaluate.similarity import Similarity; Similarity(*map(Path, sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, str(clip), str(dinov2), str(lpips)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1500, cwd=root)
    assert process.returncode == 0, process.stderr
