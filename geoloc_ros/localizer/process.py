# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the delay buffer replays: motion, observations and output stamps applied to a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import dataclasses
import math
import types
from typing import TypeAlias

import numpy as np

from geoloc_ros.filters.gating import normalised_innovation_squared
from geoloc_ros.filters.interface import Filter
from geoloc_ros.filters.motion import MotionBuffer
from geoloc_ros.observations.gnss import GnssSettings, correlation_inflation
from geoloc_ros.observations.score_field import ScoreField
from geoloc_ros.types import (
    SPEED,
    YAW,
    Estimate,
    FloatArray,
    Motion,
    Observation,
    PosePrior,
    PositionObservation,
    UpdateReason,
    UpdateResult,
    seconds_between,
)

_KNOWN_YAW_VARIANCE_RAD2 = 0.3**2
#: NIS of two dimensions that one good fix in a hundred exceeds.
_CONTRADICTION_NIS = 9.21
#: A likelihood weakened further than this is not worth a weighing.
_SMALLEST_POWER = 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class FixItem:
    """A GNSS fix ready for the filter, but for the correlation with the one before it."""

    stamp_ns: int
    source: str
    antenna_enu_m: FloatArray | None
    covariance_m2: FloatArray
    lever_arm_m: FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class ObservationItem:
    """Any other observation."""

    stamp_ns: int
    source: str
    observation: Observation


@dataclasses.dataclass(frozen=True, slots=True)
class TickItem:
    """An output stamp: the belief at this instant is wanted."""

    stamp_ns: int
    source: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class PriorItem:
    """A new start from a pose that somebody stated."""

    stamp_ns: int
    source: str
    prior: PosePrior


Item: TypeAlias = 'FixItem | ObservationItem | TickItem | PriorItem'


@dataclasses.dataclass(frozen=True, slots=True)
class ItemResult:
    """What applying an item gave: a verdict, or an estimate for an output stamp."""

    update: UpdateResult | None = None
    estimate: Estimate | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Track:
    """What is remembered between items beside the filter's own state.

    ``driven_m`` counts from the first use of scores; ``scored_at_m`` says where on that way the
    scores of each source were used last, ``settled_at_m`` where a heading that they told before
    fixes could is no longer in doubt.
    """

    last_fix_ns: Mapping[str, int] = dataclasses.field(
        default_factory=lambda: types.MappingProxyType({})
    )
    last_position_ns: int | None = None
    last_sight_ns: int | None = None
    rejections: int = 0
    driven_m: float = 0.0
    settled_at_m: float = 0.0
    scored_at_m: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: types.MappingProxyType({})
    )


class FusionProcess:
    """Applies items in time order; implements ``filters.delay_buffer.Replayable``.

    Args:
        filter_: the filter, not yet initialised.
        motion: where odometry and IMU samples are kept.
        gnss: how fixes are used.
        step_ns: predictions end at whole multiples of this.
    """

    def __init__(
        self, filter_: Filter, motion: MotionBuffer, gnss: GnssSettings, step_ns: int
    ) -> None:
        self._filter = filter_
        self._step_ns = step_ns
        self._motion = motion
        self._gnss = gnss
        self._restore_blank = filter_.checkpoint()
        self._track = Track()
        self._revision = 0

    @property
    def revision(self) -> int:
        """Counts every change of the filter or of what is remembered."""
        return self._revision

    @property
    def track(self) -> Track:
        """What is remembered of the past."""
        return self._track

    def forget(self) -> None:
        """Back to a filter that was never initialised."""
        self._revision += 1
        self._restore_blank()
        self._track = Track()

    def apply(self, item: Item) -> ItemResult:
        """Predict to the item's stamp, then use it."""
        self._revision += 1
        if isinstance(item, PriorItem):
            self._filter.initialize(item.prior)
            self._track = Track(last_position_ns=item.stamp_ns)
            return ItemResult(UpdateResult(True, math.nan, UpdateReason.ACCEPTED))
        if self._filter.initialized:
            self._predict(item.stamp_ns)
        if isinstance(item, TickItem):
            estimate = self._filter.estimate() if self._filter.initialized else None
            return ItemResult(estimate=estimate)
        if isinstance(item, FixItem):
            return ItemResult(self._apply_fix(item))
        return ItemResult(self._apply_observation(item))

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts filter and memory back as they are now."""
        restore_filter = self._filter.checkpoint()
        track = self._track

        def restore() -> None:
            self._revision += 1
            restore_filter()
            self._track = track

        return restore

    def _predict(self, to_stamp_ns: int) -> None:
        """Predict in steps that end at whole multiples of the step, whatever is asked for when.

        So turns within a long interval are followed, and neither the output stamps nor the order
        of arrival change the belief.
        """
        while self._filter.stamp_ns < to_stamp_ns:
            from_ns = self._filter.stamp_ns
            step_end_ns = (from_ns // self._step_ns + 1) * self._step_ns
            until_ns = min(step_end_ns, to_stamp_ns)
            motion = self._motion.between(from_ns, until_ns)
            if self._track.scored_at_m:
                self._count_distance(motion)
            self._filter.predict(until_ns, motion)

    def _count_distance(self, motion: Motion) -> None:
        """Remember how far the vehicle drives: as measured, else by the filter's own speed.

        That is its root mean square: while nobody knows which way it drives the mean may be 0.
        """
        distance_m = motion.distance_m
        if distance_m is None:
            estimate = self._filter.estimate()
            sigma = math.sqrt(max(float(estimate.covariance[SPEED, SPEED]), 0.0))
            distance_m = math.hypot(estimate.speed_m_s, sigma) * motion.duration_s
        driven_m = self._track.driven_m + abs(distance_m)
        self._track = dataclasses.replace(self._track, driven_m=driven_m)

    def _apply_fix(self, item: FixItem) -> UpdateResult:
        if not self._filter.initialized:
            return self._start_from(item)
        result = self._filter.update(self._position_observation(item))
        if item.antenna_enu_m is not None:
            last_fix_ns = types.MappingProxyType(
                {**self._track.last_fix_ns, item.source: item.stamp_ns}
            )
            self._track = dataclasses.replace(self._track, last_fix_ns=last_fix_ns)
        self._remember_position(item.stamp_ns, result)
        return result

    def _remember_position(self, stamp_ns: int, result: UpdateResult) -> None:
        if result.reason is UpdateReason.RESEEDED:  # a new start, whose heading is open again
            self._track = dataclasses.replace(
                self._track,
                driven_m=0.0,
                settled_at_m=0.0,
                scored_at_m=types.MappingProxyType({}),
            )
        if result.accepted:
            self._track = dataclasses.replace(self._track, last_position_ns=stamp_ns, rejections=0)
        elif result.reason is UpdateReason.GATED:
            self._track = dataclasses.replace(self._track, rejections=self._track.rejections + 1)

    def _start_from(self, item: FixItem) -> UpdateResult:
        if item.antenna_enu_m is None:
            return UpdateResult(False, math.nan, UpdateReason.NO_FIX)
        lever_m2 = float(item.lever_arm_m @ item.lever_arm_m)
        speed = self._motion.speed_at(item.stamp_ns)
        self._filter.initialize(
            PosePrior(
                item.stamp_ns,
                float(item.antenna_enu_m[0]),
                float(item.antenna_enu_m[1]),
                item.covariance_m2 + lever_m2 * np.eye(2),
                speed_m_s=None if speed is None else speed[0],
                speed_variance_m2_s2=0.0 if speed is None else speed[1],
            )
        )
        self._track = Track(
            last_fix_ns=types.MappingProxyType({item.source: item.stamp_ns}),
            last_position_ns=item.stamp_ns,
        )
        return UpdateResult(True, math.nan, UpdateReason.ACCEPTED)

    def _position_observation(self, item: FixItem) -> PositionObservation:
        last_ns = self._track.last_fix_ns.get(item.source)
        full = self._inflated(item, 1.0)
        if last_ns is None or self._heading_is_unknown():
            return full
        if self._is_settling() and self._contradicts(full):
            return full
        elapsed_s = seconds_between(last_ns, item.stamp_ns)
        moving_s = self._gnss.correlation_time_s
        standing_s = max(moving_s, self._gnss.standstill_correlation_time_s)
        moving = self._inflated(item, correlation_inflation(elapsed_s, moving_s))
        if not self._motion.stands_at(item.stamp_ns) or self._contradicts(moving):
            return moving
        return self._inflated(item, correlation_inflation(elapsed_s, standing_s))

    def _contradicts(self, observation: PositionObservation) -> bool:
        """Whether a fix disagrees with the belief, as where wheels wrongly say that it stands.

        The long correlation at standstill would let any fix pass the gate without any weight; so
        would that of a drive where the first pictures told a wrong heading.
        """
        estimate = self._filter.estimate()
        form = observation.gaussian(estimate.state)
        if form is None:
            return False
        covariance = form.jacobian @ estimate.covariance @ form.jacobian.T
        nis = normalised_innovation_squared(form.innovation, covariance + form.noise_covariance)
        return nis > _CONTRADICTION_NIS

    def _inflated(self, item: FixItem, inflation: float) -> PositionObservation:
        return PositionObservation(
            item.stamp_ns,
            item.source,
            item.antenna_enu_m,
            item.covariance_m2 * inflation,
            item.lever_arm_m,
            self._gnss.outlier_probability,
            self._gnss.outlier_radius_m,
        )

    def _heading_is_unknown(self) -> bool:
        """Whether the fixes must still tell the heading.

        It comes from the differences of fixes, in which errors that last cancel: to weaken the
        fixes for their correlation would only delay it.
        """
        return bool(self._filter.estimate().covariance[YAW, YAW] > _KNOWN_YAW_VARIANCE_RAD2)

    def _is_settling(self) -> bool:
        """Whether fixes may still disprove a heading that pictures told first."""
        return self._track.driven_m < self._track.settled_at_m

    def _apply_observation(self, item: ObservationItem) -> UpdateResult:
        if not self._filter.initialized:
            return UpdateResult(False, math.nan, UpdateReason.NO_FIX)
        observation = item.observation
        if isinstance(observation, ScoreField):
            thinned = self._thinned(observation)
            if thinned is None:
                self._track = dataclasses.replace(self._track, last_sight_ns=item.stamp_ns)
                return UpdateResult(False, math.nan, UpdateReason.THINNED)
            observation = self._in_doubt(thinned)
            settled_at_m = self._settled_at_m(thinned)
        result = self._filter.update(observation)
        if result.accepted:
            self._track = dataclasses.replace(
                self._track, last_position_ns=item.stamp_ns, last_sight_ns=item.stamp_ns
            )
            if isinstance(observation, ScoreField):
                self._remember_scores(item.source, settled_at_m)
        return result

    def _thinned(self, field: ScoreField) -> ScoreField | None:
        """A field for what it adds to the one used before; ``None`` where that is nothing."""
        before_m = self._track.scored_at_m.get(field.source)
        settings = field.settings
        if before_m is None or settings.thinning == 'none':
            return field
        driven_m = self._track.driven_m - before_m
        if settings.thinning == 'distance':
            return field if driven_m >= settings.thinning_m else None
        power = temper_power(driven_m, settings.thinning_m)
        return field.tempered(power) if power >= _SMALLEST_POWER else None

    def _in_doubt(self, field: ScoreField) -> ScoreField:
        """The field, weakened at a start without heading: the first pictures may err alike.

        A street looks like its continuation, and like the next one; several pictures of it then
        agree on a wrong heading, which only driving disproves.
        """
        if self._track.driven_m < self._settled_at_m(field):
            return field.tempered(field.power * field.settings.settling_power)
        return field

    def _settled_at_m(self, field: ScoreField) -> float:
        """Where the heading is no longer in doubt, once this field has been used."""
        if self._track.scored_at_m:
            return self._track.settled_at_m
        doubt_m = field.settings.settling_m if self._heading_is_unknown() else 0.0
        return self._track.driven_m + doubt_m

    def _remember_scores(self, source: str, settled_at_m: float) -> None:
        scored_at_m = {**self._track.scored_at_m, source: self._track.driven_m}
        self._track = dataclasses.replace(
            self._track,
            settled_at_m=settled_at_m,
            scored_at_m=types.MappingProxyType(scored_at_m),
        )


def temper_power(driven_m: float, correlation_m: float) -> float:
    """Exponent for a likelihood whose errors are correlated with those of the one before.

    (1 - r) / (1 + r) with r = exp(-driven / correlation): so much less than independent ones do
    correlated observations tell of their mean (as ``gnss.correlation_inflation``).
    """
    if correlation_m <= 0.0:
        return 1.0
    return math.tanh(0.5 * driven_m / correlation_m)
