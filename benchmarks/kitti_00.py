# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""KITTI 00 with synthesised odometry and GNSS against an EKF that is told the true noise.

``python benchmarks/kitti_00.py`` drives the real trajectory of KITTI odometry 00 (a file of the
real data folder, ``--trajectory``) with the errors of ``geoloc_sim.kitti_drive``, for 20 seeds:
odometry at 0.1037 s a frame, 1 % scale error, 0.2 deg/s of independent yaw-rate noise; GNSS at
1 Hz, 6.85 m per axis. Both our filters run through the localizer, twice: ``told`` what the matched
EKF is told (a gyro without bias, a constant scale of 1 %), and with every default. Either way
``gnss.correlation_time_s`` is 0, since these GNSS errors are white.

The matched EKF is written here on its own: position, yaw and odometry scale, the true standard
deviations, and the true heading (to 0.02 rad) to start from, which ours must find out.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from pathlib import Path

from measuring import machine_record
import numpy as np

from geoloc_ros.localizer.build import build_localizer, settings_type
from geoloc_ros.settings import from_flat
from geoloc_ros.types import FloatArray
from geoloc_sim.drive import measurements
from geoloc_sim.kitti_drive import GNSS_SIGMA_M, SCALE_ERROR, YAW_RATE_SIGMA_RAD_S, kitti_drive
from geoloc_sim.records import SimulatedDrive

DEFAULT_TRAJECTORY = Path('../shared/data/kitti_oxts_osm/map_trajectories/00.txt.bz2')


def matched_ekf_errors(drive: SimulatedDrive, rng: np.random.Generator) -> FloatArray:
    """Position errors of the matched EKF at every frame after the first fix, metres."""
    truth, gnss = drive.truth, drive.gnss
    assert drive.wheel_yaw_rate is not None
    stamps_s = (truth.stamps_ns - truth.stamps_ns[0]) * 1e-9
    fix_frames = np.searchsorted(truth.stamps_ns, gnss.stamps_ns)
    at_frame = {int(frame): k for k, frame in enumerate(fix_frames)}
    speeds, rates = drive.wheel_speed.values, drive.wheel_yaw_rate.values
    x = np.array([*gnss.antenna_m[0], truth.yaw_rad[0] + 0.02 * rng.standard_normal(), 1.0])
    P = np.diag([GNSS_SIGMA_M**2, GNSS_SIGMA_M**2, 0.02**2, SCALE_ERROR**2])
    R, H = np.eye(2) * GNSS_SIGMA_M**2, np.eye(2, 4)
    errors = [math.hypot(x[0] - truth.x_m[0], x[1] - truth.y_m[0])]
    for k in range(1, len(stamps_s)):
        dt = stamps_s[k] - stamps_s[k - 1]
        distance = 0.5 * (speeds[k - 1] + speeds[k]) * dt
        rotation = 0.5 * (rates[k - 1] + rates[k]) * dt
        cosine, sine = math.cos(x[2] + 0.5 * rotation), math.sin(x[2] + 0.5 * rotation)
        F = np.eye(4)
        F[0, 2], F[1, 2] = -x[3] * distance * sine, x[3] * distance * cosine
        F[0, 3], F[1, 3] = distance * cosine, distance * sine
        G = np.array([0.5 * F[0, 2], 0.5 * F[1, 2], 1.0, 0.0])
        along = x[3] * distance
        x = x + np.array([along * cosine, along * sine, rotation, 0.0])
        P = F @ P @ F.T + np.outer(G, G) * (YAW_RATE_SIGMA_RAD_S * dt) ** 2
        if k in at_frame:
            fix = at_frame[k]
            # the fix is a little older than the frame: bring it up to the frame
            late_s = (truth.stamps_ns[k] - gnss.stamps_ns[fix]) * 1e-9
            moved = x[3] * speeds[k] * late_s * np.array([math.cos(x[2]), math.sin(x[2])])
            K = P @ H.T @ np.linalg.inv(H @ P @ H.T + R)
            x = x + K @ (gnss.antenna_m[fix] + moved - x[:2])
            A = np.eye(4) - K @ H
            P = A @ P @ A.T + K @ R @ K.T
        errors.append(math.hypot(x[0] - truth.x_m[k], x[1] - truth.y_m[k]))
    return np.array(errors)


TOLD = {
    'kalman': {
        'kalman.scale_sigma': SCALE_ERROR,
        'kalman.scale_noise': 0.0,
        'kalman.yaw_rate_bias_sigma_rad_s': 0.0,
        'kalman.yaw_rate_bias_noise': 0.0,
    },
    'particle': {
        'particle.scale_sigma': SCALE_ERROR,
        'particle.yaw_rate_bias_sigma_rad_s': 0.0,
        'particle.yaw_rate_bias_walk_rad_s_sqrt_s': 0.0,
    },
}


def our_errors(drive: SimulatedDrive, filter_name: str, seed: int, *, told: bool) -> FloatArray:
    """Position errors of our localizer at every estimate after the first fix, metres."""
    values = {'gnss.correlation_time_s': 0.0, **(TOLD[filter_name] if told else {})}
    settings = from_flat(settings_type(filter_name), values)
    localizer = build_localizer(settings, seed)
    localizer.set_datum(drive.truth.datum)
    estimates = []
    for received in measurements(drive):
        estimates += localizer.push(received.measurement).estimates
    stamps_ns = np.array([estimate.stamp_ns for estimate in estimates])
    within = stamps_ns <= drive.truth.stamps_ns[-1]
    found = np.array([estimate.state[:2] for estimate in estimates])[within]
    at = drive.truth.at(stamps_ns[within])
    return np.asarray(np.hypot(found[:, 0] - at.x_m, found[:, 1] - at.y_m))


@dataclasses.dataclass(frozen=True, slots=True)
class SeedResult:
    """Mean position errors of one seed, metres."""

    seed: int
    raw_m: float
    matched_ekf_m: float
    kalman_told_m: float
    particle_told_m: float
    kalman_default_m: float
    particle_default_m: float


def one_seed(trajectory: Path, seed: int) -> SeedResult:
    """Drive one seed with everything."""
    drive = kitti_drive(trajectory, seed)
    at_fix = drive.truth.at(drive.gnss.stamps_ns)
    raw = np.hypot(*(drive.gnss.antenna_m - np.column_stack((at_fix.x_m, at_fix.y_m))).T)
    matched = matched_ekf_errors(drive, np.random.default_rng(seed))
    return SeedResult(
        seed,
        float(raw.mean()),
        float(matched.mean()),
        *(
            float(our_errors(drive, name, seed, told=told).mean())
            for told in (True, False)
            for name in ('kalman', 'particle')
        ),
    )


def bootstrap_interval(ours: FloatArray, matched: FloatArray) -> tuple[float, float]:
    """95 % interval of the ratio of means over seeds, paired."""
    rng = np.random.default_rng(1)
    drawn = rng.integers(len(ours), size=(10_000, len(ours)))
    low, high = np.percentile(ours[drawn].mean(axis=1) / matched[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    """Run the seeds, print the table, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--trajectory', type=Path, default=DEFAULT_TRAJECTORY)
    parser.add_argument('--seeds', type=int, default=20)
    parser.add_argument('--out', type=Path, default=Path('benchmarks/results/kitti_00.json'))
    arguments = parser.parse_args()
    results = []
    print('mean position error [m]          told what it is told    every default')
    print('seed       raw  matched EKF      kalman  particle      kalman  particle')
    for seed in range(arguments.seeds):
        result = one_seed(arguments.trajectory, seed)
        results.append(result)
        print(
            f'{seed:4d}  {result.raw_m:8.2f} {result.matched_ekf_m:12.3f} '
            f'{result.kalman_told_m:11.3f} {result.particle_told_m:9.3f} '
            f'{result.kalman_default_m:11.3f} {result.particle_default_m:9.3f}',
            flush=True,
        )
    matched = np.array([result.matched_ekf_m for result in results])
    ratios = {}
    for name in ('kalman_told', 'particle_told', 'kalman_default', 'particle_default'):
        ours = np.array([getattr(result, f'{name}_m') for result in results])
        low, high = bootstrap_interval(ours, matched)
        ratios[name] = {'ratio': float(ours.mean() / matched.mean()), 'low': low, 'high': high}
        print(f'{name}: {ratios[name]["ratio"]:.3f} of the matched EKF ({low:.3f} to {high:.3f})')
    record = {
        **machine_record(('numpy', 'numba'), 0),
        'ratio_over_matched_ekf': ratios,
        'seeds': [dataclasses.asdict(result) for result in results],
    }
    arguments.out.write_text(json.dumps(record, indent=2) + '\n')


if __name__ == '__main__':
    main()
