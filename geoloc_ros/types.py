# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The records that cross the boundaries between layers, all immutable.

Conventions (docs/conventions.md): stamps are integer nanoseconds as in ROS, so that equal stamps
compare equal; positions are ENU metres in ``map`` unless the name says otherwise; yaw is radians,
0 = east, counter-clockwise, in (-pi, pi]; the body frame is x forward, y left, z up (REP-103).
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

NANOSECONDS_PER_SECOND = 1_000_000_000

#: Order of the rows of every state covariance and of every measurement Jacobian.
STATE_NAMES = ('x_m', 'y_m', 'yaw_rad', 'speed_m_s', 'yaw_rate_rad_s')
X, Y, YAW, SPEED, YAW_RATE = range(5)
STATE_SIZE = 5


def seconds_between(from_stamp_ns: int, to_stamp_ns: int) -> float:
    """Time from one stamp to another in seconds, exact before the one final rounding."""
    return (to_stamp_ns - from_stamp_ns) / NANOSECONDS_PER_SECOND


class FixStatus(enum.IntEnum):
    """``sensor_msgs/NavSatStatus.status``."""

    UNKNOWN = -2
    NO_FIX = -1
    FIX = 0
    SBAS_FIX = 1
    GBAS_FIX = 2


class CovarianceType(enum.IntEnum):
    """``sensor_msgs/NavSatFix.position_covariance_type``."""

    UNKNOWN = 0
    APPROXIMATED = 1
    DIAGONAL_KNOWN = 2
    KNOWN = 3


class TrackingState(enum.Enum):
    """What the localizer says of itself (DESIGN section 4)."""

    INITIALIZING = 'INITIALIZING'
    TRACKING = 'TRACKING'
    GPS_ONLY = 'GPS_ONLY'
    DEAD_RECKONING = 'DEAD_RECKONING'
    LOST = 'LOST'


@dataclasses.dataclass(frozen=True, slots=True)
class GeodeticPosition:
    """A point on or near the WGS-84 ellipsoid; ``alt_m`` is ellipsoidal height."""

    lat_deg: float
    lon_deg: float
    alt_m: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class GnssFix:
    """One GNSS position, as ``sensor_msgs/NavSatFix`` carries it.

    Attributes:
        stamp_ns: time of the measurement.
        frame_id: frame of the antenna; its lever arm is looked up under this name.
        position: antenna position; NaN where the receiver had none.
        covariance_enu_m2: shape (3, 3), east-north-up, square metres.
        covariance_type: how far ``covariance_enu_m2`` may be trusted.
        status: whether there is a fix at all.
        source: topic or receiver, for counters and warnings.
    """

    stamp_ns: int
    frame_id: str
    position: GeodeticPosition
    covariance_enu_m2: FloatArray
    covariance_type: CovarianceType
    status: FixStatus
    source: str = 'fix'


@dataclasses.dataclass(frozen=True, slots=True)
class TwistSample:
    """Planar body velocity at one instant, from wheels, visual odometry or a CAN bus.

    A component that the source does not measure is ``None`` (an IMU gives only yaw rate). A
    variance of ``None`` means that the source states none and that the configured one is used.
    """

    stamp_ns: int
    frame_id: str
    speed_m_s: float | None
    yaw_rate_rad_s: float | None
    speed_variance: float | None = None
    yaw_rate_variance: float | None = None
    source: str = 'odom'


@dataclasses.dataclass(frozen=True, slots=True)
class OdometryPose:
    """Pose of ``base_link`` in a drifting ``odom`` frame: only its increments are used."""

    stamp_ns: int
    frame_id: str
    x_m: float
    y_m: float
    yaw_rad: float
    source: str = 'odom'


@dataclasses.dataclass(frozen=True, slots=True)
class PoseMeasurement:
    """An absolute pose of ``base_link`` in ``map`` from another system, with covariance.

    ``covariance`` is shape (3, 3) over (x m, y m, yaw rad); ``yaw_rad`` is ``None`` where the
    source measures position only (the third row is then ignored).
    """

    stamp_ns: int
    frame_id: str
    x_m: float
    y_m: float
    yaw_rad: float | None
    covariance: FloatArray
    source: str = 'pose_observation'


@dataclasses.dataclass(frozen=True, slots=True)
class StateBatch:
    """n vehicle states as columns, each of shape (n,), the antenna-free pose of ``base_link``."""

    x_m: FloatArray
    y_m: FloatArray
    yaw_rad: FloatArray
    speed_m_s: FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class GaussianForm:
    """An observation linearised at one state: z = h(x) + v, v ~ N(0, R).

    Attributes:
        innovation: z - h(x), shape (m,), angles wrapped to (-pi, pi].
        noise_covariance: R, shape (m, m).
        jacobian: H = dh/dx, shape (m, STATE_SIZE), columns as ``STATE_NAMES``.
    """

    innovation: FloatArray
    noise_covariance: FloatArray
    jacobian: FloatArray


class Observation(Protocol):
    """What a sensor says of the state at one instant; any filter can use it."""

    @property
    def stamp_ns(self) -> int:
        """Time of the measurement."""
        ...

    @property
    def source(self) -> str:
        """Name for counters, gates and warnings."""
        ...

    def log_likelihood(self, states: StateBatch) -> FloatArray:
        """Log-likelihood of each state up to a constant, shape (n,)."""
        ...

    def gaussian(self, state: FloatArray) -> GaussianForm | None:
        """Gaussian form linearised at ``state``, shape (STATE_SIZE,); ``None`` where none fits."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class PositionObservation:
    """A GNSS position in ``map`` as the filters use it (made by ``observations.gnss``).

    Attributes:
        stamp_ns: time of the measurement.
        source: topic or receiver.
        antenna_enu_m: (east, north) of the antenna in ``map``, shape (2,); ``None`` when the
            receiver had no fix (the paper preset then uses its last estimate in its place).
        covariance_m2: shape (2, 2), after floor, scale and correlation inflation.
        lever_arm_m: antenna in ``base_link``, (forward, left), shape (2,).
        outlier_probability: share of fixes that say nothing, for the outlier floor; 0 = Gaussian.
        outlier_radius_m: radius of the disc over which an outlier is spread evenly.
    """

    stamp_ns: int
    source: str
    antenna_enu_m: FloatArray | None
    covariance_m2: FloatArray
    lever_arm_m: FloatArray
    outlier_probability: float = 0.0
    outlier_radius_m: float = 1000.0

    def log_likelihood(self, states: StateBatch) -> FloatArray:
        """Log of the Gaussian, mixed with the outlier floor, shape (n,); zeros without a fix.

        The Gaussian is normalised, so that the floor keeps its meaning:
        p = (1 - e) N + e / (pi r^2).
        """
        if self.antenna_enu_m is None:
            return np.zeros_like(states.x_m)
        cosine, sine = np.cos(states.yaw_rad), np.sin(states.yaw_rad)
        forward_m, left_m = self.lever_arm_m
        east_m = self.antenna_enu_m[0] - (states.x_m + cosine * forward_m - sine * left_m)
        north_m = self.antenna_enu_m[1] - (states.y_m + sine * forward_m + cosine * left_m)
        r = self.covariance_m2
        determinant = r[0, 0] * r[1, 1] - r[0, 1] * r[1, 0]
        nis = (
            r[1, 1] * east_m**2 - 2.0 * r[0, 1] * east_m * north_m + r[0, 0] * north_m**2
        ) / determinant
        log_gaussian = -0.5 * nis - np.log(2.0 * np.pi) - 0.5 * np.log(determinant)
        if self.outlier_probability <= 0.0:
            return np.asarray(log_gaussian)
        log_inlier = np.log1p(-self.outlier_probability) + log_gaussian
        log_floor = np.log(self.outlier_probability / (np.pi * self.outlier_radius_m**2))
        return np.asarray(np.logaddexp(log_inlier, log_floor))

    def gaussian(self, state: FloatArray) -> GaussianForm | None:
        """Innovation, R and H at ``state``; ``None`` without a fix."""
        if self.antenna_enu_m is None:
            return None
        cosine, sine = np.cos(state[YAW]), np.sin(state[YAW])
        forward_m, left_m = self.lever_arm_m
        offset = np.array([cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m])
        jacobian = np.zeros((2, STATE_SIZE))
        jacobian[0, X] = jacobian[1, Y] = 1.0
        jacobian[0, YAW], jacobian[1, YAW] = -offset[1], offset[0]
        innovation = self.antenna_enu_m - state[:2] - offset
        return GaussianForm(innovation, self.covariance_m2, jacobian)


@dataclasses.dataclass(frozen=True, slots=True)
class Motion:
    """Body motion over an interval, integrated from odometry and IMU.

    What a filter needs to predict: for a component that was measured, its increment and the
    variance of that increment's error; ``None`` for a component nobody measured, which the
    filter then takes from its own speed or yaw-rate state with process noise.

    Attributes:
        duration_s: length of the interval.
        distance_m: signed path length driven forward over the interval, or ``None``.
        rotation_rad: yaw increment, counter-clockwise, or ``None``.
        distance_variance_m2: variance of the white error of ``distance_m``.
        rotation_variance_rad2: variance of the white error of ``rotation_rad``.
        end_speed_m_s: speed at the end of the interval, or ``None``.
        end_yaw_rate_rad_s: yaw rate at the end of the interval, or ``None``.
        standstill: the wheels stood all the time: no distance, no rotation, no bias to take off.
    """

    duration_s: float
    distance_m: float | None = None
    rotation_rad: float | None = None
    distance_variance_m2: float = 0.0
    rotation_variance_rad2: float = 0.0
    end_speed_m_s: float | None = None
    end_yaw_rate_rad_s: float | None = None
    standstill: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class PosePrior:
    """What a filter starts from: a Gaussian over position, and over yaw and speed where known.

    Attributes:
        stamp_ns: time the prior holds at.
        x_m: east in ``map``.
        y_m: north in ``map``.
        position_covariance_m2: shape (2, 2).
        yaw_rad: ``None`` when the heading is unknown (uniform over the circle).
        yaw_variance_rad2: variance of ``yaw_rad``; ignored when that is ``None``.
        speed_m_s: ``None`` when unknown (the filter then uses its configured spread).
        speed_variance_m2_s2: variance of ``speed_m_s``.
    """

    stamp_ns: int
    x_m: float
    y_m: float
    position_covariance_m2: FloatArray
    yaw_rad: float | None = None
    yaw_variance_rad2: float = 0.0
    speed_m_s: float | None = None
    speed_variance_m2_s2: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """The belief at one instant, as a mean (or median) and a covariance.

    Attributes:
        stamp_ns: time the estimate holds at.
        state: shape (STATE_SIZE,), order ``STATE_NAMES``.
        covariance: shape (STATE_SIZE, STATE_SIZE), same order; yaw variance is at most pi^2 / 3
            (a uniform heading), so an unknown heading stays a finite number.
        effective_sample_size: of the particle set, or ``None`` for a Kalman filter.
    """

    stamp_ns: int
    state: FloatArray
    covariance: FloatArray
    effective_sample_size: float | None = None

    @property
    def x_m(self) -> float:
        """East in ``map``."""
        return float(self.state[X])

    @property
    def y_m(self) -> float:
        """North in ``map``."""
        return float(self.state[Y])

    @property
    def yaw_rad(self) -> float:
        """Heading, 0 = east, counter-clockwise."""
        return float(self.state[YAW])

    @property
    def speed_m_s(self) -> float:
        """Forward speed."""
        return float(self.state[SPEED])


class UpdateReason(enum.Enum):
    """Why an observation was or was not used; named in counters and warnings."""

    ACCEPTED = 'accepted'
    GATED = 'gated'
    NO_FIX = 'no_fix'
    NO_GAUSSIAN = 'no_gaussian'
    ALL_PARTICLES_OUTSIDE = 'all_particles_outside'
    LAST_ESTIMATE_USED = 'last_estimate_used'
    TOO_LATE = 'too_late'
    INVALID = 'invalid'
    DUPLICATE = 'duplicate'
    REPLACED = 'replaced'
    THINNED = 'thinned'
    UNCALIBRATED = 'uncalibrated'
    SUSPECT_STAMP = 'suspect_stamp'
    RESEEDED = 'reseeded'


@dataclasses.dataclass(frozen=True, slots=True)
class UpdateResult:
    """What became of an observation; ``nis`` is the normalised innovation squared, or NaN."""

    accepted: bool
    nis: float
    reason: UpdateReason


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreLattice:
    """Log-likelihoods of the vehicle's pose on a regular lattice over ``map``.

    The centre of cell (iy, ix) is origin + R(rotation_rad) (ix, iy) spacing.

    Attributes:
        stamp_ns: of the image that was scored.
        source: topic or matcher, for counters and warnings.
        origin_x_m: east of the centre of cell (0, 0) in ``map``.
        origin_y_m: north of it.
        rotation_rad: of the lattice's x axis against east, counter-clockwise.
        spacing_m: between neighbouring centres.
        yaws_rad: headings of the layers, all round, equally spaced; empty where there are none.
        log_likelihood: up to a constant, shape (max(n_yaw, 1), ny, nx); NaN: no data.
        calibrated: known to be likelihoods on such input; filters leave others out.
        sensor_forward_m: forward in ``base_link``, of the place that was scored.
        sensor_left_m: the same, to the left.
    """

    stamp_ns: int
    source: str
    origin_x_m: float
    origin_y_m: float
    rotation_rad: float
    spacing_m: float
    yaws_rad: FloatArray
    log_likelihood: npt.NDArray[np.float32]
    calibrated: bool = True
    sensor_forward_m: float = 0.0
    sensor_left_m: float = 0.0
