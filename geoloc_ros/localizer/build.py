# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Builds a localizer from its name and settings."""

from __future__ import annotations

import numpy as np

from geoloc_ros.errors import SettingError
from geoloc_ros.filters.interface import Filter
from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.localizer.settings import (
    KalmanLocalizerSettings,
    LocalizerSettings,
    ParticleLocalizerSettings,
)

#: Settings type of every filter that can be asked for by name.
SETTINGS_TYPES: dict[str, type[LocalizerSettings]] = {
    'particle': ParticleLocalizerSettings,
    'kalman': KalmanLocalizerSettings,
}


def settings_type(filter_name: str) -> type[LocalizerSettings]:
    """Settings of the localizer with the filter of this name.

    Raises:
        SettingError: no filter has that name.
    """
    try:
        return SETTINGS_TYPES[filter_name]
    except KeyError as error:
        raise SettingError(
            f'there is no filter {filter_name!r}; expected one of {", ".join(SETTINGS_TYPES)}'
        ) from error


def build_localizer(settings: LocalizerSettings, seed: int) -> Localizer:
    """A localizer with the filter that ``settings`` is made for.

    Args:
        settings: ``ParticleLocalizerSettings`` or ``KalmanLocalizerSettings``.
        seed: of the one random generator everything in it draws from.

    Raises:
        SettingError: the settings belong to no known filter.
    """
    return Localizer(settings, _build_filter(settings, np.random.default_rng(seed)))


def _build_filter(settings: LocalizerSettings, rng: np.random.Generator) -> Filter:
    if isinstance(settings, ParticleLocalizerSettings):
        return ParticleFilter(settings.particle, rng)
    if isinstance(settings, KalmanLocalizerSettings):
        return KalmanFilter(settings.kalman, rng)
    raise SettingError(
        f'settings of type {type(settings).__name__} belong to no filter; expected one of '
        f'{", ".join(kind.__name__ for kind in SETTINGS_TYPES.values())}'
    )
