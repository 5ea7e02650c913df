# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Kalman predict and update against filterpy: ``python benchmarks/kalman_filter.py``.

The same linear problem, the same Joseph form, float64, for n = 6 (2 measured) and n = 15
(3 measured); and one whole step of our extended Kalman filter, which has no peer here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from filterpy.kalman import KalmanFilter as FilterpyKalmanFilter
from measuring import Timing, print_table, time_alternating, write_results
import numpy as np

from geoloc_ros.filters.kalman_core import joseph_update, predict_moments
from geoloc_ros.filters.kalman_filter import KalmanFilter
from geoloc_ros.filters.kalman_settings import KalmanSettings
from geoloc_ros.types import Motion, PosePrior, PositionObservation

SEED = 20261121


def linear_steps(n: int, m: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Our step and filterpy's on one random problem."""
    rng = np.random.default_rng(SEED + n)
    root = rng.normal(size=(n, n))
    covariance = root @ root.T + np.eye(n)
    transition = np.linalg.qr(np.eye(n) + 0.1 * rng.normal(size=(n, n)))[0]
    process_noise, jacobian = np.eye(n) * 0.1, rng.normal(size=(m, n))
    measurement_noise, measured = np.eye(m), rng.normal(size=m)
    state = [np.zeros(n), covariance.copy()]

    def ours() -> None:
        x, P = predict_moments(state[0], state[1], transition, process_noise)
        y = measured - jacobian @ x
        state[0], state[1], _, _ = joseph_update(x, P, y, jacobian, measurement_noise)

    peer = FilterpyKalmanFilter(n, m)
    peer.x, peer.P, peer.F, peer.Q = np.zeros(n), covariance.copy(), transition, process_noise
    peer.H, peer.R = jacobian, measurement_noise

    def theirs() -> None:
        peer.predict()
        peer.update(measured)

    for _ in range(20):
        ours()
        theirs()
    np.testing.assert_allclose(state[0], peer.x, rtol=1e-6)
    np.testing.assert_allclose(state[1], peer.P, rtol=1e-6)
    return ours, theirs


def whole_step() -> Callable[[], object]:
    """Predict by odometry and update by a fix with our extended Kalman filter."""
    kalman = KalmanFilter(KalmanSettings(), np.random.default_rng(SEED))
    kalman.initialize(PosePrior(0, 0.0, 0.0, np.eye(2), 0.3, 0.01, 10.0, 0.01))
    stamp = [0]
    motion = Motion(0.1, 1.0, 0.01, 1e-4, 1e-6, 10.0, 0.1)

    def step() -> None:
        stamp[0] += 100_000_000
        kalman.predict(stamp[0], motion)
        place = kalman.estimate().state[:2]
        kalman.update(PositionObservation(stamp[0], 'fix', place, np.eye(2), np.zeros(2)))

    return step


def main() -> None:
    """Measure, print, and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('benchmarks/results/kalman_filter.json'))
    arguments = parser.parse_args()
    tables: dict[str, dict[str, Timing]] = {}
    for n, m in ((6, 2), (15, 3)):
        ours, theirs = linear_steps(n, m)
        title = f'Kalman predict + update, n = {n}, m = {m}'
        tables[title] = time_alternating({'geoloc_ros': ours, 'filterpy': theirs}, 100, 200)
        print_table(title, tables[title], 'geoloc_ros')
    title = 'extended Kalman filter, one step of odometry and a fix (gate included)'
    tables[title] = time_alternating({'geoloc_ros': whole_step()}, 100, 50)
    print_table(title, tables[title], 'geoloc_ros')
    write_results(arguments.out, tables, ('numpy', 'numba', 'filterpy'), SEED)


if __name__ == '__main__':
    main()
