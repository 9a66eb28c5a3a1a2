"""LPIPS 0.1 (Zhang et al. 2018, arXiv 1801.03924): the perceptual distance of two pictures, computed from the features
of an image classifier. Reads the published weights; does not need torchvision."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.api.errors import ModelError

LEAST_SIDE = 32
"""Minimum side of a picture, in pixels; a smaller one leaves the last layers nothing."""
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Normalization from pixels in [-1, 1] to the input of both networks, by channel."""
_BACKBONE = re.compile(r"(?:features|net\.slice\d)\.(\d+\.(?:weight|bias))")
"""torchvision's names, and those of a complete LPIPS model."""
_HEAD = re.compile(r"lin(?:s\.)?(\d)\.model\.\d\.weight")
_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")


class Lpips(nn.Module):
    """The metric. `features` has torchvision's layer numbers; `taps` are the layers (all ReLUs) whose outputs count."""

    shift: Tensor
    scale: Tensor

    def __init__(self, features: nn.Sequential, taps: tuple[int, ...]) -> None:
        super().__init__()
        self.features, self.taps = features, taps
        widths = [[m.out_channels for m in list(features)[:tap] if isinstance(m, nn.Conv2d)][-1] for tap in taps]
        self.heads = nn.ParameterList([torch.zeros(1, width, 1, 1) for width in widths])
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))

    def forward(self, a: Tensor, b: Tensor, where: Tensor) -> Tensor:
        """Returns the distances (N,) of pictures a and b, (N, 3, H, W) in [-1, 1].

        `where` (N, 1, H, W) is 1 for the pixels that count and 0 for the others.
        """
        total = torch.zeros(len(a), device=a.device)
        for head, x, y in zip(self.heads, self._outputs(a), self._outputs(b), strict=True):
            distance = ((x - y).square() * head).sum(1, keepdim=True)
            share = F.interpolate(where, distance.shape[-2:], mode="area")
            total += (distance * share).sum((1, 2, 3)) / share.sum((1, 2, 3))
        return total

    def _outputs(self, pixels: Tensor) -> list[Tensor]:
        """Returns the outputs of the tapped layers, normalized to unit length over the channels."""
        x, outputs = (pixels - self.shift) / self.scale, []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in self.taps:
                outputs.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return outputs


def alexnet() -> Lpips:
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    layers += [nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    for inner, outer in ((192, 384), (384, 256), (256, 256)):
        layers += [nn.Conv2d(inner, outer, 3, padding=1), nn.ReLU()]
    return Lpips(nn.Sequential(*layers), (1, 4, 7, 9, 11))


def vgg16() -> Lpips:
    layers: list[nn.Module] = []
    taps, width = [], 3
    for outer, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [nn.MaxPool2d(2)] if layers else []
        for _ in range(count):
            layers += [nn.Conv2d(width, outer, 3, padding=1), nn.ReLU()]
            width = outer
        taps.append(len(layers) - 1)
    return Lpips(nn.Sequential(*layers), tuple(taps))


def load_lpips(path: Path) -> Lpips:
    """Loads LPIPS from a folder with torchvision's alexnet or vgg16 weights and LPIPS' own alex.pth or vgg.pth, or from
    one file with both. Raises ModelError if they are missing or broken, or belong to different networks."""
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.suffix in _SUFFIXES)
    contents = [_tensors(file) for file in files]
    for model in (alexnet(), vgg16()):
        backbone = _first_complete([tensors for tensors, _ in contents], model.features.state_dict())
        heads = _first_complete([tensors for _, tensors in contents], model.heads.state_dict())
        if backbone and heads:
            model.features.load_state_dict(backbone)
            model.heads.load_state_dict(heads)
            return model.requires_grad_(False).eval()
    raise ModelError(
        "weights_unfit",
        "{path} contains no LPIPS weights.",
        "It needs torchvision's weights of AlexNet or VGG16, and LPIPS' own weights of 0.1, alex.pth or vgg.pth.",
        path=path,
    )


def _tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Returns a file's weights of the (backbone, heads), by the names in `Lpips`."""
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
        weights = {key: value.float() for key, value in tensors.items() if isinstance(value, Tensor)}
    except (OSError, RuntimeError, EOFError, AttributeError, pickle.UnpicklingError, SafetensorError) as error:
        raise ModelError(
            "weights_unfit", "{path} is not a file of weights.", "Download it again.", path=path
        ) from error
    backbone, heads = ({m[1]: v for k, v in weights.items() if (m := p.fullmatch(k))} for p in (_BACKBONE, _HEAD))
    return backbone, heads


def _first_complete(tables: list[dict[str, Tensor]], template: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the template's weights from the first table that has all of them in the right shapes; {} if none has."""
    for table in tables:
        if all(key in table and table[key].shape == value.shape for key, value in template.items()):
            return {key: table[key] for key in template}
    return {}
