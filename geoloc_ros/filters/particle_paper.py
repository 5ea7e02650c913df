# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The paper preset: section III-D of the cross-view matching paper to the letter.

Kept for reproduction and comparison. Where the text leaves something open, the choice made here
is said beside it.

Source: Xia, Booij, Manfredi and Kooij, 2021, Cross-view matching for vehicle localization by
    learning geographically local representations; key xia2021 in docs/references.bib.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from typing import NamedTuple

import numpy as np

from geoloc_ros.errors import FilterStateError
from geoloc_ros.filters.particle_backend import load_kernels
from geoloc_ros.filters.particle_likelihood import log_likelihood
from geoloc_ros.filters.particle_motion import check_prior, paper_step, step_duration_s
from geoloc_ros.filters.particle_noise import standard_normals
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.filters.particle_state import (
    PAPER_ROWS,
    SPEED_ROW,
    X_ROW,
    Y_ROW,
    YAW_ROW,
    ParticleCloud,
    display_poses,
    effective_sample_size,
    medians_and_covariance,
    wrap,
)
from geoloc_ros.types import (
    STATE_SIZE,
    YAW_RATE,
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

#: The circle and the outlier rule both reach this many standard deviations.
_REACH_SIGMAS = 3.0


class _MeasuredPosition(NamedTuple):
    """The last location that the GPS measured, used or rejected."""

    stamp_ns: int
    east_m: float
    north_m: float


class _StepEnd(NamedTuple):
    """Particles after resampling, their medians and covariance, and the ESS before it."""

    columns: FloatArray
    medians: FloatArray
    covariance: FloatArray
    effective_size: float


@dataclasses.dataclass(frozen=True, slots=True)
class _Belief:
    """Everything that changes, replaced whole.

    Attributes:
        stamp_ns: time of this step t.
        cloud: particles predicted to t, with the weights of the observations at t so far.
        observed: whether anything was observed at t.
        offset: random number of the resampling that will end step t, drawn ahead, so that it is
            the same whoever asks for it and when.
        last_estimate: medians at the end of step t - 1, the last with an observation.
        last_gps: location the GPS measured last.
    """

    stamp_ns: int
    cloud: ParticleCloud
    observed: bool
    offset: float
    last_estimate: FloatArray
    last_gps: _MeasuredPosition


class PaperParticleFilter:
    """2000 particles of easting, northing, yaw and speed, as section III-D describes.

    - t = 0: all particles at the GPS location, yaw uniform, speed uniform from 0 to 5 m/s. A
      prior with a yaw or speed of its own (set by hand) is used for those; the position
      covariance never is.
    - Prediction: fixed velocity with Gaussian acceleration and steering noise. ``Motion`` is
      ignored: the paper has no odometry.
    - Equation 5: a position multiplies the weights by exp(-d^2 / (2 sigma_gps^2)) and discards
      particles farther than 3 sigma_gps; any other observation multiplies them by its own
      likelihood (the division by the sum of scores is a constant and falls out).
    - A fix farther than 3 sigma_gps + v dt from the location the GPS measured last, or no fix,
      is replaced by the estimate of step t - 1; v is the speed of that estimate and dt the time
      since that measurement. "Measured last" counts rejected fixes too (as the text says: the
      GPS measured location at step t - 1), so a jump that stays is believed at the second fix.
    - Resampling (systematic) ends every step: all observations of one stamp multiply first.
    - Output: the median of each element; the covariance is that of the particles.
    """

    def __init__(self, settings: ParticleSettings, rng: np.random.Generator) -> None:
        """Take the settings and the random stream, which is the filter's own from here on."""
        self._settings = settings
        self._rng = rng
        self._kernels = load_kernels(settings.kernels)
        self._belief: _Belief | None = None
        self._ended: tuple[_Belief, _StepEnd] | None = None

    @property
    def initialized(self) -> bool:
        """Whether ``initialize`` has been called."""
        return self._belief is not None

    @property
    def stamp_ns(self) -> int:
        """Time the state holds at."""
        return self._current().stamp_ns

    def initialize(self, prior: PosePrior) -> None:
        """Put all particles at the prior's position, headings all round.

        Raises:
            MeasurementError: the prior is not finite or has negative variances.
        """
        check_prior(prior)
        count = self._settings.particle_count
        columns = np.empty((PAPER_ROWS, count))
        columns[X_ROW], columns[Y_ROW] = prior.x_m, prior.y_m
        if prior.yaw_rad is None:
            columns[YAW_ROW] = self._rng.uniform(-np.pi, np.pi, count)
        else:
            noise = math.sqrt(prior.yaw_variance_rad2) * self._rng.standard_normal(count)
            columns[YAW_ROW] = wrap(prior.yaw_rad + noise)
        if prior.speed_m_s is None:
            columns[SPEED_ROW] = self._rng.uniform(
                0.0, self._settings.initial_speed_max_m_s, count
            )
        else:
            noise = math.sqrt(prior.speed_variance_m2_s2) * self._rng.standard_normal(count)
            columns[SPEED_ROW] = prior.speed_m_s + noise
        self._belief = _Belief(
            prior.stamp_ns,
            ParticleCloud(columns),
            False,
            self._rng.random(),
            medians_and_covariance(columns, self._kernels)[0],
            _MeasuredPosition(prior.stamp_ns, prior.x_m, prior.y_m),
        )

    def predict(self, to_stamp_ns: int, motion: Motion | None = None) -> None:  # noqa: ARG002
        """End the step by resampling, then move every particle on; ``motion`` is ignored.

        Raises:
            FilterStateError: not initialised, or the stamp lies before the filter's.
        """
        belief = self._current()
        duration_s = step_duration_s(belief.stamp_ns, to_stamp_ns)
        if duration_s == 0.0:
            return
        columns, last_estimate = belief.cloud.columns, belief.last_estimate
        if belief.observed:
            end = self._step_end()
            columns, last_estimate = end.columns, end.medians
        normals = standard_normals(self._rng, PAPER_ROWS, columns.shape[1], self._kernels)
        moved = self._kernels.propagate(columns, normals, *paper_step(self._settings, duration_s))
        self._belief = _Belief(
            to_stamp_ns,
            ParticleCloud(moved),
            False,
            self._rng.random(),
            last_estimate,
            belief.last_gps,
        )

    def update(self, observation: Observation) -> UpdateResult:
        """Multiply the weights by an observation's term of equation 5.

        Returns:
            ACCEPTED; LAST_ESTIMATE_USED when the last estimate stood in for an outlier or for no
            fix; ALL_PARTICLES_OUTSIDE when no particle would be left: the prediction is kept;
            INVALID for a likelihood with NaN: nothing is applied.
        """
        if isinstance(observation, PositionObservation):
            return self._update_position(observation)
        belief = self._current()
        likelihood = log_likelihood(observation, belief.cloud, self._kernels)
        if np.isnan(likelihood).any():
            return UpdateResult(False, math.nan, UpdateReason.INVALID)
        return self._multiply(likelihood, belief.last_gps, UpdateReason.ACCEPTED)

    def estimate(self) -> Estimate:
        """Median of each element after resampling, and the covariance of the particles."""
        belief = self._current()
        end = self._step_end()
        state = np.zeros(STATE_SIZE)
        state[:PAPER_ROWS] = end.medians
        covariance = np.zeros((STATE_SIZE, STATE_SIZE))
        covariance[:PAPER_ROWS, :PAPER_ROWS] = end.covariance
        covariance[YAW_RATE, YAW_RATE] = self._settings.steering_noise_rad_s**2
        return Estimate(belief.stamp_ns, state, covariance, end.effective_size)

    def particles(self, count: int) -> FloatArray:
        """Up to ``count`` poses (x, y, yaw) after resampling, shape (m, 3)."""
        return display_poses(ParticleCloud(self._step_end().columns), count)

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts particles and random stream back as they are now."""
        belief, stream = self._belief, self._rng.bit_generator.state

        def restore() -> None:
            self._belief = belief
            self._rng.bit_generator.state = stream

        return restore

    def _current(self) -> _Belief:
        if self._belief is None:
            raise FilterStateError(
                'the particle filter has no state yet; call initialize(prior) first'
            )
        return self._belief

    def _step_end(self) -> _StepEnd:
        belief = self._current()
        if self._ended is None or self._ended[0] is not belief:
            columns, size = belief.cloud.columns, float(belief.cloud.count)
            if belief.cloud.log_weights is not None:
                weights = belief.cloud.weights()
                columns = self._kernels.resample(columns, weights, belief.offset)
                size = effective_sample_size(weights)
            end = _StepEnd(columns, *medians_and_covariance(columns, self._kernels), size)
            self._ended = (belief, end)
        return self._ended[1]

    def _update_position(self, observation: PositionObservation) -> UpdateResult:
        belief, sigma_m = self._current(), self._settings.sigma_gps_m
        last_gps, fix = belief.last_gps, observation.antenna_enu_m
        centre = belief.last_estimate
        lever = (0.0, 0.0)
        reason = UpdateReason.LAST_ESTIMATE_USED
        if fix is not None:
            last_gps = _MeasuredPosition(belief.stamp_ns, float(fix[0]), float(fix[1]))
            if not self._is_outlier(last_gps):
                centre, reason = fix, UpdateReason.ACCEPTED
                lever = (float(observation.lever_arm_m[0]), float(observation.lever_arm_m[1]))
        squared = self._kernels.squared_distances(
            belief.cloud.columns, float(centre[0]), float(centre[1]), *lever, np.eye(2)
        )
        outside = squared > (_REACH_SIGMAS * sigma_m) ** 2
        squared *= -0.5 / sigma_m**2
        np.copyto(squared, -np.inf, where=outside)
        return self._multiply(squared, last_gps, reason)

    def _is_outlier(self, measured: _MeasuredPosition) -> bool:
        """Whether a fix is too far from the one before: 3 sigma_gps + v dt."""
        belief = self._current()
        duration_s = seconds_between(belief.last_gps.stamp_ns, measured.stamp_ns)
        reach_m = _REACH_SIGMAS * self._settings.sigma_gps_m
        reach_m += float(belief.last_estimate[SPEED_ROW]) * duration_s
        jump_m = math.hypot(
            measured.east_m - belief.last_gps.east_m, measured.north_m - belief.last_gps.north_m
        )
        return jump_m > reach_m

    def _multiply(
        self, log_term: FloatArray, last_gps: _MeasuredPosition, reason: UpdateReason
    ) -> UpdateResult:
        belief = self._current()
        cloud = belief.cloud.reweighted(log_term)
        if cloud is None:
            cloud, reason = belief.cloud, UpdateReason.ALL_PARTICLES_OUTSIDE
        self._belief = _Belief(
            belief.stamp_ns, cloud, True, belief.offset, belief.last_estimate, last_gps
        )
        return UpdateResult(reason is UpdateReason.ACCEPTED, math.nan, reason)
