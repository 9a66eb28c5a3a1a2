"""Multiplies one row by a matrix, fused with the operations before and after it in a decoder layer.

A step for one token is bound by the speed of reading weights. Each further kernel takes some microseconds, however
little it computes, and converting 8-bit codes to 16 bits first would turn one byte of memory traffic into five.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from engine.got.kernels.chaining import chained

_COLUMNS = 2048
"""Columns per program and iteration. This and the values below were the fastest of many on an H200."""
_TILE = (2, 4)
"""Rows and warps of a program."""
_GATED_TILE = (4, 8)


@triton.jit
def _scaled(sums, factor, scales, row, inside):
    """Scales the sums by the common factor and, for quantized weights, by the scale of each row."""
    if scales is not None:
        sums *= tl.load(scales + row, mask=inside, other=0).to(tl.float32)
    return sums * factor


@triton.jit
def _plus(values, others, row, inside):
    if others is not None:
        values += tl.load(others + row, mask=inside, other=0).to(tl.float32)
    return values


@triton.jit
def _product(
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
    program,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHAINED: tl.constexpr,
):
    """Computes ROWS rows of the product, starting at `program` * ROWS. Weights are loaded before the previous kernel
    has ended."""
    row = program * ROWS + tl.arange(0, ROWS)
    inside = row < rows
    products = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    gates = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    squares = tl.zeros((COLUMNS,), dtype=tl.float32)
    for first in tl.static_range(0, columns, COLUMNS):
        column = first + tl.arange(0, COLUMNS)
        there = column < columns
        places = row[:, None].to(tl.int64) * columns + column[None, :]
        both = inside[:, None] & there[None, :]
        weights = tl.load(matrix + places, mask=both, other=0)
        if gate is not None:
            gate_weights = tl.load(gate + places, mask=both, other=0)
        if norm is not None:
            norm_weights = tl.load(norm + column, mask=there, other=0)
        if CHAINED and first == 0:
            gdc_wait()
        value = tl.load(x + column, mask=there, other=0).to(tl.float32)
        if norm is not None:
            squares += value * value
            value *= norm_weights.to(tl.float32)
        products += weights.to(tl.float32) * value[None, :]
        if gate is not None:
            gates += gate_weights.to(tl.float32) * value[None, :]
    factor = 1.0
    if norm is not None:
        factor = tl.rsqrt(tl.sum(squares, axis=0) / columns + epsilon)
    opened = _scaled(tl.sum(gates, axis=1), factor, gate_scales, row, inside)
    result = _scaled(tl.sum(products, axis=1), factor, scales, row, inside)
    result = _plus(result, bias, row, inside)
    if gate is not None:
        result *= opened * tl.sigmoid(opened)
    result = _plus(result, added, row, inside)
    tl.store(out + row, result.to(out.dtype.element_ty), mask=inside)


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
    CHAINED: tl.constexpr,
):
    if CHAINED:
        gdc_launch_dependents()
    _product(
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
        columns,
        tl.program_id(0),
        ROWS,
        COLUMNS,
        CHAINED,
    )


@triton.jit
def _multiply_by_three(
    x,
    norm,
    epsilon,
    query,
    query_scales,
    query_bias,
    queries,
    key,
    key_scales,
    key_bias,
    keys,
    value,
    value_scales,
    value_bias,
    values,
    query_rows,
    rows,
    columns: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHAINED: tl.constexpr,
):
    """The key and value matrices have the same number of rows."""
    if CHAINED:
        gdc_launch_dependents()
    program = tl.program_id(0)
    first, each = tl.cdiv(query_rows, ROWS), tl.cdiv(rows, ROWS)
    if program < first:
        _product(
            x,
            norm,
            epsilon,
            query,
            query_scales,
            query_bias,
            None,
            None,
            None,
            queries,
            query_rows,
            columns,
            program,
            ROWS,
            COLUMNS,
            CHAINED,
        )
    elif program < first + each:
        _product(
            x,
            norm,
            epsilon,
            key,
            key_scales,
            key_bias,
            None,
            None,
            None,
            keys,
            rows,
            columns,
            program - first,
            ROWS,
            COLUMNS,
            CHAINED,
        )
    else:
        _product(
            x,
            norm,
            epsilon,
            value,
            value_scales,
            value_bias,
            None,
            None,
            None,
            values,
            rows,
            columns,
            program - first - each,
            ROWS,
            COLUMNS,
            CHAINED,
        )


class Weights(NamedTuple):
    """The weights of a linear layer: its matrix (out, in), or 8-bit codes and their scales (out, 1); its bias
    (out,)."""

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
    """(..., in) with a single row -> (..., out), in the dtype of `x`; it is computed in float32.

    `norm`: weights (in,) and epsilon of an RMS norm (arXiv 1910.07467) that is applied to `x` first. `gate`: a matrix
    of the same size, without bias; the product is multiplied by SiLU(gate · x) (SwiGLU, arXiv 2002.05202). `added`
    (..., out) is added last.
    """
    rows, columns = weights.matrix.shape
    out = torch.empty(*x.shape[:-1], rows, dtype=x.dtype, device=x.device)
    matrix, scales, bias = weights
    gate_matrix, gate_scales, _ = gate or Weights(None, None)  # type: ignore[arg-type]
    size, warps = _GATED_TILE if gate else _TILE
    with torch.cuda.device_of(x):  # Triton does not select the tensors' device by itself
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
            **chained(x.device),
            num_warps=warps,
        )
    return out


def multiply_row_by_three(
    x: Tensor, query: Weights, key: Weights, value: Weights, norm: tuple[Tensor, float]
) -> tuple[Tensor, Tensor, Tensor]:
    """`multiply_row` for query, key and value as one kernel; key and value have the same number of rows."""
    rows, columns = key.matrix.shape
    outs = [x.new_empty(*x.shape[:-1], len(weights.matrix)) for weights in (query, key, value)]
    size, warps = _TILE
    programs = triton.cdiv(len(query.matrix), size) + 2 * triton.cdiv(rows, size)
    with torch.cuda.device_of(x):
        _multiply_by_three[(programs,)](
            x.contiguous(),
            *norm,
            *(*query, outs[0]),
            *(*key, outs[1]),
            *(*value, outs[2]),
            len(query.matrix),
            rows,
            columns,
            size,
            _COLUMNS,
            **chained(x.device),
            num_warps=warps,
        )
    return outs[0], outs[1], outs[2]
