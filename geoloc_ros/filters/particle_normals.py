# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Normal numbers from a key and a counter, compiled; twin in ``particle_kernels_numpy``."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import compiled

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_BLOCK = 1024

_ONE, _TWO, _HALF, _FOURTH = np.float32(1), np.float32(2), np.float32(0.5), np.float32(0.25)
_THREE, _FOUR = np.float32(3), np.float32(4)
_TO_UNIT, _HALF_STEP = np.float32(2.0**-32), np.float32(2.0**-33)
_ANGLE = np.float32(2.0 * math.pi)
_LN2 = np.float32(math.log(2.0))
# log((1 + s) / (1 - s)) = 2 s (1 + s^2/3 + s^4/5 + ...)
_L3, _L5 = np.float32(1.0 / 3.0), np.float32(1.0 / 5.0)
_L7, _L9 = np.float32(1.0 / 7.0), np.float32(1.0 / 9.0)
_S3, _S5, _S7 = np.float32(-1.0 / 6.0), np.float32(1.0 / 120.0), np.float32(-1.0 / 5040.0)
_S9 = np.float32(1.0 / 362880.0)
_C4, _C6, _C8 = np.float32(1.0 / 24.0), np.float32(-1.0 / 720.0), np.float32(1.0 / 40320.0)
_C10 = np.float32(-1.0 / 3628800.0)
# Bits of sqrt(1/2): taken off, they leave the exponent of a mantissa in [0.707, 1.414).
_ROOT_BITS = np.int32(0x3F3504F3)
_MANTISSA, _EXPONENT = np.int32(0x7FFFFF), np.int32(23)


@compiled(fastmath=True)
def _bits(
    first: np.uint64, radius: npt.NDArray[np.float32], turn: npt.NDArray[np.float32]
) -> None:
    """Uniform numbers: ``radius`` in (0, 1], ``turn`` in [0, 1]."""
    for i in range(radius.size):
        z = first + np.uint64(i) * _GAMMA
        z = (z ^ (z >> _S30)) * _FIRST
        z = (z ^ (z >> _S27)) * _SECOND
        z = z ^ (z >> _S31)
        radius[i] = np.float32(z & _LOW) * _TO_UNIT + _HALF_STEP
        turn[i] = np.float32(z >> _S32) * _TO_UNIT


@compiled(fastmath=True)
def _radii(
    bits: npt.NDArray[np.int32],
    mantissa_bits: npt.NDArray[np.int32],
    mantissa: npt.NDArray[np.float32],
    exponent: npt.NDArray[np.float32],
    radius: npt.NDArray[np.float32],
) -> None:
    """sqrt(-2 log u) of numbers in (0, 1] given by their bits, into ``radius``.

    ``bits`` may view ``radius``, ``mantissa`` views ``mantissa_bits``; no loop reads one view and
    writes the other, which would keep it from being vectorised.
    """
    for i in range(bits.size):
        shifted = bits[i] - _ROOT_BITS
        mantissa_bits[i] = (shifted & _MANTISSA) + _ROOT_BITS
        exponent[i] = np.float32(shifted >> _EXPONENT)
    for i in range(radius.size):
        f = mantissa[i] - _ONE
        s = f / (f + _TWO)
        w = s * s
        log = _TWO * s * (_ONE + w * (_L3 + w * (_L5 + w * (_L7 + w * _L9))))
        log += exponent[i] * _LN2
        radius[i] = math.sqrt(-_TWO * log)  # the log of at most 1.0 is never positive


@compiled(fastmath=True)
def _rotate(
    radius: npt.NDArray[np.float32],
    turn: npt.NDArray[np.float32],
    first: npt.NDArray[np.float32],
    second: npt.NDArray[np.float32],
) -> None:
    """Radius times cosine and sine of the turn."""
    for i in range(radius.size):
        quarter = np.floor(turn[i] * _FOUR + _HALF)
        r = (turn[i] - quarter * _FOURTH) * _ANGLE
        z = r * r
        s = r + r * z * (_S3 + z * (_S5 + z * (_S7 + z * _S9)))
        c = _ONE + z * (-_HALF + z * (_C4 + z * (_C6 + z * (_C8 + z * _C10))))
        swap = (quarter == _ONE) | (quarter == _THREE)
        cosine = s if swap else c
        sine = c if swap else s
        cosine = -cosine if (quarter == _ONE) | (quarter == _TWO) else cosine
        sine = -sine if (quarter == _TWO) | (quarter == _THREE) else sine
        first[i] = radius[i] * cosine
        second[i] = radius[i] * sine


@compiled(fastmath=True)
def fill_normals(key: np.uint64, out: npt.NDArray[np.float32]) -> None:
    """Fill ``out``, of even size, with normal numbers; see the numpy twin."""
    half = out.size // 2
    radius, turn = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    mantissa_bits, exponent = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.float32)
    bits, mantissa = radius.view(np.int32), mantissa_bits.view(np.float32)
    for begin in range(0, half, _BLOCK):
        size = min(_BLOCK, half - begin)
        _bits(key + np.uint64(begin + 1) * _GAMMA, radius[:size], turn[:size])
        _radii(bits[:size], mantissa_bits, mantissa, exponent, radius[:size])
        end = half + begin
        _rotate(radius[:size], turn[:size], out[begin : begin + size], out[end : end + size])
