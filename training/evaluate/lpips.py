"""LPIPS 0.1 (Zhang et al. 2018, arXiv 1801.03924): how different two pictures look, by the features of a network that
was trained to name what pictures show. Reads the weights as they are published; needs no torchvision."""

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
"""Pixels: of a smaller picture nothing is left for the last layers."""
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""What brings pixels in [-1, 1] to what both networks were trained on."""
_BACKBONE = re.compile(r"(?:features|net\.slice\d)\.(\d+\.(?:weight|bias))")
"""torchvision's names, and those of a whole saved LPIPS."""
_HEAD = re.compile(r"lin(?:s\.)?(\d)\.model\.\d\.weight")
_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")


class Lpips(nn.Module):
    """`features` numbered as torchvision numbers them; `taps`: the layers whose output is compared, ReLUs all."""

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
        """(N,): a, b (N, 3, H, W) in [-1, 1]; where (N, 1, H, W), 1 for the pixels that count, 0 for the others."""
        total = torch.zeros(len(a), device=a.device)
        for head, x, y in zip(self.heads, self._seen(a), self._seen(b), strict=True):
            distance = ((x - y).square() * head).sum(1, keepdim=True)
            share = F.interpolate(where, distance.shape[-2:], mode="area")
            total += (distance * share).sum((1, 2, 3)) / share.sum((1, 2, 3))
        return total

    def _seen(self, pixels: Tensor) -> list[Tensor]:
        """The tapped features, of length 1 at each place."""
        x, seen = (pixels - self.shift) / self.scale, []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in self.taps:
                seen.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return seen


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
    """From a folder with torchvision's alexnet or vgg16 weights and LPIPS' own alex.pth or vgg.pth, or from one file
    with both. Raises ModelError where they are missing, broken or not of one network."""
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.suffix in _SUFFIXES)
    found = [_tensors(file) for file in files]
    for model in (alexnet(), vgg16()):
        backbone = _first_whole([tensors for tensors, _ in found], model.features.state_dict())
        heads = _first_whole([tensors for _, tensors in found], model.heads.state_dict())
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
    """(of the backbone, of the heads) in a file, by our names."""
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
        named = {key: value.float() for key, value in tensors.items() if isinstance(value, Tensor)}
    except (OSError, RuntimeError, EOFError, AttributeError, pickle.UnpicklingError, SafetensorError) as error:
        raise ModelError(
            "weights_unfit", "{path} is not a file of weights.", "Download it again.", path=path
        ) from error
    backbone, heads = ({m[1]: v for k, v in named.items() if (m := p.fullmatch(k))} for p in (_BACKBONE, _HEAD))
    return backbone, heads


def _first_whole(tables: list[dict[str, Tensor]], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is wanted from the first file that has all of it in the right shapes; empty where none has."""
    for table in tables:
        if all(key in table and table[key].shape == value.shape for key, value in wanted.items()):
            return {key: table[key] for key in wanted}
    return {}
