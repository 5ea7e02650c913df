# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The robust preset: particles that survive outages, outliers, a wrong heading and odometry."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math

import numpy as np

from geoloc_ros.errors import FilterStateError
from geoloc_ros.filters.gating import RejectionStreak, gate
from geoloc_ros.filters.interface import forgives
from geoloc_ros.filters.particle_backend import load_kernels
from geoloc_ros.filters.particle_jumps import with_jumps
from geoloc_ros.filters.particle_likelihood import log_likelihood
from geoloc_ros.filters.particle_motion import (
    MotionStep,
    check_prior,
    robust_step,
    step_duration_s,
)
from geoloc_ros.filters.particle_noise import standard_normals
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.filters.particle_state import (
    BIAS_ROW,
    PAPER_ROWS,
    ROBUST_ROWS,
    SCALE_ROW,
    SPEED_ROW,
    YAW_ROW,
    ParticleCloud,
    circular_mean,
    display_poses,
    effective_sample_size,
    moments,
    normal_columns,
    wrap,
)
from geoloc_ros.filters.resampling import optimal_bandwidth, redrawn
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
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Belief:
    """Everything that changes, replaced whole.

    Attributes:
        stamp_ns: time the cloud holds at.
        cloud: the particles.
        yaw_rate_rad_s: as measured in the last step, bias not taken off; ``None`` = not measured.
        yaw_rate_variance: of its white error, or of the steering noise where none was measured.
        streak: GNSS positions rejected since the last one accepted, while they agree.
    """

    stamp_ns: int
    cloud: ParticleCloud
    yaw_rate_rad_s: float | None
    yaw_rate_variance: float
    streak: RejectionStreak


class RobustParticleFilter:
    """Particles of pose, speed, distance scale and yaw-rate bias; the default preset.

    - Predicts by measured distance and rotation, each corrected by the particle's own scale and
      bias: a wheel radius 1 % off is a constant to be estimated, not white noise. What nobody
      measured comes from the particle's speed with acceleration and steering noise.
    - Weighs by any observation's log-likelihood. One whose Gaussian form fails the gate against
      the cloud's mean and covariance is left out and reported; without a fix nothing is applied,
      so that the covariance grows.
    - A field of scores needs no gate, as its likelihood has a floor; it also weighs a few
      particles elsewhere, so that a cloud in a wrong place is left when pictures say so.
    - Starts again at GNSS positions that were rejected several times in a row and agree.
    - Resamples systematically when the effective sample size is low; output is the weighted
      mean and covariance, yaw on the circle.
    """

    def __init__(self, settings: ParticleSettings, rng: np.random.Generator) -> None:
        """Take the settings and the random stream, which is the filter's own from here on."""
        self._settings = settings
        self._rng = rng
        self._kernels = load_kernels(settings.kernels)
        self._belief: _Belief | None = None

    @property
    def initialized(self) -> bool:
        """Whether ``initialize`` has been called."""
        return self._belief is not None

    @property
    def stamp_ns(self) -> int:
        """Time the state holds at."""
        return self._current().stamp_ns

    def initialize(self, prior: PosePrior) -> None:
        """Draw the cloud from a prior; an unknown yaw is uniform, an unknown speed forward.

        Raises:
            MeasurementError: the prior is not finite or has negative variances.
        """
        check_prior(prior)
        settings, count = self._settings, self._settings.particle_count
        normals = standard_normals(self._rng, ROBUST_ROWS, count, self._kernels)
        columns = np.empty((ROBUST_ROWS, count))
        columns[:2] = normal_columns(
            normals[:2].astype(np.float64),
            np.array([prior.x_m, prior.y_m]),
            prior.position_covariance_m2,
        )
        if prior.yaw_rad is None:
            columns[YAW_ROW] = self._uniform_yaw(count)
        else:
            sigma = math.sqrt(prior.yaw_variance_rad2)
            columns[YAW_ROW] = wrap(prior.yaw_rad + sigma * normals[YAW_ROW])
        if prior.speed_m_s is None:
            columns[SPEED_ROW] = settings.initial_speed_sigma_m_s * np.abs(normals[SPEED_ROW])
        else:
            sigma = math.sqrt(prior.speed_variance_m2_s2)
            columns[SPEED_ROW] = prior.speed_m_s + sigma * normals[SPEED_ROW]
        columns[SCALE_ROW] = 1.0 + settings.scale_sigma * normals[SCALE_ROW]
        columns[BIAS_ROW] = settings.yaw_rate_bias_sigma_rad_s * normals[BIAS_ROW]
        variance = settings.steering_noise_rad_s**2
        self._belief = _Belief(
            prior.stamp_ns, ParticleCloud(columns), None, variance, RejectionStreak()
        )

    def predict(self, to_stamp_ns: int, motion: Motion | None = None) -> None:
        """Move every particle to ``to_stamp_ns`` by what was measured, and noise for the rest.

        Raises:
            FilterStateError: not initialised, or the stamp lies before the filter's.
            MeasurementError: a variance of the motion is negative or not finite.
        """
        belief = self._current()
        duration_s = step_duration_s(belief.stamp_ns, to_stamp_ns)
        if duration_s == 0.0:
            return
        step = robust_step(self._settings, duration_s, motion)
        rows = ROBUST_ROWS if step.calibrates else PAPER_ROWS
        cloud = belief.cloud
        normals = standard_normals(self._rng, rows, cloud.count, self._kernels)
        columns = self._kernels.propagate(cloud.columns, normals, *step)
        yaw_rate, variance = self._yaw_rate(step, motion)
        self._belief = _Belief(
            to_stamp_ns,
            ParticleCloud(columns, cloud.log_weights),
            yaw_rate,
            variance,
            belief.streak,
        )

    def update(self, observation: Observation) -> UpdateResult:
        """Weigh the cloud by an observation that passes the gate.

        Returns:
            ACCEPTED; GATED, nothing applied; NO_FIX, nothing applied; INVALID for a likelihood
            with NaN, nothing applied; RESEEDED when this fix, with those rejected before it,
            made the filter start again there.
        """
        belief = self._current()
        position = observation if isinstance(observation, PositionObservation) else None
        if position is not None and position.antenna_enu_m is None:
            return UpdateResult(False, math.nan, UpdateReason.NO_FIX)
        if forgives(observation):
            return self._weigh_field(observation)
        nis, passes = self._gate(observation)
        if not passes:
            if position is not None:
                return self._reject(position, nis)
            return UpdateResult(False, nis, UpdateReason.GATED)
        likelihood = log_likelihood(observation, belief.cloud, self._kernels)
        if np.isnan(likelihood).any():
            return UpdateResult(False, nis, UpdateReason.INVALID)
        cloud = belief.cloud.reweighted(likelihood)
        if cloud is None:
            return UpdateResult(False, nis, UpdateReason.GATED)
        streak = belief.streak if position is None else RejectionStreak()
        self._belief = dataclasses.replace(
            belief, cloud=self._resampled_if_poor(cloud), streak=streak
        )
        return UpdateResult(True, nis, UpdateReason.ACCEPTED)

    def _weigh_field(self, observation: Observation) -> UpdateResult:
        """Weigh the cloud, and a few particles elsewhere, by a likelihood that needs no gate."""
        belief = self._current()
        cloud = with_jumps(belief.cloud, self._settings, self._rng, self._kernels)
        likelihood = log_likelihood(observation, cloud, self._kernels)
        if np.isnan(likelihood).any():
            return UpdateResult(False, math.nan, UpdateReason.INVALID)
        weighed = cloud.reweighted(likelihood)
        if weighed is None:
            return UpdateResult(False, math.nan, UpdateReason.GATED)
        self._belief = dataclasses.replace(belief, cloud=self._resampled_if_poor(weighed))
        return UpdateResult(True, math.nan, UpdateReason.ACCEPTED)

    def estimate(self) -> Estimate:
        """Weighted mean and covariance, with the effective sample size."""
        belief = self._current()
        weights = belief.cloud.weights()
        state, covariance = self._moments(weights)
        return Estimate(belief.stamp_ns, state, covariance, effective_sample_size(weights))

    def particles(self, count: int) -> FloatArray:
        """Up to ``count`` poses (x, y, yaw) spread evenly over the weights, shape (m, 3)."""
        return display_poses(self._current().cloud, count)

    def calibration(self) -> tuple[float, float]:
        """Odometry scale (true over measured) and yaw-rate bias in rad/s, as estimated."""
        cloud = self._current().cloud
        scale, bias_rad_s = cloud.columns[SCALE_ROW : BIAS_ROW + 1] @ cloud.weights()
        return float(scale), float(bias_rad_s)

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

    def _uniform_yaw(self, count: int) -> FloatArray:
        """Headings over the whole circle, one in each of ``count`` equal slices."""
        slices = (np.arange(count) + self._rng.random(count)) / count
        return np.asarray(wrap(2.0 * np.pi * slices))

    def _yaw_rate(self, step: MotionStep, motion: Motion | None) -> tuple[float | None, float]:
        """Yaw rate at the end of a step and its variance, bias not yet taken off."""
        if motion is None or math.isnan(step.rotation_rad):
            return None, self._settings.steering_noise_rad_s**2
        rate = motion.end_yaw_rate_rad_s
        if rate is None:
            rate = step.rotation_rad / step.duration_s
        return rate, (step.rotation_sigma_rad / step.duration_s) ** 2

    def _moments(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """State and covariance in the order of STATE_NAMES."""
        belief = self._current()
        mean, spread = moments(belief.cloud.columns, weights, self._kernels)
        state = np.zeros(STATE_SIZE)
        state[:PAPER_ROWS] = mean[:PAPER_ROWS]
        covariance = np.zeros((STATE_SIZE, STATE_SIZE))
        covariance[:PAPER_ROWS, :PAPER_ROWS] = spread[:PAPER_ROWS, :PAPER_ROWS]
        covariance[YAW_RATE, YAW_RATE] = belief.yaw_rate_variance
        if belief.yaw_rate_rad_s is not None:
            state[YAW_RATE] = belief.yaw_rate_rad_s - mean[BIAS_ROW]
            covariance[YAW_RATE, YAW_RATE] += spread[BIAS_ROW, BIAS_ROW]
        return state, covariance

    def _gate(self, observation: Observation) -> tuple[float, bool]:
        """NIS of the observation against mean and covariance, and whether it passes."""
        state, covariance = self._moments(self._current().cloud.weights())
        form = observation.gaussian(state)
        if form is None:
            return math.nan, True
        H, R, P = form.jacobian, form.noise_covariance, covariance
        verdict = gate(form.innovation, H @ P @ H.T + R, self._settings.gate_probability)
        return verdict.nis, verdict.accepted

    def _reject(self, observation: PositionObservation, nis: float) -> UpdateResult:
        """Count a gated position, and start again there when enough in a row agree."""
        belief = self._current()
        position = observation.antenna_enu_m
        if position is None or not np.isfinite(nis):
            return UpdateResult(False, nis, UpdateReason.INVALID)
        columns, weights = belief.cloud.columns, belief.cloud.weights()
        streak = belief.streak.extended(observation, float(columns[SPEED_ROW] @ weights))
        if streak.count < self._settings.reseed_after_rejections:
            self._belief = dataclasses.replace(belief, streak=streak)
            return UpdateResult(False, nis, UpdateReason.GATED)
        cloud = self._seeded_at(position, observation)
        self._belief = dataclasses.replace(belief, cloud=cloud, streak=RejectionStreak())
        return UpdateResult(True, nis, UpdateReason.RESEEDED)

    def _seeded_at(self, position: FloatArray, observation: PositionObservation) -> ParticleCloud:
        """The cloud moved to a fix: every second particle keeps its yaw roughly, the rest none."""
        drawn = self._resampled(self._current().cloud).columns
        count = drawn.shape[1]
        normals = standard_normals(self._rng, 3, count, self._kernels).astype(np.float64)
        columns = drawn.copy()
        yaw = drawn[YAW_ROW] + self._settings.reseed_yaw_jitter_rad * normals[YAW_ROW]
        yaw[1::2] = self._uniform_yaw(yaw[1::2].size)
        columns[YAW_ROW] = wrap(yaw)
        forward_m, left_m = observation.lever_arm_m
        cosine, sine = np.cos(columns[YAW_ROW]), np.sin(columns[YAW_ROW])
        lever = np.stack([cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m])
        columns[:2] = normal_columns(
            normals[:2], position[:, None] - lever, observation.covariance_m2
        )
        return ParticleCloud(columns)

    def _resampled_if_poor(self, cloud: ParticleCloud) -> ParticleCloud:
        if effective_sample_size(cloud.weights()) >= self._settings.ess_fraction * cloud.count:
            return cloud
        return self._resampled(cloud)

    def _resampled(self, cloud: ParticleCloud) -> ParticleCloud:
        """Equal weights again, copies set apart by a kernel of the cloud's own shape."""
        columns = self._kernels.resample(cloud.columns, cloud.weights(), self._rng.random())
        return ParticleCloud(self._smoothed(columns))

    def _smoothed(self, columns: FloatArray) -> FloatArray:
        settings, count = self._settings, columns.shape[1]
        centre = columns.mean(axis=1)
        deviations = columns - centre[:, None]
        centre[YAW_ROW] = circular_mean(columns[YAW_ROW])
        deviations[YAW_ROW] = wrap(columns[YAW_ROW] - centre[YAW_ROW])
        sigma = np.sqrt(np.einsum('ij,ij->i', deviations[:3], deviations[:3]) / count)
        bandwidth = min(
            0.95,
            settings.smoothing * optimal_bandwidth(count, ROBUST_ROWS),
            settings.smoothing_position_max_m / max(float(sigma[:2].max()), 1e-9),
            settings.smoothing_yaw_max_rad / max(float(sigma[YAW_ROW]), 1e-9),
        )
        if bandwidth <= 0.0:
            return columns
        normals = standard_normals(self._rng, ROBUST_ROWS, count, self._kernels)
        smoothed = redrawn(deviations, normals, bandwidth)
        smoothed += centre[:, None]
        smoothed[YAW_ROW] = wrap(smoothed[YAW_ROW])
        return smoothed
