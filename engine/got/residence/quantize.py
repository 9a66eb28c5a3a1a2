"""8-bit quantization: linear layers with weights of 8 bits and a scale for each row.

Codes and scales are plain buffers, so they can be moved, counted and pinned like any other tensor, on every device.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers import Transformer2DModel
from torch import Tensor, nn

from engine.api.errors import ModelError
from engine.got.kernels import usable

_SIDES = 16
"""The sides of a quantized matrix must be multiples of this: GPUs support no others for 8-bit products."""
_FEW_ROWS = 16
"""GPUs require more rows than this for 8-bit products, and fewer would not be faster."""


class Int8Linear(nn.Module):
    """A linear layer with int8 weights from -127 to 127; it computes in the original dtype."""

    codes: Tensor
    """(out, in)"""
    scales: Tensor
    """(out, 1), in the original dtype of the weights."""

    def __init__(self, linear: nn.Linear, encoder_device: torch.device) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        home = linear.weight.device
        codes, scales = self.encode(linear.weight.data.to(encoder_device))
        self.register_buffer("codes", codes.to(home))
        self.register_buffer("scales", scales.to(home))

    @staticmethod
    def encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
        """(codes, scales)"""
        numbers, scales = _by_rows(matrix, 127)
        return numbers.round().to(torch.int8), scales

    def write(self, weight: Tensor) -> None:
        """Replaces the matrix (out, in); any dtype and device."""
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
    """Int8 weights and int8 products, which are fast on nearly every GPU. Each input row is quantized with its own
    scale."""

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, self.in_features)
        if len(rows) <= _FEW_ROWS:
            return super().forward(x)
        return self.multiply(*self.encode(rows)).view(*x.shape[:-1], self.out_features)

    def multiply(self, codes: Tensor, scales: Tensor) -> Tensor:
        """(n, in) and (n, 1) -> (n, out)."""
        product = torch._int_mm(codes, self.codes.t()).float().mul_(scales).mul_(self.scales.t()).to(scales.dtype)
        return product if self.bias is None else product + self.bias


class Fp8Products(Int8Products):
    """The same with 8-bit floats, which GPUs of compute capability 8.9 or higher support."""

    @staticmethod
    def encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
        numbers, scales = _by_rows(matrix, torch.finfo(torch.float8_e4m3fn).max)
        return numbers.to(torch.float8_e4m3fn), scales

    def multiply(self, codes: Tensor, scales: Tensor) -> Tensor:
        factors = {"scale_a": scales.float(), "scale_b": self.scales.float().t()}
        return torch._scaled_mm(codes, self.codes.t(), bias=self.bias, out_dtype=scales.dtype, **factors)


def _by_rows(matrix: Tensor, limit: float) -> tuple[Tensor, Tensor]:
    """Scales each row to a maximum of ±`top`. Returns the matrix and the factors that undo the scaling."""
    numbers = matrix.float()
    scales = (numbers.abs().amax(1, keepdim=True) / limit).clamp(min=1e-12).to(matrix.dtype)
    return (numbers / scales.float()).clamp(-limit, limit), scales


WEIGHTS: dict[str, type[Int8Linear] | None] = {"exact": None, "int8": Int8Products, "fp8": Fp8Products}
"""The values of the user's option, and the layers that replace those of the UNet's transformers."""


def kind_of_weights(name: str, device: torch.device, dtype: torch.dtype) -> type[Int8Linear] | None:
    """The layer type of this name, tested on the device. Raises ModelError for an unknown name or an unsupported
    device."""
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
    except (RuntimeError, TypeError) as error:  # from torch, if a device or a build does not support the product
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


def quantization_device(device: torch.device, home: torch.device) -> torch.device:
    """The device that quantizes weights which are stored on `home`: the CPU would take half a minute for GoT-6B."""
    return device if device.type == "cuda" and torch.cuda.is_available() else home


def quantize_layers(model: nn.Module, kind: type[Int8Linear], device: torch.device) -> None:
    """Quantizes the linear layers of a model that will run on `device`."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not (module.in_features % _SIDES or module.out_features % _SIDES):
            model.set_submodule(name, kind(module, quantization_device(device, module.weight.device)))


def quantize_unet(unet: nn.Module, kind: type[Int8Linear], device: torch.device) -> None:
    """Quantizes the UNet's transformers, which have most of its weights."""
    for module in unet.modules():
        if isinstance(module, Transformer2DModel):
            quantize_layers(module, kind, device)
