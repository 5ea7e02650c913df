# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Turns measurements into items for the filter, and says what is wrong with those it cannot."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

import numpy as np

from geoloc_ros.errors import GeodesyError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.process import FixItem, ObservationItem
from geoloc_ros.localizer.result import LocalizerWarning, WarningKind
from geoloc_ros.localizer.settings import LocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.observations.gnss import check_position, checked_covariance, has_fix
from geoloc_ros.observations.pose import pose_observation
from geoloc_ros.observations.score_field import ScoreField, ScoreFieldSettings, check_lattice
from geoloc_ros.types import (
    FloatArray,
    GnssFix,
    Observation,
    OdometryPose,
    PoseMeasurement,
    ScoreLattice,
    TwistSample,
    UpdateReason,
    seconds_between,
)

Measurement: TypeAlias = (
    'GnssFix | TwistSample | OdometryPose | PoseMeasurement | ScoreLattice | Observation'
)

_FAR_FROM_DATUM_M = 100_000.0


class Rejection(Exception):  # noqa: N818 - it is caught within this package, and is no failure
    """A measurement that cannot be used, as a warning for people."""

    def __init__(
        self, kind: WarningKind, text: str, reason: UpdateReason = UpdateReason.INVALID
    ) -> None:
        super().__init__(text)
        self.warning = LocalizerWarning(kind, text)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True)
class PreparedFix:
    """A fix as an item, and what was odd about it."""

    item: FixItem
    warning: LocalizerWarning | None


def prepare_fix(
    fix: GnssFix, datum: Datum, lever_arm_m: FloatArray, settings: LocalizerSettings
) -> PreparedFix:
    """A fix in ``map``; one without a position becomes an item without one.

    Raises:
        Rejection: the position or the covariance cannot be used.
    """
    if not has_fix(fix, settings.gnss):
        item = FixItem(fix.stamp_ns, fix.source, None, np.eye(2), lever_arm_m)
        text = f'{fix.source!r} has no fix (status {int(fix.status)})'
        return PreparedFix(item, LocalizerWarning(WarningKind.NO_FIX, text))
    checked = checked_position_covariance(fix, settings)
    position = fix.position
    if not math.isfinite(position.alt_m):  # a receiver with a 2-D fix
        position = dataclasses.replace(position, alt_m=datum.origin.alt_m)
    try:
        enu_m = datum.enu_from_geodetic(position)
    except GeodesyError as error:
        raise Rejection(WarningKind.OFF_EARTH, str(error)) from error
    warning = checked[1]
    if math.hypot(enu_m[0], enu_m[1]) > _FAR_FROM_DATUM_M:
        warning = LocalizerWarning(
            WarningKind.FAR_FROM_DATUM,
            f'fix from {fix.source!r} lies {math.hypot(enu_m[0], enu_m[1]) / 1000.0:.0f} km from '
            'the datum; the map frame is meant for less than 100 km: set the datum nearer',
        )
    item = FixItem(fix.stamp_ns, fix.source, enu_m[:2].copy(), checked[0], lever_arm_m)
    return PreparedFix(item, warning)


def checked_position_covariance(
    fix: GnssFix, settings: LocalizerSettings
) -> tuple[FloatArray, LocalizerWarning | None]:
    """Covariance of a fix whose position is checked too.

    Raises:
        Rejection: one of them cannot be used.
    """
    try:
        check_position(fix)
    except MeasurementError as error:
        finite = math.isfinite(fix.position.lat_deg) and math.isfinite(fix.position.lon_deg)
        kind = WarningKind.OFF_EARTH if finite else WarningKind.NOT_FINITE
        raise Rejection(kind, str(error)) from error
    try:
        checked = checked_covariance(fix, settings.gnss)
    except MeasurementError as error:
        raise Rejection(WarningKind.BAD_COVARIANCE, str(error)) from error
    if not checked.remark:
        return checked.covariance_m2, None
    return checked.covariance_m2, LocalizerWarning(WarningKind.BAD_COVARIANCE, checked.remark)


def prepare_observation(
    measurement: PoseMeasurement | ScoreLattice | Observation, settings: LocalizerSettings
) -> ObservationItem:
    """What sees a place, as an item; an observation is taken as it is.

    Raises:
        Rejection: it cannot be used.
    """
    if isinstance(measurement, PoseMeasurement):
        return prepare_pose(measurement, settings)
    if isinstance(measurement, ScoreLattice):
        return prepare_scores(measurement, settings)
    return ObservationItem(measurement.stamp_ns, measurement.source, measurement)


def prepare_pose(measurement: PoseMeasurement, settings: LocalizerSettings) -> ObservationItem:
    """An external pose as an item.

    Raises:
        Rejection: it is not finite, its covariance is no covariance, or it is not in ``map``.
    """
    if measurement.frame_id.lstrip('/') not in ('map', ''):
        raise Rejection(
            WarningKind.WRONG_FRAME,
            f'pose from {measurement.source!r} is in frame {measurement.frame_id!r}; expected '
            "'map': transform it before publishing it",
        )
    try:
        observation = pose_observation(measurement, settings.pose_observation)
    except MeasurementError as error:
        finite = math.isfinite(measurement.x_m) and math.isfinite(measurement.y_m)
        kind = WarningKind.BAD_COVARIANCE if finite else WarningKind.NOT_FINITE
        raise Rejection(kind, str(error)) from error
    return ObservationItem(measurement.stamp_ns, measurement.source, observation)


def prepare_scores(lattice: ScoreLattice, settings: LocalizerSettings) -> ObservationItem:
    """Scores of a matcher as an item.

    Raises:
        Rejection: they are no field of scores, or nobody knows what they are worth here.
    """
    used = score_settings(settings)
    try:
        check_lattice(lattice)
    except MeasurementError as error:
        raise Rejection(WarningKind.UNREADABLE, str(error)) from error
    if not (lattice.calibrated or used.accept_uncalibrated):
        raise Rejection(
            WarningKind.UNCALIBRATED,
            f'scores from {lattice.source!r} come from weights of another domain, or a drive has '
            'shown that they are no likelihoods, and are left out; expected calibrated ones: run '
            '"geoloc calibrate" on a drive of your own, say input_domain simulation where the '
            'pictures are simulated, or set scores.accept_uncalibrated',
            UpdateReason.UNCALIBRATED,
        )
    return ObservationItem(lattice.stamp_ns, lattice.source, ScoreField(lattice, used))


def score_settings(settings: LocalizerSettings) -> ScoreFieldSettings:
    """How scores are used; as printed with the paper's filter.

    Equation 5 multiplies by every picture's likelihood as it is and discards particles without.
    """
    if isinstance(settings, ParticleLocalizerSettings) and settings.particle.preset == 'paper':
        return dataclasses.replace(
            settings.scores,
            thinning='none',
            settling_m=0.0,
            outlier_probability=0.0,
            no_data='discard',
        )
    return settings.scores


def check(measurement: Measurement, settings: LocalizerSettings) -> None:
    """Refuse a measurement whose values cannot be used, whatever its stamp.

    Raises:
        Rejection: a value is not finite, out of range, or not in the frame it must be in.
    """
    if isinstance(measurement, TwistSample):
        check_twist(measurement, settings)
    elif isinstance(measurement, OdometryPose):
        _check_odometry_pose(measurement)
    elif isinstance(measurement, PoseMeasurement):
        prepare_pose(measurement, settings)
    elif isinstance(measurement, ScoreLattice):
        prepare_scores(measurement, settings)
    elif isinstance(measurement, GnssFix) and has_fix(measurement, settings.gnss):
        checked_position_covariance(measurement, settings)


def check_twist(sample: TwistSample, settings: LocalizerSettings) -> None:
    """Refuse a twist that no vehicle drives.

    Raises:
        Rejection: a component is not finite or over its limit.
    """
    limits = settings.motion
    for value, limit, unit in (
        (sample.speed_m_s, limits.max_speed_m_s, 'm/s'),
        (sample.yaw_rate_rad_s, limits.max_yaw_rate_rad_s, 'rad/s'),
    ):
        if value is None:
            continue
        if not math.isfinite(value):
            raise Rejection(
                WarningKind.NOT_FINITE,
                f'{sample.source!r} says {value} {unit}; expected a finite number',
            )
        if abs(value) > limit:
            raise Rejection(
                WarningKind.IMPLAUSIBLE,
                f'{sample.source!r} says {value:.1f} {unit}; expected at most {limit} {unit}',
            )


def twist_between(before: OdometryPose, after: OdometryPose) -> TwistSample:
    """Mean body velocity between two odometry poses, stamped at the later one.

    The displacement is taken along the mean heading of the two, signed: a car does not slide.

    Raises:
        Rejection: the stamps are not in order.
    """
    elapsed_s = seconds_between(before.stamp_ns, after.stamp_ns)
    if elapsed_s <= 0.0:
        raise Rejection(
            WarningKind.TOO_LATE,
            f'odometry pose from {after.source!r} is {-elapsed_s:.3f} s older than the one '
            'before it; pose increments need messages in order',
        )
    turned = math.remainder(after.yaw_rad - before.yaw_rad, 2.0 * math.pi)
    heading = before.yaw_rad + 0.5 * turned
    east_m, north_m = after.x_m - before.x_m, after.y_m - before.y_m
    along_m = math.cos(heading) * east_m + math.sin(heading) * north_m
    return TwistSample(
        after.stamp_ns,
        after.frame_id,
        along_m / elapsed_s,
        turned / elapsed_s,
        source=after.source,
    )


def _check_odometry_pose(pose: OdometryPose) -> None:
    values = (pose.x_m, pose.y_m, pose.yaw_rad)
    if not all(math.isfinite(value) for value in values):
        raise Rejection(
            WarningKind.NOT_FINITE,
            f'odometry pose from {pose.source!r} is {values}; expected finite numbers',
        )
