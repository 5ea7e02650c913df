# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where somebody believes the vehicle to be, for a matcher that wants to know where to look."""

from __future__ import annotations

import math

from geoloc_ros.errors import GeodesyError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.messages.inbound import pose_measurement
from geoloc_ros.messages.shapes import PoseWithCovarianceStampedMessage
from geoloc_ros.observations.gnss import check_position
from geoloc_ros.observations.search_area import BelievedPose, largest_sigma_m
from geoloc_ros.types import CovarianceType, Estimate, FixStatus, GnssFix, PoseMeasurement


def believed_pose(message: PoseWithCovarianceStampedMessage) -> BelievedPose:
    """A filter's ``geometry_msgs/PoseWithCovarianceStamped`` as a belief, in its frame.

    Raises:
        MeasurementError: as ``inbound.pose_measurement``.
    """
    return _belief(pose_measurement(message, 'pose'))


def believed_estimate(estimate: Estimate) -> BelievedPose:
    """A filter's estimate, as its message would say it."""
    covariance = estimate.covariance[:3, :3]
    return BelievedPose(
        estimate.stamp_ns,
        estimate.x_m,
        estimate.y_m,
        largest_sigma_m(covariance),
        estimate.yaw_rad,
        math.sqrt(max(float(covariance[2, 2]), 0.0)),
    )


def believed_fix(fix: GnssFix, datum: Datum) -> BelievedPose | None:
    """Where a receiver says it is, in ``map``; ``None`` without a position filters would take."""
    position = fix.position
    if fix.status is FixStatus.NO_FIX:
        return None
    stated = fix.covariance_type is not CovarianceType.UNKNOWN
    sigma_m = largest_sigma_m(fix.covariance_enu_m2) if stated else 0.0
    altitude_m = position.alt_m if math.isfinite(position.alt_m) else datum.origin.alt_m
    try:
        check_position(fix)
        east_m, north_m = datum.enu_from_geodetic(
            type(position)(position.lat_deg, position.lon_deg, altitude_m)
        )[:2]
    except (MeasurementError, GeodesyError):
        return None
    # A sigma of 0 is none: the search has its own.
    sigma_m = 0.0 if math.isnan(sigma_m) else sigma_m
    return BelievedPose(fix.stamp_ns, float(east_m), float(north_m), sigma_m)


def _belief(pose: PoseMeasurement) -> BelievedPose:
    has_yaw = pose.yaw_rad is not None
    return BelievedPose(
        pose.stamp_ns,
        pose.x_m,
        pose.y_m,
        largest_sigma_m(pose.covariance),
        pose.yaw_rad,
        math.sqrt(max(float(pose.covariance[2, 2]), 0.0)) if has_yaw else math.inf,
    )
