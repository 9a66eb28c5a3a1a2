"""A layer of Qwen2.5's decoder for one token, in six kernels instead of PyTorch's more than twenty."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engine.got.kernels.attention import attend
from engine.got.kernels.row import Weights, multiply_row, multiply_row_by_three


def weights_of(layer: Any) -> Weights:  # noqa: ANN401
    """The weights of a linear layer, which may be quantized (`engine.got.residence.quantize.Int8Linear`)."""
    if isinstance(layer, nn.Linear):
        return Weights(layer.weight, bias=layer.bias)
    return Weights(layer.codes, layer.scales, layer.bias)


def norm_of(layer: Any) -> tuple[Tensor, float]:  # noqa: ANN401
    """Weights and epsilon of an RMS norm."""
    return layer.weight, layer.variance_epsilon


def read_layer(
    layer: Any,  # noqa: ANN401 - its class depends on the model's version
    hidden: Tensor,
    turn: tuple[Tensor, Tensor],
    keys: Tensor,
    values: Tensor,
    read: Tensor,
) -> Tensor:
    """(1, 1, d) -> (1, 1, d); `turn`, the cache and `read` are as in `attend`."""
    attention, mlp, norm = layer.self_attn, layer.mlp, norm_of(layer.input_layernorm)
    parts = (weights_of(attention.q_proj), weights_of(attention.k_proj), weights_of(attention.v_proj))
    query, key, value = multiply_row_by_three(hidden, *parts, norm)
    found = attend(query, key, value, turn, keys, values, read, attention.scaling)
    hidden = multiply_row(found, weights_of(attention.o_proj), added=hidden)
    gate, up = weights_of(mlp.gate_proj), weights_of(mlp.up_proj)
    opened = multiply_row(hidden, up, norm_of(layer.post_attention_layernorm), gate)
    return multiply_row(opened, weights_of(mlp.down_proj), added=hidden)
