# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Has everything compiled and loaded before the first real message comes."""

from __future__ import annotations

import numpy as np

from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.settings import LocalizerSettings
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    CovarianceType,
    FixStatus,
    GeodeticPosition,
    GnssFix,
    ScoreLattice,
    TwistSample,
)

_STEPS = 40


def warm_up(settings: LocalizerSettings) -> None:
    """Drive a throw-away localizer a few seconds (numba compiles on first use)."""
    localizer = build_localizer(settings, 0)
    localizer.set_datum(GeodeticPosition(0.0, 0.0))
    for step in range(1, _STEPS + 1):
        stamp_ns = step * NANOSECONDS_PER_SECOND // 10
        localizer.push(TwistSample(stamp_ns, '', 5.0, 0.0))
        if step % 10 == 0:
            localizer.push(
                GnssFix(
                    stamp_ns,
                    '',
                    GeodeticPosition(0.0, step * 4.5e-6),
                    np.eye(3) * 9.0,
                    CovarianceType.KNOWN,
                    FixStatus.FIX,
                )
            )
            localizer.push(_scores(stamp_ns))
    localizer.estimate()
    localizer.particles(10)


def _scores(stamp_ns: int) -> ScoreLattice:
    """A flat field with four headings."""
    yaws_rad = np.pi * np.array([-0.5, 0.0, 0.5, 1.0])
    scores = np.zeros((4, 3, 3), np.float32)
    return ScoreLattice(stamp_ns, '', -50.0, -50.0, 0.0, 50.0, yaws_rad, scores)
