"""A trial: the UNet's transformer blocks with our own kernels between matrix products and attention.

The part `kernels` compares them with blocks compiled by torch.compile. If they are faster, they belong in
`engine/got/kernels`, and the compiler is no longer needed. Needs Triton.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from diffusers.models.activations import GEGLU
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from engine.got.kernels.chaining import chained

_COLUMNS = 1024
"""Columns of the feed-forward's inner width per program."""


@triton.jit
def _add_and_norm(
    x,
    other,
    weight,
    shift,
    bias,
    total,
    out,
    columns: tl.constexpr,
    epsilon,
    COLUMNS: tl.constexpr,
    CHAINED: tl.constexpr,
):
    """One row per program; both sums are rounded as if they were stored first."""
    row, column = tl.program_id(0).to(tl.int64), tl.arange(0, COLUMNS)
    there, place = column < columns, row * columns + column
    factors, shifts = tl.load(weight + column, there, 0), tl.load(shift + column, there, 0)
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    value = tl.load(x + place, there, 0)
    if other is not None:
        value = (value.to(tl.float32) + tl.load(other + place, there, 0).to(tl.float32)).to(out.dtype.element_ty)
    if total is not None:
        kept = value
        if bias is not None:
            kept = (value.to(tl.float32) + tl.load(bias + column, there, 0).to(tl.float32)).to(out.dtype.element_ty)
        tl.store(total + place, kept, there)
    value = value.to(tl.float32)
    centered = tl.where(there, value - tl.sum(value, axis=0) / columns, 0)
    spread = tl.rsqrt(tl.sum(centered * centered, axis=0) / columns + epsilon)
    normed = centered * spread * factors.to(tl.float32) + shifts.to(tl.float32)
    tl.store(out + place, normed.to(out.dtype.element_ty), there)


@triton.jit
def _open(x, out, columns: tl.constexpr, COLUMNS: tl.constexpr, CHAINED: tl.constexpr):
    row, column = tl.program_id(0).to(tl.int64), tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    there, place = column < columns, row * 2 * columns + column
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    value = tl.load(x + place, there, 0).to(tl.float32)
    gate = tl.load(x + place + columns, there, 0).to(tl.float32)
    value *= 0.5 * gate * (1 + tl.erf(gate * 0.7071067811865476))
    tl.store(out + row * columns + column, value.to(out.dtype.element_ty), there)


def layer_norm(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """Layer normalization over the last dimension of (..., d), contiguous (arXiv 1607.06450); computed in float32."""
    return _normed(x, None, norm, None, None)


def add_and_norm(x: Tensor, other: Tensor, norm: nn.LayerNorm, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(..., d), contiguous, twice -> their sum, and its layer norm; `bias` (d,) is added to the returned sum only."""
    total = torch.empty_like(x)
    return total, _normed(x, other, norm, bias, total)


def _normed(x: Tensor, other: Tensor | None, norm: nn.LayerNorm, bias: Tensor | None, total: Tensor | None) -> Tensor:
    out, columns = torch.empty_like(x), x.shape[-1]
    arguments = (x, other, norm.weight, norm.bias, bias, total, out, columns, norm.eps)
    with torch.cuda.device_of(x):  # Triton does not select the tensors' device by itself
        _add_and_norm[(x.numel() // columns,)](*arguments, triton.next_power_of_2(columns), **chained(x.device))
    return out


def geglu(x: Tensor) -> Tensor:
    """(..., 2d), contiguous -> (..., d): the first half times GELU of the second half (GEGLU, arXiv 2002.05202)."""
    columns = x.shape[-1] // 2
    out = x.new_empty(*x.shape[:-1], columns)
    with torch.cuda.device_of(x):
        grid = (out.numel() // columns, triton.cdiv(columns, _COLUMNS))
        _open[grid](x, out, columns, _COLUMNS, **chained(x.device))
    return out


class _Block(BasicTransformerBlock):
    """Combines sums with the norms that follow, and with the last matrix product."""

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_attention_mask: Tensor | None = None,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Tensor:
        if attention_mask is not None or encoder_attention_mask is not None:
            arguments = (hidden_states, attention_mask, encoder_hidden_states, encoder_attention_mask)
            return super().forward(*arguments, *args, **kwargs)
        hidden = hidden_states.contiguous()
        attended = _attend(self.attn1, layer_norm(hidden, self.norm1))
        hidden, normed = add_and_norm(attended, hidden, self.norm2)
        attended = _attend(self.attn2, normed, encoder_hidden_states)
        last = cast(Any, self.ff.net[2])
        by_product = type(last) is nn.Linear
        hidden, normed = add_and_norm(attended, hidden, self.norm3, last.bias if by_product else None)
        opened = geglu(cast(GEGLU, self.ff.net[0]).proj(normed))
        if not by_product:  # quantized weights
            return hidden + last(opened)
        hidden.flatten(0, 1).addmm_(opened.flatten(0, 1), last.weight.t())
        return hidden


def _attend(
    attention: Any,  # noqa: ANN401 - an Attention, whose layers are typed as optional
    x: Tensor,
    context: Tensor | None = None,
) -> Tensor:
    """Attention of (n, tokens, d) to itself or to (n, others, width), without the special cases of diffusers'
    processors."""
    source = x if context is None else context
    if not attention.fused_projections:
        parts = (attention.to_q(x), attention.to_k(source), attention.to_v(source))
    elif context is None:
        parts = attention.to_qkv(x).chunk(3, dim=-1)
    else:
        parts = (attention.to_q(x), *attention.to_kv(context).chunk(2, dim=-1))
    query, key, value = (part.unflatten(-1, (attention.heads, -1)).transpose(1, 2) for part in parts)
    mixed = F.scaled_dot_product_attention(query, key, value, scale=attention.scale)
    return attention.to_out[0](mixed.transpose(1, 2).flatten(2))


def use_own_blocks(model: nn.Module) -> list[nn.Module]:
    """Replaces diffusers' blocks in a model with ours. Returns the blocks; `use_usual_blocks` undoes it."""
    blocks = [m for m in model.modules() if type(m) is BasicTransformerBlock and _is_usual(m)]
    for module in blocks:
        module.__class__ = _Block
    return cast(list[nn.Module], blocks)


def use_usual_blocks(blocks: list[nn.Module]) -> None:
    """Undoes `use_own_blocks`."""
    for module in blocks:
        module.__class__ = BasicTransformerBlock


def _is_usual(block: BasicTransformerBlock) -> bool:
    """Whether the block, like SDXL's, has no features that `_Block` lacks."""
    attentions = (block.attn1, block.attn2)
    if block.norm_type != "layer_norm" or block.pos_embed is not None or block.only_cross_attention:
        return False
    if not all(isinstance(attention, Attention) and _attends_only(attention) for attention in attentions):
        return False
    own = not hasattr(block, "fuser") and block._chunk_size is None and not block.attn1.is_cross_attention
    norms = (block.norm1, block.norm2, block.norm3)
    return own and all(type(norm) is nn.LayerNorm for norm in norms) and type(block.ff.net[0]) is GEGLU


def _attends_only(attention: Attention) -> bool:
    norms = (attention.group_norm, attention.spatial_norm, attention.norm_q, attention.norm_k, attention.norm_cross)
    unscaled = attention.rescale_output_factor == 1 and not attention.residual_connection
    return unscaled and not any(norms)
