# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which code runs the particle filter's inner loops: numba where installed, numpy otherwise."""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import SettingError
from geoloc_ros.types import FloatArray

#: Environment variable that says which kernels ``auto`` means.
KERNELS_VARIABLE = 'GEOLOC_PARTICLE_KERNELS'
KERNEL_NAMES = ('numba', 'numpy')


class ParticleKernels(Protocol):
    """The inner loops; described in ``particle_kernels_numpy``."""

    def propagate(
        self,
        columns: FloatArray,
        normals: npt.NDArray[np.float32],
        duration_s: float,
        distance_m: float,
        rotation_rad: float,
        end_speed_m_s: float,
        distance_sigma_m: float,
        rotation_sigma_rad: float,
        speed_sigma_m_s: float,
        steering_sigma_rad: float,
        position_sigma_m: float,
        full_speed_m_s: float,
        reverse_max_m_s: float,
        scale_sigma: float,
        bias_sigma_rad_s: float,
        /,
    ) -> FloatArray:
        """Particles after one motion step."""
        ...

    def fill_normals(self, key: np.uint64, out: npt.NDArray[np.float32], /) -> None:
        """Fill ``out``, of even size, with normal numbers that ``key`` determines."""
        ...

    def squared_distances(
        self,
        columns: FloatArray,
        east_m: float,
        north_m: float,
        forward_m: float,
        left_m: float,
        information: FloatArray,
        /,
    ) -> FloatArray:
        """Squared distance of each particle's antenna from a position."""
        ...

    def copies(self, weights: FloatArray, offset: float, /) -> npt.NDArray[np.int64]:
        """How often systematic resampling takes each particle."""
        ...

    def resample(self, columns: FloatArray, weights: FloatArray, offset: float, /) -> FloatArray:
        """Particles drawn in proportion to weight."""
        ...

    def centred(self, columns: FloatArray, /) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Equally weighted particles as deviations from a centre; centre; covariance."""
        ...

    def moments(
        self, columns: FloatArray, weights: FloatArray, /
    ) -> tuple[FloatArray, FloatArray]:
        """Weighted mean and covariance with yaw on the circle."""
        ...


def load_kernels(name: str = 'auto') -> ParticleKernels:
    """The kernels by name, compiled and ready: the first call in a process may take seconds.

    Args:
        name: 'numba', 'numpy', or 'auto': what the environment variable
            ``GEOLOC_PARTICLE_KERNELS`` says, else numba where installed, else numpy.

    Raises:
        SettingError: the name is unknown, or numba was asked for and is not installed.
    """
    if name == 'auto':
        name = os.environ.get(KERNELS_VARIABLE, 'auto')
    if name == 'auto':
        name = 'numba' if importlib.util.find_spec('numba') is not None else 'numpy'
    if name not in KERNEL_NAMES:
        raise SettingError(
            f'particle kernels {name!r} are unknown; expected auto, {" or ".join(KERNEL_NAMES)} '
            f'(parameter filter.kernels, or {KERNELS_VARIABLE} in the environment)'
        )
    return _load(name)


@functools.cache
def _load(name: str) -> ParticleKernels:
    if name == 'numpy':
        from geoloc_ros.filters import particle_kernels_numpy

        return cast('ParticleKernels', particle_kernels_numpy)
    from geoloc_ros.compiled import COMPILED

    if not COMPILED:
        raise SettingError(
            "particle kernels 'numba' were asked for, but numba cannot be imported; install "
            'numba, or set kernels to auto or numpy'
        )
    from geoloc_ros.filters import particle_kernels

    kernels = cast('ParticleKernels', particle_kernels)
    warm_up(kernels)
    return kernels


def warm_up(kernels: ParticleKernels) -> None:
    """Run every kernel once on a few particles, so that nothing is compiled while driving."""
    for rows in (4, 6):
        columns = np.zeros((rows, 2))
        normals = np.zeros((rows, 2), dtype=np.float32)
        kernels.propagate(columns, normals, 1.0, *(np.nan,) * 3, *(0.1,) * 9)
    kernels.fill_normals(np.uint64(1), np.empty(2, dtype=np.float32))
    kernels.centred(columns)
    kernels.squared_distances(columns, 0.0, 0.0, 0.0, 0.0, np.eye(2))
    kernels.copies(np.full(2, 0.5), 0.5)
    kernels.resample(columns, np.full(2, 0.5), 0.5)
    kernels.moments(columns, np.full(2, 0.5))
