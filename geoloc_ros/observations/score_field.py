# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A lattice of scores as an observation: any filter can use what a matcher says of a pose."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.compiled import COMPILED
from geoloc_ros.errors import MeasurementError
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.observations.score_kernels import interpolated, lattice_places
from geoloc_ros.observations.score_modes import FieldMoments, field_moments
from geoloc_ros.settings import setting
from geoloc_ros.types import (
    STATE_SIZE,
    YAW,
    FloatArray,
    GaussianForm,
    ScoreLattice,
    StateBatch,
    X,
    Y,
)

Float32Array = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class ScoreFieldSettings:
    """How scores of a matcher are used."""

    accept_uncalibrated: bool = setting(
        False,
        'use scores that say of themselves that nobody has calibrated them on input of this kind; '
        'they may be confidently wrong',
    )
    thinning: str = setting(
        'distance',
        'what is done about neighbouring pictures, which err alike: distance uses one every '
        'thinning_m, temper weakens each by the correlation with the one before, none believes '
        'each of them',
        choices=('distance', 'temper', 'none'),
    )
    thinning_m: float = setting(
        5.0,
        'distance driven from one use of scores to the next, or, with temper, after which their '
        'errors have lost 63 % of their correlation; smaller trusts the camera more',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
    )
    settling_m: float = setting(
        30.0,
        'where pictures come before the heading is known, the belief stays in doubt for so long a '
        'drive from the first of them: they are weakened by settling_power, and fixes that '
        'contradict it are not weakened, so that some of them start the filter anew; 0 believes '
        'the first pictures',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
    )
    settling_power: float = setting(
        0.6,
        'exponent of the likelihood of pictures meanwhile: the first ones see the same street '
        'and may be wrong alike; smaller trusts them less and takes longer',
        minimum=0.01,
        maximum=1.0,
    )
    outlier_probability: float = setting(
        0.05,
        'share of pictures that say nothing of the place (tunnel, lorry ahead): the floor under '
        'the likelihood; larger forgives more and tells less',
        minimum=0.0,
        maximum=0.9,
    )
    no_data: str = setting(
        'neutral',
        'what becomes of a particle where the map has no data: neutral gives it the likelihood of '
        'a place taken at random, discard takes it away (the paper)',
        choices=('neutral', 'discard'),
    )
    rival_share: float = setting(
        0.5,
        'a second mode with this share of the mass of the greatest makes a field useless for a '
        'Kalman filter; smaller leaves more fields out',
        minimum=0.05,
        maximum=1.0,
    )
    yaw_sigma_max_rad: float = setting(
        0.6,
        'a field whose heading is less certain than this tells a Kalman filter the position only',
        unit='rad',
        minimum=0.01,
        maximum=3.2,
    )


def check_lattice(lattice: ScoreLattice) -> None:
    """Refuse a lattice that is no field of scores.

    Raises:
        MeasurementError: shapes disagree, a number is not finite, headings are not equally spaced
            over the circle, a log-likelihood is +inf, or no cell has data.
    """
    count = len(lattice.yaws_rad)
    scores = lattice.log_likelihood
    if scores.ndim != 3 or scores.shape[0] != max(count, 1) or 0 in scores.shape or count == 1:
        raise MeasurementError(
            f'scores from {lattice.source!r} have shape {scores.shape} and {count} headings; '
            'expected (headings, ny, nx), or (1, ny, nx) and none; mend the sender'
        )
    place = (lattice.origin_x_m, lattice.origin_y_m, lattice.rotation_rad, lattice.spacing_m)
    lever = (lattice.sensor_forward_m, lattice.sensor_left_m)
    if not (all(map(math.isfinite, (*place, *lever))) and lattice.spacing_m > 0.0):
        raise MeasurementError(
            f'scores from {lattice.source!r} have origin, rotation and spacing {place} and lever '
            f'{lever}; expected finite numbers and a positive spacing; mend the sender'
        )
    if count:
        gaps = wrap_angle(np.diff(lattice.yaws_rad, append=lattice.yaws_rad[:1]))
        if not np.allclose(gaps, wrap_angle(2.0 * math.pi / count), atol=1e-3):
            raise MeasurementError(
                f'scores from {lattice.source!r} have headings {lattice.yaws_rad.tolist()}; '
                'expected them counter-clockwise and equally spaced over the circle'
            )
    if np.isposinf(scores).any() or not np.isfinite(scores).any():
        raise MeasurementError(
            f'scores from {lattice.source!r} have no finite cell, or an infinite one; expected '
            'log-likelihoods, NaN where there is no data'
        )


@dataclasses.dataclass(frozen=True)
class ScoreField:
    """Log-likelihood of any pose from a lattice of them.

    The likelihood exp(ll - max) is interpolated, linearly in both axes of the lattice and, around
    the circle, in heading; then the logarithm is taken. (To interpolate the logarithm would make
    a sharp mode between cells vanish.) With the share e of pictures that say nothing, the
    likelihood is (1 - e) L / mean(L) + e, which has mean 1 over the cells with data.

    Attributes:
        lattice: checked by ``check_lattice``.
        settings: how it is used.
        power: exponent of the likelihood, below 1 for scores that repeat what is known.
    """

    lattice: ScoreLattice
    settings: ScoreFieldSettings = ScoreFieldSettings()
    power: float = 1.0

    @property
    def stamp_ns(self) -> int:
        """Of the picture that was scored."""
        return self.lattice.stamp_ns

    @property
    def source(self) -> str:
        """Topic or matcher."""
        return self.lattice.source

    @property
    def forgives(self) -> bool:
        """Whether the likelihood has a floor: a particle filter then needs no gate."""
        return self.settings.outlier_probability > 0.0

    def tempered(self, power: float) -> ScoreField:
        """The same field with its likelihood to the power of ``power``."""
        return dataclasses.replace(self, power=power)

    @functools.cached_property
    def _relative(self) -> FloatArray:
        """Likelihood of each cell over the greatest, NaN without data, as the lattice."""
        scores = self.lattice.log_likelihood.astype(np.float64)
        scores -= np.nanmax(scores)
        scores *= self.power
        return np.exp(scores, out=scores)

    @functools.cached_property
    def likelihood(self) -> FloatArray:
        """Of each cell, its mean over the cells with data 1, NaN without data, as the lattice."""
        share = self.settings.outlier_probability
        relative = self._relative
        mean = float(relative.mean())
        if math.isnan(mean):
            mean = float(np.nanmean(relative))
        likelihood = relative * ((1.0 - share) / mean)
        likelihood += share
        return likelihood

    @functools.cached_property
    def _padded(self) -> tuple[FloatArray, FloatArray]:
        """Likelihoods with a border of no data (0 there), flat; and 1 where there is some."""
        layers, ny, nx = self.likelihood.shape
        values, known = np.zeros((2, layers, ny + 2, nx + 2))
        finite = np.isfinite(self.likelihood)
        known[:, 1:-1, 1:-1] = finite
        np.copyto(values[:, 1:-1, 1:-1], self.likelihood, where=finite)
        return values.ravel(), known.ravel()

    def log_likelihood(self, states: StateBatch) -> FloatArray:
        """Log-likelihood of each state, shape (n,); 0 is that of a place taken at random.

        A corner of the interpolation that has no data counts as a place taken at random, or not at
        all where particles without data are discarded; -inf is the log-likelihood of those.
        """
        values, known = self._interpolated(states)
        if self.settings.no_data == 'neutral':
            with np.errstate(divide='ignore'):
                # Corner weights may add up to a hair over 1.
                return np.asarray(np.log(values + np.maximum(1.0 - known, 0.0)))
        with np.errstate(divide='ignore', invalid='ignore'):
            return np.where(known > 1e-9, np.log(values / known), -np.inf)

    def _interpolated(self, states: StateBatch) -> tuple[FloatArray, FloatArray]:
        """Sum of corner weights times likelihood, and of the weights that have data."""
        values, known = self._padded
        layers, ny, nx = self.lattice.log_likelihood.shape
        if COMPILED:
            return interpolated(values, known, (layers, ny, nx), *self._compiled_places(states))
        columns, rows = self._cells(states)
        # In the padded lattice; everything beyond the border lies on it.
        columns = np.clip(columns + 1.0, 0.0, nx + 1.0)
        rows = np.clip(rows + 1.0, 0.0, ny + 1.0)
        left = np.minimum(columns.astype(np.intp), nx)
        low = np.minimum(rows.astype(np.intp), ny)
        u, v = columns - left, rows - low
        corner = low * (nx + 2) + left
        layer_size = (nx + 2) * (ny + 2)
        total, weight = np.zeros(columns.shape), np.zeros(columns.shape)
        for layer, share in self._layers(states.yaw_rad, layers):
            for shift, part in (
                (0, (1.0 - u) * (1.0 - v)),
                (1, u * (1.0 - v)),
                (nx + 2, (1.0 - u) * v),
                (nx + 3, u * v),
            ):
                at = corner + (layer * layer_size + shift)
                total += np.take(values, at) * part * share
                weight += np.take(known, at) * part * share
        return total, weight

    def _cells(self, states: StateBatch) -> tuple[FloatArray, FloatArray]:
        """Column and row of the sensor's place for each state, fractions between cells."""
        lattice = self.lattice
        east_m = states.x_m - lattice.origin_x_m
        north_m = states.y_m - lattice.origin_y_m
        if lattice.sensor_forward_m or lattice.sensor_left_m:
            cosine, sine = np.cos(states.yaw_rad), np.sin(states.yaw_rad)
            east_m = east_m + cosine * lattice.sensor_forward_m - sine * lattice.sensor_left_m
            north_m = north_m + sine * lattice.sensor_forward_m + cosine * lattice.sensor_left_m
        cosine_m, sine_m = self._turn()
        return cosine_m * east_m + sine_m * north_m, cosine_m * north_m - sine_m * east_m

    def _turn(self) -> tuple[float, float]:
        """Cosine and sine of the lattice's rotation, over its spacing."""
        lattice = self.lattice
        return (
            math.cos(lattice.rotation_rad) / lattice.spacing_m,
            math.sin(lattice.rotation_rad) / lattice.spacing_m,
        )

    def _compiled_places(self, states: StateBatch) -> tuple[FloatArray, FloatArray, FloatArray]:
        """As ``_cells`` and ``_layer_places``, in one loop."""
        lattice = self.lattice
        count = len(lattice.yaws_rad)
        around = (float(lattice.yaws_rad[0]), count / (2.0 * math.pi)) if count else (0.0, 0.0)
        return lattice_places(
            states.x_m,
            states.y_m,
            states.yaw_rad,
            (float(lattice.origin_x_m), float(lattice.origin_y_m)),
            self._turn(),
            (float(lattice.sensor_forward_m), float(lattice.sensor_left_m)),
            around,
        )

    def _layers(
        self, yaw_rad: FloatArray, count: int
    ) -> list[tuple[npt.NDArray[np.intp] | int, FloatArray | float]]:
        """The two layers about each heading with their shares, or the only one."""
        if count == 1:
            return [(0, 1.0)]
        place = self._layer_places(yaw_rad, count)
        below = np.floor(place)
        share = place - below
        first = below.astype(np.intp) % count
        return [(first, 1.0 - share), ((first + 1) % count, share)]

    def _layer_places(self, yaw_rad: FloatArray, count: int) -> FloatArray:
        """Place of each heading around the circle, in layers from the first one."""
        if count == 1:
            return np.zeros(yaw_rad.shape)
        return np.asarray((yaw_rad - self.lattice.yaws_rad[0]) * (count / (2.0 * math.pi)))

    @functools.cached_property
    def moments(self) -> FieldMoments | None:
        """Mean and covariance of the dominant mode; ``None`` where no Gaussian fits.

        Without the floor for outliers, from which a Kalman filter is guarded by its gate.
        """
        return field_moments(
            self.lattice,
            self._relative,
            self.settings.rival_share,
            self.settings.yaw_sigma_max_rad,
        )

    def gaussian(self, state: FloatArray) -> GaussianForm | None:
        """Innovation, R and H of the dominant mode; ``None`` where there are several strong ones.

        See ``score_modes.field_moments`` for what R holds.
        """
        moments = self.moments
        if moments is None:
            return None
        size = moments.mean.shape[0]
        cosine, sine = math.cos(state[YAW]), math.sin(state[YAW])
        forward_m, left_m = self.lattice.sensor_forward_m, self.lattice.sensor_left_m
        lever = (cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m)
        innovation = moments.mean - state[:size]
        innovation[X] -= lever[0]
        innovation[Y] -= lever[1]
        jacobian = np.zeros((size, STATE_SIZE))
        jacobian[:size, :size] = np.eye(size)
        jacobian[X, YAW] -= lever[1]
        jacobian[Y, YAW] += lever[0]
        if size > YAW:
            innovation[YAW] = wrap_angle(float(innovation[YAW]))
        return GaussianForm(innovation, moments.covariance, jacobian)
