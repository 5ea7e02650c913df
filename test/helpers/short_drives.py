# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Short made-up drives, and localizers to try on them."""

from __future__ import annotations

import dataclasses

import numpy as np

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.settings import (
    DatumSettings,
    KalmanLocalizerSettings,
    ParticleLocalizerSettings,
)
from geoloc_ros.types import (
    CovarianceType,
    FixStatus,
    GeodeticPosition,
    GnssFix,
    TwistSample,
)

ORIGIN = GeodeticPosition(49.0, 8.4, 110.0)
DATUM = Datum(ORIGIN)
START_NS = 1_700_000_000_000_000_000
KINDS = ('kalman', 'particle')


def make(kind, **sections):
    tree = {'kalman': KalmanLocalizerSettings, 'particle': ParticleLocalizerSettings}[kind]
    sections.setdefault('datum', DatumSettings('parameters', 49.0, 8.4, 110.0))
    return build_localizer(tree(**sections), seed=7)


def ns(stamp_s):
    return START_NS + round(stamp_s * 1e9)


def fix(stamp_s, east, north, sigma=2.0, source='fix', status=FixStatus.FIX, frame='gps'):
    position = DATUM.geodetic_from_enu(east, north)
    return GnssFix(
        ns(stamp_s), frame, position, np.eye(3) * sigma**2, CovarianceType.KNOWN, status, source
    )


def placed(lat_deg, lon_deg):
    return dataclasses.replace(fix(1.0, 0.0, 0.0), position=GeodeticPosition(lat_deg, lon_deg))


def twist(stamp_s, speed=10.0, rate=0.0, source='odom'):
    return TwistSample(ns(stamp_s), 'base_link', speed, rate, source=source)


def eastward_drive(duration_s=12.0, seed=0):
    """East at 10 m/s: odometry at 20 Hz, fixes at 1 Hz, noise of 1 m."""
    rng = np.random.default_rng(seed)
    measurements = [twist(k / 20.0) for k in range(int(duration_s * 20) + 1)]
    for k in range(int(duration_s) + 1):
        east, north = rng.normal(size=2)
        measurements.append(fix(k + 0.013, 10.0 * (k + 0.013) + east, north))
    return sorted(measurements, key=lambda measurement: measurement.stamp_ns)


def drive(localizer, measurements):
    return [localizer.push(measurement) for measurement in measurements]


def reasons(results):
    return [report.result.reason for result in results for report in result.reports]


def kinds(results):
    return [warning.kind for result in results for warning in result.warnings]
