# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What every filter can do; the localizer and the delay buffer know nothing else of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from geoloc_ros.types import Estimate, Motion, Observation, PosePrior, UpdateResult


class Filter(Protocol):
    """A recursive Bayes filter over the planar pose of a ground vehicle.

    A filter reads no clock and logs nothing. ``predict`` and ``update`` replace state by new
    arrays and never write into old ones, so that ``checkpoint`` costs no copy.
    """

    @property
    def initialized(self) -> bool:
        """Whether ``initialize`` has been called."""
        ...

    @property
    def stamp_ns(self) -> int:
        """Time the state holds at.

        Raises:
            FilterStateError: before ``initialize``.
        """
        ...

    def initialize(self, prior: PosePrior) -> None:
        """Forget everything and start from ``prior`` (also used to re-seed)."""
        ...

    def predict(self, to_stamp_ns: int, motion: Motion | None = None) -> None:
        """Move the belief forward to ``to_stamp_ns``.

        Args:
            to_stamp_ns: at or after ``stamp_ns``; equal is a no-op.
            motion: what was measured of the motion over exactly that interval; ``None`` or a
                ``Motion`` with components left out falls back on the filter's own speed and
                yaw rate with process noise.

        Raises:
            FilterStateError: not initialised, or ``to_stamp_ns`` lies before ``stamp_ns``.
        """
        ...

    def update(self, observation: Observation) -> UpdateResult:
        """Weigh the belief by an observation at the filter's own stamp."""
        ...

    def estimate(self) -> Estimate:
        """The belief at ``stamp_ns`` as numbers; changes nothing."""
        ...

    def particles(self, count: int) -> npt.NDArray[np.float64]:
        """Up to ``count`` sample poses (x m, y m, yaw rad) for display, shape (n, 3)."""
        ...

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts the filter (state and random stream) back as it is now."""
        ...


class ForgivingObservation(Observation, Protocol):
    """An observation of any shape whose likelihood is nowhere small, such as a field of scores."""

    @property
    def forgives(self) -> bool:
        """Whether its likelihood has a floor, so that being wrong once does no harm."""
        ...


def forgives(observation: Observation) -> bool:
    """Whether an observation says that it needs no gate; most say nothing of the kind."""
    return bool(getattr(observation, 'forgives', False))
