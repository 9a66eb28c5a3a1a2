"""One row times a matrix, with what comes before and after it in a decoder's layer, as one kernel.

A token's step is bound by how fast weights are read. Each kernel takes some microseconds besides, however little it
computes, and codes of 8 bits that are written out in 16 first make five bytes of traffic of one.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

_COLUMNS = 2048
"""That a program takes at a time; this, and how many rows and warps it has, was the fastest of many on an H200."""


@triton.jit
def _multiply(
    x,
    norm,
    epsilon,
    matrix,
    scales,
    bias,
    gate,
    gate_scales,
    added,
    out,
    rows,
    columns: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = row < rows
    products = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    gates = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    squares = tl.zeros((COLUMNS,), dtype=tl.float32)
    for first in range(0, columns, COLUMNS):
        column = first + tl.arange(0, COLUMNS)
        there = column < columns
        value = tl.load(x + column, mask=there, other=0).to(tl.float32)
        if norm is not None:
            squares += value * value
            value *= tl.load(norm + column, mask=there, other=0).to(tl.float32)
        places = row[:, None].to(tl.int64) * columns + column[None, :]
        both = inside[:, None] & there[None, :]
        products += tl.load(matrix + places, mask=both, other=0).to(tl.float32) * value[None, :]
        if gate is not None:
            gates += tl.load(gate + places, mask=both, other=0).to(tl.float32) * value[None, :]
    made, opened = tl.sum(products, axis=1), tl.sum(gates, axis=1)
    if scales is not None:
        made *= tl.load(scales + row, mask=inside, other=0).to(tl.float32)
    if gate_scales is not None:
        opened *= tl.load(gate_scales + row, mask=inside, other=0).to(tl.float32)
    if norm is not None:
        factor = tl.rsqrt(tl.sum(squares, axis=0) / columns + epsilon)
        made *= factor
        opened *= factor
    if bias is not None:
        made += tl.load(bias + row, mask=inside, other=0).to(tl.float32)
    if gate is not None:
        made *= opened * tl.sigmoid(opened)
    if added is not None:
        made += tl.load(added + row, mask=inside, other=0).to(tl.float32)
    tl.store(out + row, made.to(out.dtype.element_ty), mask=inside)


class Weights(NamedTuple):
    """Of a linear layer: its matrix (out, in), or the matrix's codes and their scales (out, 1); its bias (out,)."""

    matrix: Tensor
    scales: Tensor | None = None
    bias: Tensor | None = None


def multiply_row(
    x: Tensor,
    weights: Weights,
    norm: tuple[Tensor, float] | None = None,
    gate: Weights | None = None,
    added: Tensor | None = None,
) -> Tensor:
    """(..., in) that holds one row -> (..., out), of the dtype of `x`; it is calculated in float32.

    `norm`: the weights (in,) and the epsilon of an RMS norm (arXiv 1910.07467) of `x` before. `gate`, without bias: of
    as many rows; what comes out is multiplied by SiLU(gate · x) (SwiGLU, arXiv 2002.05202). `added` (..., out) is added
    last.
    """
    rows, columns = weights.matrix.shape
    out = torch.empty(*x.shape[:-1], rows, dtype=x.dtype, device=x.device)
    matrix, scales, bias = weights
    gate_matrix, gate_scales, _ = gate or Weights(None, None)  # type: ignore[arg-type]
    size, warps = (4, 8) if gate else (2, 4)
    with torch.cuda.device_of(x):  # Triton does not look where its tensors are
        _multiply[(triton.cdiv(rows, size),)](
            x.contiguous(),
            *(norm or (None, 0.0)),
            matrix,
            scales,
            bias,
            gate_matrix,
            gate_scales,
            added,
            out,
            rows,
            columns,
            size,
            _COLUMNS,
            num_warps=warps,
        )
    return out
