# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where a matcher looks: a circle about the belief, or about the last fix."""

from __future__ import annotations

import bisect
import dataclasses
import math

import numpy as np

from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.observations.cross_view_settings import SearchSettings
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    FloatArray,
    seconds_between,
)

_KEPT_S = 10.0
_VELOCITY_OVER_S = 0.5
_CREDIBLE_SIGMA_M = (0.01, 1e4)
#: The circle about a belief reaches the last fix and this many of its standard deviations beyond.
_REACH_SIGMAS = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class BelievedPose:
    """What a filter, or a receiver, said of the vehicle at one instant, in ``map``.

    ``yaw_rad`` is ``None`` where it says nothing of heading.
    """

    stamp_ns: int
    x_m: float
    y_m: float
    sigma_m: float
    yaw_rad: float | None = None
    yaw_sigma_rad: float = math.inf


@dataclasses.dataclass(frozen=True, slots=True)
class SearchCircle:
    """Where to look, in ``map``; ``yaw_rad`` is ``None`` where nobody knows the heading."""

    x_m: float
    y_m: float
    radius_m: float
    yaw_rad: float | None
    yaw_sigma_rad: float


def largest_sigma_m(covariance: FloatArray) -> float:
    """Standard deviation along the widest axis of the position, NaN for no covariance."""
    position = np.asarray(covariance, dtype=np.float64)[:2, :2]
    if not np.all(np.isfinite(position)):
        return math.nan
    return math.sqrt(max(float(np.linalg.eigvalsh(position)[-1]), 0.0))


class SearchArea:
    """Keeps what was believed lately and says where to look for a picture."""

    def __init__(self, settings: SearchSettings) -> None:
        self._settings = settings
        self._beliefs: list[BelievedPose] = []
        self._fixes: list[BelievedPose] = []

    def clear(self) -> None:
        """Forget everything (another datum, a clock that went back)."""
        self._beliefs.clear()
        self._fixes.clear()

    def note_belief(self, pose: BelievedPose) -> None:
        """Remember what the filter said; a stamp far behind the newest starts anew."""
        _keep(self._beliefs, pose)

    def note_fix(self, fix: BelievedPose) -> None:
        """Remember where the receiver was; a sigma that cannot be is that of the settings."""
        low, high = _CREDIBLE_SIGMA_M
        if not low <= fix.sigma_m <= high:
            fix = dataclasses.replace(fix, sigma_m=self._settings.gps_sigma_m)
        _keep(self._fixes, fix)

    def circle(self, stamp_ns: int) -> SearchCircle | None:
        """Where to look for a picture of this instant; ``None`` where nobody knows.

        The radius is that of the wider of GNSS and belief, within the limits of the settings. It
        grows where the two disagree, so that a belief that went astray sees the truth again. The
        belief's error counts once: it says where to look and never multiplies a score.
        """
        settings = self._settings
        lag_ns = round(settings.lag_s * NANOSECONDS_PER_SECOND)
        fix = self._newest(self._fixes, stamp_ns, stamp_ns)
        belief = self._newest(self._beliefs, stamp_ns - lag_ns, stamp_ns)
        centre = belief or fix
        if centre is None:
            return None
        sigma_m = max(pose.sigma_m for pose in (belief, fix) if pose is not None)
        x_m, y_m = self._moved(centre, stamp_ns) if belief else (centre.x_m, centre.y_m)
        radius_m = settings.sigmas * sigma_m
        if belief is not None and fix is not None:
            radius_m = max(radius_m, self._reach_m(fix, belief))
        radius_m = min(max(radius_m, settings.min_radius_m), settings.max_radius_m)
        return SearchCircle(x_m, y_m, radius_m, centre.yaw_rad, centre.yaw_sigma_rad)

    def _reach_m(self, fix: BelievedPose, belief: BelievedPose) -> float:
        """Distance that covers a fix, by where the belief was at the time of the fix."""
        until_ns = min(fix.stamp_ns, belief.stamp_ns)
        then = self._newest(self._beliefs, until_ns, fix.stamp_ns)
        if then is None:  # nobody knows whether they disagree
            return 0.0
        x_m, y_m = self._moved(then, fix.stamp_ns)
        return math.hypot(fix.x_m - x_m, fix.y_m - y_m) + _REACH_SIGMAS * fix.sigma_m

    def _newest(
        self, poses: list[BelievedPose], until_ns: int, stamp_ns: int
    ) -> BelievedPose | None:
        place = bisect.bisect_right(poses, until_ns, key=lambda pose: pose.stamp_ns)
        if not place:
            return None
        found = poses[place - 1]
        is_young = seconds_between(found.stamp_ns, stamp_ns) <= self._settings.max_age_s
        return found if is_young else None

    def _moved(self, belief: BelievedPose, stamp_ns: int) -> tuple[float, float]:
        """A belief moved on by the velocity it had, on the circle its yaw rate makes."""
        before = self._newest(
            self._beliefs,
            belief.stamp_ns - round(_VELOCITY_OVER_S * NANOSECONDS_PER_SECOND),
            belief.stamp_ns,
        )
        if before is None:
            return belief.x_m, belief.y_m
        past_s = seconds_between(before.stamp_ns, belief.stamp_ns)
        ahead_s = seconds_between(belief.stamp_ns, stamp_ns)
        step = np.array((belief.x_m - before.x_m, belief.y_m - before.y_m)) * (ahead_s / past_s)
        turn = 0.0
        if belief.yaw_rad is not None and before.yaw_rad is not None:
            rate = wrap_angle(belief.yaw_rad - before.yaw_rad) / past_s
            turn = rate * 0.5 * (past_s + ahead_s)
        cosine, sine = math.cos(turn), math.sin(turn)
        return (
            belief.x_m + cosine * float(step[0]) - sine * float(step[1]),
            belief.y_m + sine * float(step[0]) + cosine * float(step[1]),
        )


def _keep(poses: list[BelievedPose], pose: BelievedPose) -> None:
    """Insert by stamp; forget what is old; of two at one stamp the later word counts."""
    if not all(map(math.isfinite, (pose.x_m, pose.y_m, pose.sigma_m))):
        return
    if poses and seconds_between(pose.stamp_ns, poses[-1].stamp_ns) > _KEPT_S:
        poses.clear()  # the clock went back
    place = bisect.bisect_left(poses, pose.stamp_ns, key=lambda one: one.stamp_ns)
    if place < len(poses) and poses[place].stamp_ns == pose.stamp_ns:
        poses[place] = pose
    else:
        poses.insert(place, pose)
    while seconds_between(poses[0].stamp_ns, poses[-1].stamp_ns) > _KEPT_S:
        poses.pop(0)
