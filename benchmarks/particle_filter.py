# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One particle filter step beside its peers: ``python benchmarks/particle_filter.py``.

The job: predict with four noises, weigh by a bilinear score lattice and by GPS (equation 5 with
its circle), resample systematically, take medians. Ours is the ``paper`` preset through its
public interface (and gives the covariance besides), the lattice looked up by numba; the numpy
fallback and the peers look it up by one vectorised numpy function. All run in one process, in
turn, with an allocator told to keep freed memory (for all alike: what one filter frees would
otherwise be returned, and faulted in anew by the next). Set OPENBLAS_NUM_THREADS=1.

The peers: ``pip install filterpy stonesoup`` and ``pip install --no-deps particles joblib
scikit-learn``, in an environment of their own (particles asks for an older numpy than it needs).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import ctypes
import dataclasses
from pathlib import Path
import platform
import sys

from measuring import Timing, print_table, time_alternating, write_results
import numba
import numpy as np
from particle_peers import (
    ACCELERATION,
    SIGMA_GPS_M,
    STEERING,
    STEP_S,
    ScoreLattice,
    filterpy_step,
    particles_step,
    stonesoup_step,
)

from geoloc_ros.filters.particle_filter import ParticleFilter
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.types import FloatArray, GaussianForm, PosePrior, PositionObservation, StateBatch

SEED = 20261121
SMALL, LARGE = 'particle filter step, M = 2000', 'particle filter step, M = 100000'
FALLBACK = 'geoloc_ros, numpy fallback'
#: How many times as long as ours each must take at least; the fallback, at most.
DEMANDS = {
    SMALL: {'filterpy': 5.5, 'stonesoup': 5.5, 'particles': 2.5, FALLBACK: 2.0},
    LARGE: {'filterpy': 10.0, 'particles': 4.0},
}
PACKAGES = ('numpy', 'numba', 'filterpy', 'stonesoup', 'particles')


@numba.njit(cache=True, error_model='numpy')
def interpolated(
    probability: FloatArray, first_m: float, cell_m: float, x_m: FloatArray, y_m: FloatArray
) -> FloatArray:
    """``ScoreLattice.log_likelihood`` before the log, compiled."""
    result = np.empty(x_m.size)
    limit = probability.shape[1] - 1.001
    for k in range(x_m.size):
        u = min(max((x_m[k] - first_m) / cell_m, 0.0), limit)
        v = min(max((y_m[k] - first_m) / cell_m, 0.0), limit)
        i, j = int(u), int(v)
        u -= i
        v -= j
        low = probability[j, i] + u * (probability[j, i + 1] - probability[j, i])
        high = probability[j + 1, i] + u * (probability[j + 1, i + 1] - probability[j + 1, i])
        result[k] = low + v * (high - low)
    return result


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreObservation:
    """The score lattice as an observation, looked up by numba or as the peers do it."""

    stamp_ns: int
    lattice: ScoreLattice
    compiled: bool
    source: str = 'scores'

    def log_likelihood(self, states: StateBatch) -> FloatArray:
        """The lattice at the particles."""
        lattice, x_m, y_m = self.lattice, states.x_m, states.y_m
        if not self.compiled:
            return lattice.log_likelihood(x_m, y_m)
        values = interpolated(lattice.probability, lattice.first_m, lattice.cell_m, x_m, y_m)
        return np.log(values, out=values)

    def gaussian(self, state: FloatArray) -> GaussianForm | None:  # noqa: ARG002
        """None is needed here."""
        return None


def our_step(count: int, lattice: ScoreLattice, kernels: str) -> Callable[[], FloatArray]:
    """A step of the paper preset."""
    settings = ParticleSettings(
        preset='paper',
        particle_count=count,
        acceleration_noise_m_s2=ACCELERATION,
        steering_noise_rad_s=STEERING,
        sigma_gps_m=SIGMA_GPS_M,
        kernels=kernels,
    )
    particle_filter = ParticleFilter(settings, np.random.default_rng(SEED))
    particle_filter.initialize(PosePrior(0, 0.0, 0.0, np.eye(2)))
    compiled = kernels == 'numba'
    step_ns = round(STEP_S * 1e9)
    position, covariance, lever = np.zeros(2), np.eye(2), np.zeros(2)

    def step() -> FloatArray:
        stamp_ns = particle_filter.stamp_ns + step_ns
        particle_filter.predict(stamp_ns)
        particle_filter.update(ScoreObservation(stamp_ns, lattice, compiled))
        particle_filter.update(PositionObservation(stamp_ns, 'gps', position, covariance, lever))
        return particle_filter.estimate().state

    return step


def compare(count: int, rounds: int, calls: int) -> dict[str, Timing]:
    """Time every filter with ``count`` particles, after checking that they agree."""
    lattice = ScoreLattice.random(np.random.default_rng(SEED))
    steps: dict[str, Callable[[], FloatArray]] = {
        'geoloc_ros': our_step(count, lattice, 'numba'),
        FALLBACK: our_step(count, lattice, 'numpy'),
        'filterpy': filterpy_step(count, lattice, SEED),
        'stonesoup': stonesoup_step(count, lattice, SEED),
        'particles': particles_step(count, lattice, SEED),
    }
    means = {
        name: np.mean([step()[:2] for _ in range(80)], axis=0) for name, step in steps.items()
    }
    middle = np.median(list(means.values()), axis=0)
    for name, mean in means.items():
        if np.abs(mean - middle).max() > 2.0:
            raise SystemExit(f'{name} estimates {mean}, the others {middle}: not the same job')
    return time_alternating(steps, rounds, calls)


def print_verdict(table: dict[str, Timing], demands: dict[str, float]) -> None:
    """Say of each demand whether it is met: times faster than a peer (fallback: slower)."""
    ours = table['geoloc_ros'].median_us
    for name, demand in demands.items():
        ratio = table[name].median_us / ours
        fallback = name.endswith('fallback')
        met = ratio <= demand if fallback else ratio >= demand
        limit = 'at most' if fallback else 'at least'
        verdict = 'met' if met else 'MISSED'
        print(f'{name} takes {ratio:.2f} times as long; demanded {limit} {demand:g}: {verdict}')


def keep_freed_memory() -> None:
    """Have glibc hold on to large blocks; elsewhere, nothing."""
    if sys.platform == 'linux' and platform.libc_ver()[0] == 'glibc':
        libc = ctypes.CDLL(None)
        trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, (1 << 31) - 1)


def main() -> None:
    """Run both sizes, print tables, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=40, help='rounds at 2000 particles')
    default = Path(__file__).parent / 'results' / 'particle_filter.json'
    parser.add_argument('--out', type=Path, default=default)
    arguments = parser.parse_args()
    keep_freed_memory()
    tables = {
        SMALL: compare(2000, arguments.rounds, 50),
        LARGE: compare(100_000, max(5, arguments.rounds // 3), 3),
    }
    for title, timings in tables.items():
        print_table(title, timings, 'geoloc_ros')
        print_verdict(timings, DEMANDS[title])
    write_results(arguments.out, tables, PACKAGES, SEED)


if __name__ == '__main__':
    main()
