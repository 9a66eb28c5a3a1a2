"""Attention of one token to a cache of fixed size, split over the cache's positions to use the whole GPU.

As in flash-decoding (Dao et al., 2023), each program handles some positions for all queries that share a key head, and
the partial results are combined by their softmax sums. Unused positions cost nothing.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

from engine.got.kernels.chaining import chained

_PLACES = 64
"""Positions of the cache per program."""


@triton.jit
def _turned(x, at, other, cos, sin, mask):
    """Applies rotary position embedding."""
    value = tl.load(x + at, mask=mask, other=0).to(tl.float32)
    return value * cos + tl.load(x + other, mask=mask, other=0).to(tl.float32) * sin


@triton.jit
def _look(
    queries,
    key,
    value,
    cosines,
    sines,
    keys,
    values,
    read,
    tops,
    sums,
    found,
    scale,
    room,
    SHARING: tl.constexpr,
    WIDTH: tl.constexpr,
    PLACES: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHAINED: tl.constexpr,
):
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    head, part, parts = tl.program_id(0), tl.program_id(1), tl.num_programs(1)
    now = tl.load(read).to(tl.int32)  # the token's own position
    if part * PLACES <= now:
        row, column = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
        place = part * PLACES + tl.arange(0, PLACES)
        wide, other = column < WIDTH, (column + WIDTH // 2) % WIDTH
        cos, sin = tl.load(cosines + column, wide, 0).to(tl.float32), tl.load(sines + column, wide, 0).to(tl.float32)
        query = head * SHARING + row
        asked = (row < SHARING)[:, None] & wide[None, :]
        at, across = query[:, None] * WIDTH + column[None, :], query[:, None] * WIDTH + other[None, :]
        turned = _turned(queries, at, across, cos[None, :], sin[None, :], asked)
        own = _turned(key, head * WIDTH + column, head * WIDTH + other, cos, sin, wide)

        there = (head * room + place)[:, None] * WIDTH + column[None, :]
        before, new = (place < now)[:, None] & wide[None, :], (place == now)[:, None] & wide[None, :]
        dtype = keys.dtype.element_ty
        known = tl.load(keys + there, before, 0)
        known = tl.where(new, own.to(dtype)[None, :], known)
        tl.store(keys + there, known, new)
        held = tl.load(values + there, before, 0)
        held = tl.where(new, tl.load(value + head * WIDTH + column, wide, 0).to(dtype)[None, :], held)
        tl.store(values + there, held, new)

        scores = tl.dot(turned.to(dtype), tl.trans(known), input_precision="ieee") * scale
        scores = tl.where((place <= now)[None, :], scores, float("-inf"))
        top = tl.max(scores, axis=1)
        weights = tl.exp(scores - top[:, None])
        seen = tl.dot(weights.to(dtype), held, input_precision="ieee")
        answer = query * parts + part
        tl.store(tops + answer, top, row < SHARING)
        tl.store(sums + answer, tl.sum(weights, axis=1), row < SHARING)
        tl.store(found + answer[:, None] * WIDTH + column[None, :], seen, asked)


@triton.jit
def _together(
    tops,
    sums,
    found,
    read,
    out,
    parts,
    WIDTH: tl.constexpr,
    PLACES: tl.constexpr,
    PARTS: tl.constexpr,
    COLUMNS: tl.constexpr,
    CHAINED: tl.constexpr,
):
    if CHAINED:
        gdc_launch_dependents()
        gdc_wait()
    query, part, column = tl.program_id(0), tl.arange(0, PARTS), tl.arange(0, COLUMNS)
    used, wide = part * PLACES <= tl.load(read).to(tl.int32), column < WIDTH
    used = used & (part < parts)
    top = tl.load(tops + query * parts + part, used, float("-inf"))
    shares = tl.exp(top - tl.max(top, axis=0))
    total = tl.sum(shares * tl.load(sums + query * parts + part, used, 0), axis=0)
    places = (query * parts + part)[:, None] * WIDTH + column[None, :]
    seen = tl.load(found + places, used[:, None] & wide[None, :], 0)
    tl.store(
        out + query * WIDTH + column,
        (tl.sum(seen * shares[:, None], axis=0) / total).to(out.dtype.element_ty),
        wide,
    )


def attend(
    queries: Tensor,
    key: Tensor,
    value: Tensor,
    turn: tuple[Tensor, Tensor],
    keys: Tensor,
    values: Tensor,
    read: Tensor,
    scale: float,
) -> Tensor:
    """Self-attention of one token to itself and the cache: (1, 1, heads * width), like the queries.

    Queries, and key and value (1, 1, shared * width), are the outputs of the layer's projections. Queries and key are
    rotated by the token's position: `turn` holds the factors, (width,) each, for a head's values and for the values of
    its other half. Key and value are written into the cache, (1, shared, room, width) each, at `read` (1,).
    """
    _, shared, room, width = keys.shape
    heads, parts = queries.shape[-1] // width, triton.cdiv(room, _PLACES)
    whole = {"dtype": torch.float32, "device": queries.device}
    tops, sums = torch.empty(2, heads, parts, **whole)
    found, out = torch.empty(heads, parts, width, **whole), torch.empty_like(queries)
    columns = max(16, triton.next_power_of_2(width))
    sharing = heads // shared
    rows = max(16, triton.next_power_of_2(sharing))
    given = (queries, key, value, *turn, keys, values, read, tops, sums, found, scale, room)
    with torch.cuda.device_of(queries):  # Triton does not select the tensors' device by itself
        chain = chained(queries.device)
        _look[(shared, parts)](*given, sharing, width, _PLACES, rows, columns, **chain)
        partial = (tops, sums, found, read, out, parts)
        _together[(heads,)](*partial, width, _PLACES, triton.next_power_of_2(parts), columns, **chain)
    return out
