# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""GNSS fixes as observations: what a receiver says of itself, and how far to believe it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from geoloc_ros.errors import MeasurementError
from geoloc_ros.settings import setting
from geoloc_ros.types import CovarianceType, FixStatus, FloatArray, GnssFix


@dataclasses.dataclass(frozen=True)
class GnssSettings:
    """How GNSS fixes are used."""

    default_sigma_m: float = setting(
        4.0,
        'horizontal standard deviation of a fix whose receiver states none; larger smooths more',
        unit='m',
        minimum=0.01,
        maximum=1000.0,
    )
    sigma_floor_m: float = setting(
        2.0,
        'no fix is believed better than this, whatever its receiver claims; lower it for RTK',
        unit='m',
        minimum=0.001,
        maximum=1000.0,
    )
    sigma_scale: float = setting(
        1.0,
        'stated standard deviations are multiplied by this, for receivers that claim too much',
        minimum=0.01,
        maximum=100.0,
    )
    max_sigma_m: float = setting(
        100.0,
        'a fix that states a larger standard deviation is not used',
        unit='m',
        minimum=0.1,
        maximum=100000.0,
    )
    correlation_time_s: float = setting(
        4.0,
        'how long the error of a receiver lasts; fixes closer together count for less, so that '
        'ten fixes a second do not make a receiver ten times as good; 0 takes them as independent',
        unit='s',
        minimum=0.0,
        maximum=600.0,
    )
    standstill_correlation_time_s: float = setting(
        60.0,
        'the same while the vehicle stands, when reflections stay as they are',
        unit='s',
        minimum=0.0,
        maximum=3600.0,
    )
    outlier_probability: float = setting(
        0.05,
        'share of fixes that say nothing (particle filter); larger shrugs off jumps more easily',
        minimum=0.0,
        maximum=0.9,
    )
    outlier_radius_m: float = setting(
        200.0,
        'radius of the disc over which such fixes are spread',
        unit='m',
        minimum=1.0,
        maximum=100000.0,
    )
    antenna_forward_m: float = setting(
        0.0,
        'antenna ahead of base_link, used where tf does not know the frame of the fix',
        unit='m',
        minimum=-100.0,
        maximum=100.0,
    )
    antenna_left_m: float = setting(
        0.0,
        'antenna to the left of base_link, used where tf does not know the frame of the fix',
        unit='m',
        minimum=-100.0,
        maximum=100.0,
    )
    accept_unknown_status: bool = setting(
        True,
        'use fixes whose status is unknown (-2, the default of a message nobody filled in)',
    )


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedFix:
    """A fix that may be used: its horizontal covariance, and what was odd about it."""

    covariance_m2: FloatArray
    remark: str = ''


def has_fix(fix: GnssFix, settings: GnssSettings) -> bool:
    """Whether the receiver says that it has a position."""
    if fix.status is FixStatus.NO_FIX:
        return False
    return fix.status is not FixStatus.UNKNOWN or settings.accept_unknown_status


def check_position(fix: GnssFix) -> None:
    """Refuse positions that are no place on Earth.

    Raises:
        MeasurementError: not finite, out of range, or exactly (0, 0), which receivers send
            before they know better.
    """
    position = fix.position
    if not (math.isfinite(position.lat_deg) and math.isfinite(position.lon_deg)):
        raise MeasurementError(
            f'fix from {fix.source!r} has latitude {position.lat_deg} and longitude '
            f'{position.lon_deg} although its status says it is valid; expected finite degrees'
        )
    if abs(position.lat_deg) > 90.0 or abs(position.lon_deg) > 180.0:
        raise MeasurementError(
            f'fix from {fix.source!r} has latitude {position.lat_deg} and longitude '
            f'{position.lon_deg}; expected degrees within +-90 and +-180 (swapped, or radians?)'
        )
    if position.lat_deg == 0.0 and position.lon_deg == 0.0:
        raise MeasurementError(
            f'fix from {fix.source!r} is exactly (0, 0), which a receiver without a position '
            'sends; set its status to NO_FIX'
        )


def checked_covariance(fix: GnssFix, settings: GnssSettings) -> CheckedFix:
    """Horizontal covariance of a fix after floor and scale.

    A type of ``UNKNOWN`` gives the configured sigma. A covariance that claims to be known and is
    zero, not finite or not positive gives the configured sigma too, with a remark.

    Raises:
        MeasurementError: it states a standard deviation over ``max_sigma_m``.
    """
    if fix.covariance_type is CovarianceType.UNKNOWN:
        return CheckedFix(_isotropic(settings.default_sigma_m, settings))
    stated = fix.covariance_enu_m2[:2, :2]
    if fix.covariance_type is CovarianceType.DIAGONAL_KNOWN:
        stated = np.diag(np.diag(stated))
    if not np.all(np.isfinite(stated)) or np.any(np.diag(stated) <= 0.0):
        return CheckedFix(
            _isotropic(settings.default_sigma_m, settings),
            f'fix from {fix.source!r} states the covariance {stated.tolist()} m2 as known; '
            f'expected positive variances; using {settings.default_sigma_m} m',
        )
    _check_sigma(fix, math.sqrt(float(np.max(np.diag(stated)))) * settings.sigma_scale, settings)
    values, vectors = np.linalg.eigh(0.5 * (stated + stated.T))
    sigma_m = math.sqrt(max(float(values[-1]), 0.0)) * settings.sigma_scale
    _check_sigma(fix, sigma_m, settings)
    remark = ''
    if values[0] < -1e-9 * values[-1]:
        remark = (
            f'fix from {fix.source!r} states a covariance that is not positive definite '
            f'({stated.tolist()} m2); its negative axis is raised to the floor'
        )
    floored = np.maximum(values * settings.sigma_scale**2, settings.sigma_floor_m**2)
    return CheckedFix(np.asarray((vectors * floored) @ vectors.T), remark)


def _check_sigma(fix: GnssFix, sigma_m: float, settings: GnssSettings) -> None:
    if sigma_m > settings.max_sigma_m:
        raise MeasurementError(
            f'fix from {fix.source!r} states a standard deviation of {sigma_m:.1f} m; '
            f'expected at most gnss.max_sigma_m = {settings.max_sigma_m} m'
        )


def correlation_inflation(elapsed_s: float, correlation_time_s: float) -> float:
    """How much a fix's covariance grows because its error is much like the last one's.

    The mean of AR(1) errors with lag-one correlation rho has (1 + rho) / (1 - rho) times the
    variance it would have if they were independent; rho = exp(-elapsed / correlation time).

    Source: Bartlett 1946; Priestley 1981, section 5.3.2.
    """
    if correlation_time_s <= 0.0:
        return 1.0
    if elapsed_s <= 0.0:
        return math.inf
    half = 0.5 * elapsed_s / correlation_time_s
    return 1.0 / math.tanh(half)  # (1 + e^-2h) / (1 - e^-2h)


def _isotropic(sigma_m: float, settings: GnssSettings) -> FloatArray:
    return np.eye(2) * max(sigma_m, settings.sigma_floor_m) ** 2
