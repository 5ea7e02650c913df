# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The particle filter in its two presets behind one name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geoloc_ros.filters.interface import Filter
from geoloc_ros.filters.particle_paper import PaperParticleFilter
from geoloc_ros.filters.particle_robust import RobustParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.types import Estimate, FloatArray, Motion, Observation, PosePrior, UpdateResult

_PRESETS: dict[str, Callable[[ParticleSettings, np.random.Generator], Filter]] = {
    'robust': RobustParticleFilter,
    'paper': PaperParticleFilter,
}


class ParticleFilter:
    """A particle filter over the planar pose; ``settings.preset`` says which.

    See ``RobustParticleFilter`` (the default) and ``PaperParticleFilter`` for what each does.
    Equal settings, seeds and inputs give equal outputs, with either kind of kernels up to
    rounding.
    """

    def __init__(self, settings: ParticleSettings, rng: np.random.Generator) -> None:
        """Make the filter; the first one in a process loads (or compiles) its kernels.

        Args:
            settings: checked parameters.
            rng: random stream, used by this filter alone from here on.

        Raises:
            SettingError: the kernels asked for cannot be loaded.
        """
        self.settings = settings
        self._preset = _PRESETS[settings.preset](settings, rng)

    @property
    def initialized(self) -> bool:
        """Whether ``initialize`` has been called."""
        return self._preset.initialized

    @property
    def stamp_ns(self) -> int:
        """Time the state holds at."""
        return self._preset.stamp_ns

    def initialize(self, prior: PosePrior) -> None:
        """Forget everything and start from ``prior``."""
        self._preset.initialize(prior)

    def predict(self, to_stamp_ns: int, motion: Motion | None = None) -> None:
        """Move the belief forward to ``to_stamp_ns``."""
        self._preset.predict(to_stamp_ns, motion)

    def update(self, observation: Observation) -> UpdateResult:
        """Weigh the belief by an observation at the filter's own stamp."""
        return self._preset.update(observation)

    def estimate(self) -> Estimate:
        """The belief at ``stamp_ns`` as numbers; changes nothing."""
        return self._preset.estimate()

    def particles(self, count: int) -> FloatArray:
        """Up to ``count`` sample poses (x m, y m, yaw rad), shape (n, 3)."""
        return self._preset.particles(count)

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts the filter (state and random stream) back as it is now."""
        return self._preset.checkpoint()
