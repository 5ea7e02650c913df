# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Linear light to the 8-bit values a camera writes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import FloatArray
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.records import DayConditions, Float32Array, ImageU8

_STEPS = 8192
_BRIGHTEST = 16.0


def response(light: FloatArray) -> FloatArray:
    """Camera value in [0, 1] of exposed linear light (1 = white in the sun).

    Straight in the shadows, a soft shoulder above 0.6 that keeps skies from clipping at once,
    then the sRGB transfer function.
    """
    knee = 0.6
    over = np.maximum(light - knee, 0.0)
    linear = np.minimum(light, knee) + (1.0 - knee) * (1.0 - np.exp(-over / (1.0 - knee)))
    linear = np.clip(linear, 0.0, 1.0)
    curved = 1.055 * np.maximum(linear, 1e-9) ** (1.0 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, curved)


def _response_table() -> npt.NDArray[np.float32]:
    """The response over the square root of light, times 255."""
    root = np.linspace(0.0, np.sqrt(_BRIGHTEST), _STEPS)
    return (255.0 * response(root**2)).astype(np.float32)


_TABLE = _response_table()


def develop(rgb_linear: Float32Array, day: DayConditions) -> ImageU8:
    """Expose, balance and quantise linear light, shape (..., 3)."""
    factors = day.exposure * np.asarray(day.white_balance, dtype=np.float32)
    flat = np.ascontiguousarray(rgb_linear, dtype=np.float32).reshape(-1, 3)
    pixels = np.empty(flat.shape, dtype=np.uint8)
    scale = (_STEPS - 1) / np.sqrt(_BRIGHTEST)
    _develop(flat, factors.astype(np.float32), _TABLE, scale, pixels)
    return pixels.reshape(rgb_linear.shape)


@compiled
def _develop(
    light: Float32Array,
    factors: Float32Array,
    table: Float32Array,
    scale: float,
    pixels: ImageU8,
) -> None:
    last = table.size - 1.001
    for i in range(light.shape[0]):
        for channel in range(3):
            value = max(light[i, channel] * factors[channel], 0.0)
            at = min(np.sqrt(value) * scale, last)
            k = int(at)
            low = table[k]
            pixels[i, channel] = np.uint8(low + (at - k) * (table[k + 1] - low) + 0.5)
