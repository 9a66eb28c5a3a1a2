"""The operations between a residual block's convolutions, in few passes over the picture, in any memory format.

For a picture in channels-last format, PyTorch's group normalization transposes it first and runs each group on one
multiprocessor; a bias, a time embedding, an activation and a sum are separate passes.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

_PIXELS, _CHANNELS = 128, 64
"""Pixels and channels that a program handles at a time."""
_TIMES = 4
"""Blocks of pixels per program of `_measure`."""


@triton.jit
def _tile(x, strides, sample, pixel, channel):
    """Pointers to a tile of the picture `x`; offsets are 64 bits wide."""
    return (
        x
        + sample.to(tl.int64) * strides[0]
        + channel[None, :].to(tl.int64) * strides[1]
        + pixel[:, None].to(tl.int64) * strides[2]
    )


@triton.jit
def _measure(
    x, strides, means, spreads, pixels, channels, PIXELS: tl.constexpr, CHANNELS: tl.constexpr, TIMES: tl.constexpr
):
    """The mean of each channel in a stretch of the picture, and the sum of squared deviations from it."""
    stretch, stretches, sample = tl.program_id(0), tl.num_programs(0), tl.program_id(1)
    channel = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    inside, start = channel < channels, stretch * PIXELS * TIMES
    first = start + tl.arange(0, 1)
    guess = tl.load(_tile(x, strides, sample, first, channel), inside[None, :], 0).to(tl.float32)  # less cancellation
    total = tl.zeros((CHANNELS,), dtype=tl.float32)
    squares = tl.zeros((CHANNELS,), dtype=tl.float32)
    for time in range(TIMES):
        pixel = start + time * PIXELS + tl.arange(0, PIXELS)
        there = (pixel < pixels)[:, None] & inside[None, :]
        value = tl.load(_tile(x, strides, sample, pixel, channel), there, 0).to(tl.float32)
        apart = tl.where(there, value - guess, 0)
        total += tl.sum(apart, axis=0)
        squares += tl.sum(apart * apart, axis=0)
    count = tl.minimum(pixels - start, PIXELS * TIMES)
    place = (sample * stretches + stretch) * channels + channel
    tl.store(means + place, tl.sum(guess, axis=0) + total / count, inside)
    tl.store(spreads + place, squares - total * total / count, inside)


@triton.jit
def _gather(
    means,
    spreads,
    weight,
    bias,
    added,
    factors,
    shifts,
    pixels,
    channels,
    stretches,
    epsilon,
    SIZE: tl.constexpr,
    STRETCH: tl.constexpr,
    STRETCHES: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """The factor and the offset for each channel of a group."""
    sample, group = tl.program_id(0), tl.program_id(1)
    member = tl.arange(0, CHANNELS)
    channel, real = group * SIZE + member, member < SIZE
    given = tl.zeros((CHANNELS,), dtype=tl.float32)
    if added is not None:
        given += tl.load(added + sample * channels + channel, real, 0).to(tl.float32)
    total = tl.zeros((STRETCHES, CHANNELS), dtype=tl.float32)
    for first in range(0, stretches, STRETCHES):
        stretch = first + tl.arange(0, STRETCHES)
        there = (stretch < stretches)[:, None] & real[None, :]
        place = (sample * stretches + stretch)[:, None] * channels + channel[None, :]
        count = tl.minimum(pixels - stretch * STRETCH, STRETCH).to(tl.float32)[:, None]
        total += tl.where(there, (tl.load(means + place, there, 0) + given[None, :]) * count, 0)
    whole = tl.sum(tl.sum(total, axis=1), axis=0) / (pixels * SIZE)
    squares = tl.zeros((STRETCHES, CHANNELS), dtype=tl.float32)
    for first in range(0, stretches, STRETCHES):
        stretch = first + tl.arange(0, STRETCHES)
        there = (stretch < stretches)[:, None] & real[None, :]
        place = (sample * stretches + stretch)[:, None] * channels + channel[None, :]
        count = tl.minimum(pixels - stretch * STRETCH, STRETCH).to(tl.float32)[:, None]
        apart = tl.load(means + place, there, 0) + given[None, :] - whole
        squares += tl.where(there, tl.load(spreads + place, there, 0) + count * apart * apart, 0)
    variance = tl.sum(tl.sum(squares, axis=1), axis=0) / (pixels * SIZE)
    factor = tl.load(weight + channel, real, 0).to(tl.float32) * tl.rsqrt(variance + epsilon)
    shift = tl.load(bias + channel, real, 0).to(tl.float32) + (given - whole) * factor
    tl.store(factors + sample * channels + channel, factor, real)
    tl.store(shifts + sample * channels + channel, shift, real)


@triton.jit
def _apply(
    x,
    strides,
    factors,
    shifts,
    out,
    out_strides,
    pixels,
    channels,
    SILU: tl.constexpr,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    sample = tl.program_id(1)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    inside = channel < channels
    there = (pixel < pixels)[:, None] & inside[None, :]
    factor = tl.load(factors + sample * channels + channel, inside, 0)
    shift = tl.load(shifts + sample * channels + channel, inside, 0)
    value = tl.load(_tile(x, strides, sample, pixel, channel), there, 0).to(tl.float32)
    value = value * factor[None, :] + shift[None, :]
    if SILU:
        value *= tl.sigmoid(value)
    tl.store(_tile(out, out_strides, sample, pixel, channel), value.to(out.dtype.element_ty), there)


@triton.jit
def _add(
    x,
    strides,
    other,
    other_strides,
    bias,
    out,
    out_strides,
    pixels,
    channels,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    sample = tl.program_id(1)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    there = (pixel < pixels)[:, None] & (channel < channels)[None, :]
    value = tl.load(_tile(x, strides, sample, pixel, channel), there, 0).to(tl.float32)
    value += tl.load(_tile(other, other_strides, sample, pixel, channel), there, 0).to(tl.float32)
    value += tl.load(bias + channel, channel < channels, 0).to(tl.float32)[None, :]
    tl.store(_tile(out, out_strides, sample, pixel, channel), value.to(out.dtype.element_ty), there)


def group_norm(x: Tensor, norm: nn.GroupNorm, silu: bool = False, added: Tensor | None = None) -> Tensor:
    """(n, C, ...) -> the same shape, dtype and memory format; group normalization in float32 (arXiv 1803.08494).

    `added` (n, C) is added to each channel first. `silu` applies SiLU to the result.
    """
    flat = x.flatten(2)
    out, (samples, channels, pixels) = torch.empty_like(flat), flat.shape
    stretches, size = triton.cdiv(pixels, _PIXELS * _TIMES), channels // norm.num_groups
    whole = {"dtype": torch.float32, "device": x.device}
    means, spreads = torch.empty(2, samples, stretches, channels, **whole)
    factors, shifts = torch.empty(2, samples, channels, **whole)
    measured = (means, spreads, norm.weight, norm.bias, added, factors, shifts, pixels, channels, stretches, norm.eps)
    blocks = (min(256, triton.next_power_of_2(stretches)), triton.next_power_of_2(size))
    given, made = (flat, flat.stride()), (factors, shifts, out, out.stride(), pixels, channels, silu)
    columns = triton.cdiv(channels, _CHANNELS)
    with torch.cuda.device_of(x):  # Triton does not select the tensors' device by itself
        grid = (stretches, samples, columns)  # the first dimension is practically unlimited, the others end at 65,535
        _measure[grid](*given, means, spreads, pixels, channels, _PIXELS, _CHANNELS, _TIMES)
        _gather[(samples, norm.num_groups)](*measured, size, _PIXELS * _TIMES, *blocks)
        grid = (triton.cdiv(pixels, _PIXELS), samples, columns)
        _apply[grid](*given, *made, _PIXELS, _CHANNELS, num_warps=8)
    return out.unflatten(2, x.shape[2:])


def add(x: Tensor, other: Tensor, bias: Tensor) -> Tensor:
    """The sum of two (n, C, ...) tensors and a bias (C,), in the memory format of the first."""
    flat, other = x.flatten(2), other.flatten(2)
    out, (samples, channels, pixels) = torch.empty_like(flat), flat.shape
    given = (flat, flat.stride(), other, other.stride(), bias, out, out.stride(), pixels, channels)
    grid = (triton.cdiv(pixels, _PIXELS), samples, triton.cdiv(channels, _CHANNELS))
    with torch.cuda.device_of(x):
        _add[grid](*given, _PIXELS, _CHANNELS, num_warps=8)
    return out.unflatten(2, x.shape[2:])
