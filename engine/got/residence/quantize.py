"""Weights of 8 bits: linear layers whose matrices are kept as small codes, with a scale for each row.

Codes and scales are plain buffers, so they are moved, counted and pinned as any other tensor is, on every device.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers import Transformer2DModel
from torch import Tensor, nn

from engine.api.errors import ModelError
from engine.got.kernels import usable

_SIDES = 16
"""What a matrix's sides are multiples of where it is coded: a card multiplies no others in 8 bits."""
_FEW_ROWS = 16
"""A card multiplies no fewer rows than that in 8 bits, nor would it gain by it."""


class Int8Linear(nn.Module):
    """A linear layer whose weights are whole numbers from -127 to 127; it calculates in the dtype that it had."""

    codes: Tensor
    """(out, in)"""
    scales: Tensor
    """(out, 1), of the dtype that the weights had."""

    def __init__(self, linear: nn.Linear, workshop: torch.device) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        home = linear.weight.device
        codes, scales = self.encode(linear.weight.data.to(workshop))
        self.register_buffer("codes", codes.to(home))
        self.register_buffer("scales", scales.to(home))

    @staticmethod
    def encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
        """(codes, scales)"""
        numbers, scales = _by_rows(matrix, 127)
        return numbers.round().to(torch.int8), scales

    def write(self, weight: Tensor) -> None:
        """Takes another matrix (out, in), of any dtype, from any device."""
        codes, scales = self.encode(weight.to(self.scales.dtype))
        self.codes.copy_(codes)
        self.scales.copy_(scales)

    def forward(self, x: Tensor) -> Tensor:
        product = self._product(x)
        return product if self.bias is None else product + self.bias

    def _product(self, x: Tensor) -> Tensor:
        if x.numel() == self.in_features and usable(x.device):
            from engine.got.kernels.row import Weights, multiply_row

            return multiply_row(x, Weights(self.codes, self.scales))
        return F.linear(x, self.codes.to(x.dtype)) * self.scales.view(-1)


class Int8Products(Int8Linear):
    """It multiplies whole numbers too, as nearly every card does fast: each row that comes in gets its own scale."""

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, self.in_features)
        if len(rows) <= _FEW_ROWS:
            return super().forward(x)
        return self.multiply(*self.encode(rows)).view(*x.shape[:-1], self.out_features)

    def multiply(self, codes: Tensor, scales: Tensor) -> Tensor:
        """(n, out), of (n, in) and (n, 1)."""
        product = torch._int_mm(codes, self.codes.t()).float().mul_(scales).mul_(self.scales.t()).to(scales.dtype)
        return product if self.bias is None else product + self.bias


class Fp8Products(Int8Products):
    """The same with floats of 8 bits, which cards of compute capability 8.9 and more multiply."""

    @staticmethod
    def encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
        numbers, scales = _by_rows(matrix, torch.finfo(torch.float8_e4m3fn).max)
        return numbers.to(torch.float8_e4m3fn), scales

    def multiply(self, codes: Tensor, scales: Tensor) -> Tensor:
        factors = {"scale_a": scales.float(), "scale_b": self.scales.float().t()}
        return torch._scaled_mm(codes, self.codes.t(), bias=self.bias, out_dtype=scales.dtype, **factors)


def _by_rows(matrix: Tensor, top: float) -> tuple[Tensor, Tensor]:
    """A matrix with each row's largest value at ±`top`, and what each row is to be multiplied by."""
    numbers = matrix.float()
    scales = (numbers.abs().amax(1, keepdim=True) / top).clamp(min=1e-12).to(matrix.dtype)
    return (numbers / scales.float()).clamp(-top, top), scales


WEIGHTS: dict[str, type[Int8Linear] | None] = {"exact": None, "int8": Int8Products, "fp8": Fp8Products}
"""What a user may ask for, and what the layers of the UNet's transformers become."""


def kind_of_weights(name: str, device: torch.device, dtype: torch.dtype) -> type[Int8Linear] | None:
    """The layers of that name, tried on the device. Raises ModelError for another name, or a device that cannot."""
    if name not in WEIGHTS:
        raise ModelError(
            "weights_unknown",
            "“{name}” is not a known kind of weights.",
            "Use one of {names}.",
            name=name,
            names=", ".join(WEIGHTS),
        )
    kind = WEIGHTS[name]
    try:
        if kind:
            _try(kind, device, dtype)
    except (RuntimeError, TypeError) as error:  # of torch, where a device or a build has no such product
        raise ModelError(
            "weights_unsupported",
            "The device {device} does not support {name} weights.",
            "Set GOT_ENGINE_WEIGHTS to exact, which every device supports.",
            device=device,
            name=name,
        ) from error
    return kind


@torch.inference_mode()
def _try(kind: type[Int8Linear], device: torch.device, dtype: torch.dtype) -> None:
    layer = kind(nn.Linear(64, 64, device=device, dtype=dtype), device)
    layer(torch.zeros(32, 64, device=device, dtype=dtype))


def workshop(device: torch.device, home: torch.device) -> torch.device:
    """Where the codes of weights that lie at `home` are worked out: GoT-6B's take the CPU half a minute."""
    return device if device.type == "cuda" and torch.cuda.is_available() else home


def shrink(model: nn.Module, kind: type[Int8Linear], device: torch.device) -> None:
    """Gives the linear layers of a model, which is for `device`, weights of 8 bits."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not (module.in_features % _SIDES or module.out_features % _SIDES):
            model.set_submodule(name, kind(module, workshop(device, module.weight.device)))


def shrink_unet(unet: nn.Module, kind: type[Int8Linear], device: torch.device) -> None:
    """As `shrink`, within its transformers, which have most of its weights."""
    for module in unet.modules():
        if isinstance(module, Transformer2DModel):
            shrink(module, kind, device)
