"""One row times a matrix of 8-bit codes, without writing the matrix out in 16 bits first: a Triton kernel.

A token's step is bound by how fast weights are read. To expand codes before each product reads and writes five bytes a
weight where the codes alone are one.
"""

# pyright: reportMissingImports=false, reportIndexIssue=false
# Triton comes with torch's builds for graphics cards on Linux, and with no other.
from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_ROWS, _COLUMNS = 16, 256
"""Of the matrix, that a program multiplies at a time."""


@triton.jit
def _multiply(x, codes, scales, out, rows, columns: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr):  # noqa: ANN001, ANN202
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = row < rows
    total = tl.zeros((ROWS, COLUMNS), dtype=tl.float32)
    for first in range(0, columns, COLUMNS):
        column = first + tl.arange(0, COLUMNS)
        there = column < columns
        value = tl.load(x + column, mask=there, other=0).to(tl.float32)
        places = row[:, None].to(tl.int64) * columns + column[None, :]
        code = tl.load(codes + places, mask=inside[:, None] & there[None, :], other=0).to(tl.float32)
        total += code * value[None, :]
    scale = tl.load(scales + row, mask=inside, other=0).to(tl.float32)
    tl.store(out + row, (tl.sum(total, axis=1) * scale).to(out.dtype.element_ty), mask=inside)


def multiply_row(x: Tensor, codes: Tensor, scales: Tensor) -> Tensor:
    """(..., in) that holds one row, codes (out, in) and scales (out, 1) -> (..., out), of the dtype of `x`."""
    rows, columns = codes.shape
    out = torch.empty(*x.shape[:-1], rows, dtype=x.dtype, device=x.device)
    _multiply[(triton.cdiv(rows, _ROWS),)](x.contiguous(), codes, scales, out, rows, columns, _ROWS, _COLUMNS)
    return out
