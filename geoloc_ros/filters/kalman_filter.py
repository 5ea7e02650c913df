# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Extended Kalman filter over position, yaw, speed and yaw rate.

Two calibration states, odometry scale and yaw-rate bias, stand behind the five: a wheel that is
1 % too large errs the same way all day, which no white noise can stand for. While the heading is
unknown a Gaussian sum covers the circle; it becomes one Gaussian once driving has told it.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses

import numpy as np

from geoloc_ros.errors import FilterStateError
from geoloc_ros.filters.gating import RejectionStreak, chi_square_threshold, gate
from geoloc_ros.filters.gaussian_sum import GaussianSum, around_the_circle, joined
from geoloc_ros.filters.kalman_core import (
    innovation_covariance,
    joseph_update,
    predict_covariance,
)
from geoloc_ros.filters.kalman_motion import (
    FILTER_STATE_SIZE,
    SCALE,
    YAW_RATE_BIAS,
    pack_motion,
    pack_noise,
    propagate,
)
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.types import (
    SPEED,
    STATE_SIZE,
    YAW,
    YAW_RATE,
    Estimate,
    FloatArray,
    GaussianForm,
    Motion,
    Observation,
    PosePrior,
    PositionObservation,
    UpdateReason,
    UpdateResult,
    seconds_between,
)


@dataclasses.dataclass(frozen=True, slots=True)
class _State:
    stamp_ns: int
    belief: GaussianSum
    streak: RejectionStreak


class KalmanFilter:
    """Extended Kalman filter in Joseph form, gated on the squared NIS against chi-square.

    Implements ``filters.interface.Filter``. Source: Bar-Shalom, Li, Kirubarajan 2001, section
    10.3; Gaussian sum start: Alspach and Sorenson 1972.

    Args:
        settings: noise, gate and start.
        rng: used only to draw ``particles`` for display.
    """

    def __init__(self, settings: KalmanSettings, rng: np.random.Generator) -> None:
        self._settings = settings
        self._noise = pack_noise(settings)
        self._display_seed = int(rng.integers(2**63))
        self._state: _State | None = None

    @property
    def initialized(self) -> bool:
        """Whether ``initialize`` has been called."""
        return self._state is not None

    @property
    def stamp_ns(self) -> int:
        """Time the state holds at."""
        return self._known_state().stamp_ns

    def initialize(self, prior: PosePrior) -> None:
        """Start from ``prior``; an unknown heading is spread over the circle."""
        self._state = _State(prior.stamp_ns, self._belief_from(prior), RejectionStreak())

    def predict(self, to_stamp_ns: int, motion: Motion | None = None) -> None:
        """Move every Gaussian along the motion, or along its own speed and yaw rate."""
        state = self._known_state()
        if to_stamp_ns < state.stamp_ns:
            raise FilterStateError(
                f'cannot predict to {to_stamp_ns} ns: the filter is already at '
                f'{state.stamp_ns} ns; put late measurements through a DelayBuffer'
            )
        if to_stamp_ns == state.stamp_ns:
            return
        if motion is None:
            motion = Motion(seconds_between(state.stamp_ns, to_stamp_ns))
        packed = pack_motion(motion)
        means = np.empty_like(state.belief.means)
        covariances = np.empty_like(state.belief.covariances)
        for k in range(state.belief.size):
            means[k], F, Q = propagate(state.belief.means[k], packed, self._noise)
            covariances[k] = predict_covariance(state.belief.covariances[k], F, Q)
        belief = GaussianSum(means, covariances, state.belief.weights)
        self._state = dataclasses.replace(state, stamp_ns=to_stamp_ns, belief=belief)

    def update(self, observation: Observation) -> UpdateResult:
        """Gate, then update every Gaussian; several agreeing rejections start the filter anew."""
        state = self._known_state()
        forms = [observation.gaussian(mean[:STATE_SIZE]) for mean in state.belief.means]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            is_position = isinstance(observation, PositionObservation)
            reason = UpdateReason.NO_FIX if is_position else UpdateReason.NO_GAUSSIAN
            return UpdateResult(False, float('nan'), reason)
        nis_values = [self._nis(k, form) for k, form in enumerate(known)]
        nis = min(nis_values)
        if nis > chi_square_threshold(
            self._settings.gate_probability, known[0].innovation.shape[0]
        ):
            return self._rejected(observation, nis)
        log_likelihoods = np.empty(state.belief.size)
        means = np.empty_like(state.belief.means)
        covariances = np.empty_like(state.belief.covariances)
        for k, form in enumerate(known):
            noise = form.noise_covariance * self._huber_inflation(nis_values[k])
            means[k], covariances[k], _, log_likelihoods[k] = joseph_update(
                state.belief.means[k],
                state.belief.covariances[k],
                form.innovation,
                _padded(form.jacobian),
                noise,
            )
            means[k, YAW] = wrap_angle(float(means[k, YAW]))
        belief = GaussianSum(means, covariances, state.belief.weights)
        if belief.size > 1:
            belief = belief.reweighted(log_likelihoods)
            if belief.yaw_sigma_rad() < self._settings.merge_yaw_sigma_rad:
                belief = belief.merged()
        streak = (
            RejectionStreak() if isinstance(observation, PositionObservation) else state.streak
        )
        self._state = _State(state.stamp_ns, belief, streak)
        return UpdateResult(True, nis, UpdateReason.ACCEPTED)

    def estimate(self) -> Estimate:
        """Mean and covariance of the belief."""
        state = self._known_state()
        mean, covariance = state.belief.moments()
        return Estimate(
            state.stamp_ns,
            mean[:STATE_SIZE].copy(),
            covariance[:STATE_SIZE, :STATE_SIZE].copy(),
        )

    def particles(self, count: int) -> FloatArray:
        """Draws from the belief, shape (count, 3), for display; none before the start."""
        if self._state is None:
            return np.zeros((0, 3))
        rng = np.random.default_rng(self._display_seed)
        belief = self._state.belief
        drawn = np.empty((count, 3))
        chosen = rng.choice(belief.size, size=count, p=belief.weights)
        for k in range(belief.size):
            rows = np.flatnonzero(chosen == k)
            drawn[rows] = rng.multivariate_normal(
                belief.means[k, :3], belief.covariances[k, :3, :3], size=rows.size
            )
        return drawn

    def calibration(self) -> tuple[float, float]:
        """Odometry scale (true over measured) and yaw-rate bias in rad/s, as estimated."""
        mean, _ = self._known_state().belief.moments()
        return float(mean[SCALE]), float(mean[YAW_RATE_BIAS])

    def checkpoint(self) -> Callable[[], None]:
        """A function that puts the filter back as it is now; the state is never written into."""
        state = self._state

        def restore() -> None:
            self._state = state

        return restore

    def _known_state(self) -> _State:
        if self._state is None:
            raise FilterStateError('the filter has no state yet; call initialize() with a prior')
        return self._state

    def _belief_from(self, prior: PosePrior) -> GaussianSum:
        settings = self._settings
        mean = np.zeros(FILTER_STATE_SIZE)
        mean[0], mean[1], mean[SCALE] = prior.x_m, prior.y_m, 1.0
        covariance = np.zeros((FILTER_STATE_SIZE, FILTER_STATE_SIZE))
        covariance[:2, :2] = prior.position_covariance_m2
        if prior.speed_m_s is None:
            covariance[SPEED, SPEED] = settings.initial_speed_sigma_m_s**2
        else:
            mean[SPEED] = prior.speed_m_s
            covariance[SPEED, SPEED] = prior.speed_variance_m2_s2
        covariance[YAW_RATE, YAW_RATE] = (
            settings.yaw_acceleration_noise**2 * settings.yaw_rate_decay_s / 2.0
        )
        covariance[SCALE, SCALE] = settings.scale_sigma**2
        covariance[YAW_RATE_BIAS, YAW_RATE_BIAS] = settings.yaw_rate_bias_sigma_rad_s**2
        if prior.yaw_rad is None:
            return around_the_circle(mean, covariance, settings.yaw_hypotheses)
        mean[YAW] = prior.yaw_rad
        covariance[YAW, YAW] = prior.yaw_variance_rad2
        return GaussianSum(mean[None], covariance[None], np.ones(1))

    def _nis(self, k: int, form: GaussianForm) -> float:
        S = innovation_covariance(
            self._known_state().belief.covariances[k],
            _padded(form.jacobian),
            form.noise_covariance,
        )
        return gate(form.innovation, S, self._settings.gate_probability).nis

    def _huber_inflation(self, nis: float) -> float:
        if self._settings.robust_loss != 'huber':
            return 1.0
        return max(1.0, float(np.sqrt(nis)) / self._settings.huber_threshold)

    def _rejected(self, observation: Observation, nis: float) -> UpdateResult:
        state = self._known_state()
        if not isinstance(observation, PositionObservation):
            return UpdateResult(False, nis, UpdateReason.GATED)
        mean, covariance = state.belief.moments()
        streak = state.streak.extended(observation, float(mean[SPEED]))
        self._state = dataclasses.replace(state, streak=streak)
        if streak.count < self._settings.reseed_after_rejections:
            return UpdateResult(False, nis, UpdateReason.GATED)
        self._reseed(observation, mean, covariance)
        return UpdateResult(True, nis, UpdateReason.RESEEDED)

    def _reseed(
        self, observation: PositionObservation, mean: FloatArray, covariance: FloatArray
    ) -> None:
        assert observation.antenna_enu_m is not None
        lever_m2 = float(observation.lever_arm_m @ observation.lever_arm_m)
        moved = mean.copy()
        moved[:2] = observation.antenna_enu_m
        opened = covariance.copy()
        opened[:2, :] = 0.0
        opened[:, :2] = 0.0
        opened[:2, :2] = observation.covariance_m2 + lever_m2 * np.eye(2)
        anywhere = around_the_circle(moved, opened, self._settings.yaw_hypotheses)
        as_before = GaussianSum(moved[None], opened[None], np.ones(1))
        weight = self._settings.kept_yaw_weight
        belief = joined(as_before, anywhere, weight) if weight > 0.0 else anywhere
        if weight >= 1.0:
            belief = as_before
        self._state = _State(self._known_state().stamp_ns, belief, RejectionStreak())


def _padded(jacobian: FloatArray) -> FloatArray:
    padded = np.zeros((jacobian.shape[0], FILTER_STATE_SIZE))
    padded[:, :STATE_SIZE] = jacobian
    return padded
