# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A few particles elsewhere, for the case that the cloud has settled in a wrong place.

A cloud that good odometry keeps narrow has no particle where a map says that the vehicle is, and
cannot follow however often the map says so. The mixture's second part, "the belief is wrong and
the vehicle is somewhere around", is therefore sampled too, with as little weight as it is likely:
one field of scores changes nothing, several that agree do (compare sensor resetting: Lenser and
Veloso, ICRA 2000; Thrun et al., Mixture-MCL, Artificial Intelligence 2001).
"""

from __future__ import annotations

import numpy as np

from geoloc_ros.filters.particle_backend import ParticleKernels
from geoloc_ros.filters.particle_noise import standard_normals
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.filters.particle_state import YAW_ROW, ParticleCloud, wrap

#: One particle in so many is moved.
_EVERY = 20


def with_jumps(
    cloud: ParticleCloud,
    settings: ParticleSettings,
    rng: np.random.Generator,
    kernels: ParticleKernels,
) -> ParticleCloud:
    """The cloud with one particle in 20 moved away from where it was.

    Args:
        cloud: of any weights.
        settings: how far, how turned, and the probability of all that are moved.
        rng: draws which, and where to.
        kernels: code to run.

    Returns:
        A cloud of the same size; those moved weigh ``jump_probability`` of the whole together.
    """
    if settings.jump_probability <= 0.0:
        return cloud
    moved = slice(int(rng.integers(_EVERY)), None, _EVERY)
    columns = cloud.columns.copy()
    count = columns[0, moved].size
    if count == 0:
        return cloud
    normals = standard_normals(rng, 3, count, kernels)
    columns[:2, moved] += settings.jump_sigma_m * normals[:2]
    columns[YAW_ROW, moved] = wrap(
        columns[YAW_ROW, moved] + settings.jump_yaw_sigma_rad * normals[2]
    )
    weights = cloud.weights()
    weights[moved] = 0.0
    total = float(weights.sum())
    if total <= 0.0:
        return cloud
    weights *= (1.0 - settings.jump_probability) / total
    weights[moved] = settings.jump_probability / count
    with np.errstate(divide='ignore'):
        return ParticleCloud(columns, np.log(weights))
