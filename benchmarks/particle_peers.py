# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The same particle filter step written with filterpy, stonesoup and particles.

Each peer does what it has its own code for (weights, resampling, bookkeeping); motion and
likelihood, which every one of them leaves to its user, are the vectorised functions of this file.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import datetime

from filterpy.monte_carlo import systematic_resample
import numpy as np
import numpy.typing as npt
import particles
from stonesoup.predictor.particle import ParticlePredictor
from stonesoup.resampler.particle import SystematicResampler
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import ParticleState, StateVectors
from stonesoup.updater.particle import ParticleUpdater

Array = npt.NDArray[np.float64]

#: Particles looked up at a time, so that what is in between stays in the cache.
BLOCK = 8192
STEP_S = 0.625
SIGMA_GPS_M = 10.0
ACCELERATION, STEERING = 1.0, 0.6


@dataclasses.dataclass(frozen=True)
class ScoreLattice:
    """Matching scores on a grid, interpolated bilinearly in probability."""

    first_m: float
    cell_m: float
    probability: Array

    @classmethod
    def random(cls, rng: np.random.Generator, size: int = 65, cell_m: float = 5.0) -> ScoreLattice:
        """Scores exp(-d), d from 0 to 2, on a square centred on the origin."""
        scores = np.exp(-2.0 * rng.random((size, size)))
        return cls(-0.5 * (size - 1) * cell_m, cell_m, scores)

    def log_likelihood(self, x_m: Array, y_m: Array) -> Array:
        """Log score at positions, shape (n,); the border's beyond the border."""
        if x_m.size <= BLOCK:
            return self._block(x_m, y_m)
        values = np.empty(x_m.size)
        for begin in range(0, x_m.size, BLOCK):
            part = slice(begin, begin + BLOCK)
            values[part] = self._block(x_m[part], y_m[part])
        return values

    def _block(self, x_m: Array, y_m: Array) -> Array:
        size = self.probability.shape[1]
        flat = self.probability.ravel()
        place = np.empty((2, x_m.size))  # in cells, along and across
        np.subtract(x_m, self.first_m, out=place[0])
        np.subtract(y_m, self.first_m, out=place[1])
        place *= 1.0 / self.cell_m
        place.clip(0.0, size - 1.001, out=place)
        corner = np.floor(place)
        place -= corner
        (u, v), (along, across) = place, corner
        across *= size
        across += along
        k = across.astype(np.int64)
        low, high = flat.take(k), flat[size:].take(k)
        for left, right in ((low, flat[1:].take(k)), (high, flat[size + 1 :].take(k))):
            right -= left
            right *= u
            left += right
        high -= low
        high *= v
        low += high
        return np.log(low, out=low)


def moved(columns: Array, rng: np.random.Generator) -> Array:
    """Fixed velocity with four noises; rows x, y, yaw, speed of shape (4, n)."""
    root_s = np.sqrt(STEP_S)
    noise = rng.standard_normal(columns.shape)
    result = np.empty_like(columns)
    turn = (STEERING * root_s) * noise[2]
    np.add(columns[3], (ACCELERATION * root_s) * noise[3], out=result[3])
    path = (0.5 * STEP_S) * (columns[3] + result[3])
    heading = columns[2] + 0.5 * turn
    chord = path + (ACCELERATION * root_s * STEP_S / np.sqrt(12.0)) * noise[0]
    left = path * (STEERING * root_s / np.sqrt(12.0)) * noise[1]
    cosine, sine = np.cos(heading), np.sin(heading)
    np.add(columns[0], cosine * chord - sine * left, out=result[0])
    np.add(columns[1], sine * chord + cosine * left, out=result[1])
    np.add(columns[2], turn, out=result[2])
    return result


def log_weights(columns: Array, lattice: ScoreLattice, fix_m: Array) -> Array:
    """Equation 5 with its circle, in logs, shape (n,)."""
    squared = (columns[0] - fix_m[0]) ** 2 + (columns[1] - fix_m[1]) ** 2
    result = lattice.log_likelihood(columns[0], columns[1])
    result -= squared * (0.5 / SIGMA_GPS_M**2)
    result[squared > (3.0 * SIGMA_GPS_M) ** 2] = -np.inf
    return result


def start(count: int, rng: np.random.Generator) -> Array:
    """All at the origin, headings all round, speeds from 0 to 5 m/s."""
    columns = np.zeros((4, count))
    columns[2] = rng.uniform(-np.pi, np.pi, count)
    columns[3] = rng.uniform(0.0, 5.0, count)
    return columns


def filterpy_step(count: int, lattice: ScoreLattice, seed: int) -> Callable[[], Array]:
    """A step with filterpy's systematic resampling; the rest of a filter is its user's."""
    rng = np.random.default_rng(seed)
    state = [start(count, rng)]
    fix_m = np.zeros(2)

    def step() -> Array:
        columns = moved(state[0], rng)
        logs = log_weights(columns, lattice, fix_m)
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        chosen = systematic_resample(weights)
        state[0] = np.take(columns, chosen, axis=1)
        return np.median(state[0], axis=1)

    return step


class _FeynmanKac(particles.FeynmanKac):
    """The model as the particles package wants it: samples are rows of (n, 4)."""

    def __init__(self, lattice: ScoreLattice, rng: np.random.Generator) -> None:
        super().__init__(T=10**9)
        self.lattice, self.rng, self.fix_m = lattice, rng, np.zeros(2)

    def M0(self, N: int) -> Array:  # noqa: N802
        return np.ascontiguousarray(start(N, self.rng).T)

    def M(self, t: int, xp: Array) -> Array:  # noqa: ARG002, N802
        return np.ascontiguousarray(moved(np.ascontiguousarray(xp.T), self.rng).T)

    def logG(self, t: int, xp: Array, x: Array) -> Array:  # noqa: ARG002, N802
        return log_weights(x.T, self.lattice, self.fix_m)


def particles_step(count: int, lattice: ScoreLattice, seed: int) -> Callable[[], Array]:
    """A step of particles.SMC, resampling each time; medians of the resampled particles."""
    model = _FeynmanKac(lattice, np.random.default_rng(seed))
    smc = particles.SMC(fk=model, N=count, resampling='systematic', ESSrmin=1.0, collect='off')
    next(smc)

    def step() -> Array:
        next(smc)
        return np.median(smc.Xp, axis=0)

    return step


class _Transition:
    ndim_state = 4

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def function(self, state: ParticleState, **_: object) -> StateVectors:
        return moved(np.asarray(state.state_vector), self.rng).view(StateVectors)


class _Measurement:
    ndim_state, ndim_meas = 4, 2

    def __init__(self, lattice: ScoreLattice) -> None:
        self.lattice = lattice

    def logpdf(self, measurement: Detection, state: ParticleState, **_: object) -> Array:
        fix_m = np.asarray(measurement.state_vector, dtype=np.float64).ravel()
        return log_weights(np.asarray(state.state_vector), self.lattice, fix_m)


def stonesoup_step(count: int, lattice: ScoreLattice, seed: int) -> Callable[[], Array]:
    """A step of stonesoup's particle predictor, updater and systematic resampler."""
    np.random.seed(seed)  # noqa: NPY002 - its resampler draws from the global stream
    rng = np.random.default_rng(seed)
    predictor = ParticlePredictor(_Transition(rng))
    updater = ParticleUpdater(_Measurement(lattice), resampler=SystematicResampler())
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    first = ParticleState(
        start(count, rng).view(StateVectors),
        weight=np.full(count, 1.0 / count),
        timestamp=now,
    )
    state = [first]
    forward = datetime.timedelta(seconds=STEP_S)

    def step() -> Array:
        stamp = state[0].timestamp + forward
        prediction = predictor.predict(state[0], timestamp=stamp)
        detection = Detection(np.zeros((2, 1)), timestamp=stamp)
        state[0] = updater.update(SingleHypothesis(prediction, detection))
        return np.median(np.asarray(state[0].state_vector), axis=1)

    return step
