# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc calibrate``: what a network's scores are worth on a drive of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
import dataclasses
import math
import os
from pathlib import Path
import sys

import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.bag_trajectory import read_topic, read_truth
from geoloc_ros.cli.localize import add_camera_options, open_sight
from geoloc_ros.cli.offline import ReceivedImage
from geoloc_ros.cli.sight import OfflineSight
from geoloc_ros.cli.subparsers import Subparsers, positive_number
from geoloc_ros.errors import EvaluationError, MapError, MeasurementError, ShapeError
from geoloc_ros.evaluation.reference import about_datum
from geoloc_ros.evaluation.trajectory import Trajectory, moved_to_point, sample_at
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.pictures import decoded_for
from geoloc_ros.observations.calibration import (
    Calibration,
    ScoredFrame,
    calibrate,
    write_calibration,
)
from geoloc_ros.observations.search_area import SearchCircle
from geoloc_ros.observations.sight import CameraCabinet
from geoloc_ros.types import GeodeticPosition

_SLOWEST_M_S = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class CalibrationOptions:
    """How frames are taken.

    Attributes:
        radius_m: of the search about a place off the truth.
        spacing_m: frames nearer than this to the one before are left out.
        seed: of the places searched.
    """

    radius_m: float = 50.0
    spacing_m: float = 5.0
    seed: int = 0


def add_parser(subparsers: Subparsers) -> None:
    """Add ``calibrate``."""
    parser = subparsers.add_parser(
        'calibrate',
        help='find out what the camera is worth on a drive of your own',
        description='Fit the temperature that makes likelihoods of the scores, on a drive whose '
        'truth is known, and show whether their credible regions hold the truth. What it finds '
        'is stored in the folder of the map, and from then on the filters use its scores.',
    )
    parser.add_argument('bag', type=Path, help='rosbag2 with images, camera info and a truth')
    parser.add_argument(
        '--config',
        type=Path,
        action='append',
        default=[],
        help='parameter file with cross_view_node',
    )
    parser.add_argument(
        '--truth', default='', metavar='/TOPIC', help='(default: found by its name)'
    )
    parser.add_argument(
        '--datum', nargs=3, type=float, metavar=('LAT', 'LON', 'ALT'), help='of a truth in map'
    )
    parser.add_argument(
        '--radius', type=positive_number, default=50.0, metavar='M', help='searched (default: 50)'
    )
    parser.add_argument('--dry-run', action='store_true', help='store nothing')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    add_camera_options(parser, required=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``calibrate``."""
    sight = open_sight(options)
    store = sight.matcher.store
    if not store.complete:
        raise MapError(f'map {store.path} is unfinished; {store.missing}, then calibrate')
    if not (options.dry_run or os.access(store.path, os.W_OK)):
        raise MapError(
            f'map {store.path} is read-only; expected a folder that can hold the calibration; '
            'change its rights or copy it, or give --dry-run'
        )
    datum = GeodeticPosition(*options.datum) if options.datum else None
    with BagReader(options.bag) as bag:
        if options.truth:
            truth: Trajectory | None = read_topic(bag, options.truth, 'truth', datum)
        else:
            truth = read_truth(bag, datum)
    if truth is None:
        raise EvaluationError(
            f'bag {options.bag} carries no truth; expected a topic such as '
            '/ground_truth/odometry; name one with --truth: a drive localized by RTK or a good '
            'filter with odometry will do'
        )
    images: Iterable[ReceivedImage] = sight.images()
    if not options.quiet:
        from tqdm import tqdm

        images = tqdm(images, total=sight.recorded.count, unit='img', file=sys.stderr, leave=False)
    frames = scored_frames(sight, images, truth, CalibrationOptions(options.radius))
    for note in sight.left_out:
        print(note, file=sys.stderr)
    network = sight.matcher.network
    domain = sight.domain
    found = calibrate(frames, network.sha256, domain, options.bag.stem)
    print(calibration_text(found))
    if options.dry_run:
        return 0
    path = write_calibration(store.path, found)
    print(f'written: {path}')
    return 0


def calibration_text(found: Calibration) -> str:
    """What was found, for a terminal."""
    verdict = (
        'good: filters use these scores from now on'
        if found.is_good
        else 'not good: the scores are no likelihoods on this drive, and filters leave them out '
        'unless scores.accept_uncalibrated is set'
    )
    return '\n'.join(
        (
            f'pictures      {found.frames} of {found.drive} ({found.domain})',
            f'temperature   {found.temperature:.4g}',
            f'50 % regions  hold the truth in {100.0 * found.coverage_50:.0f} % of other pictures',
            f'90 % regions  {100.0 * found.coverage_90:.0f} %',
            f'information   {found.gain_bits:.2f} bits a picture over a guess',
            f'verdict       {verdict}',
        )
    )


def scored_frames(
    sight: OfflineSight,
    images: Iterable[ReceivedImage],
    truth: Trajectory,
    options: CalibrationOptions,
) -> list[ScoredFrame]:
    """Distances of the images to the cells around the truth, and which cell was true.

    The circle's centre is drawn evenly from a disc of 0.7 radii about the truth, so that "always
    the middle" scores nothing. An image that cannot be used is left out and counted.
    """
    rng = np.random.default_rng(options.seed)
    place = Datum(sight.datum)
    truth = about_datum(truth, sight.datum)
    cabinet = CameraCabinet(sight.matcher)
    frames: list[ScoredFrame] = []
    last = np.full(2, math.inf)
    for image in images:
        stamp = stamp_ns(image.message.header.stamp)
        pose = true_pose(truth, stamp)
        if pose is None or image.camera is None:
            continue
        position, yaw = np.array(pose[:2]), pose[2]
        if math.hypot(*(position - last)) < options.spacing_m:
            continue
        angle, share = rng.uniform(0.0, 2.0 * math.pi), 0.7 * math.sqrt(rng.uniform())
        centre = position + options.radius_m * share * np.array((math.cos(angle), math.sin(angle)))
        circle = SearchCircle(float(centre[0]), float(centre[1]), options.radius_m, yaw, 0.0)
        frame_id = image.message.header.frame_id
        camera = sight.recorded.mounted(image.camera, frame_id, cabinet)
        try:
            picture = camera.picture(*decoded_for(image.message, camera.camera, camera.reduction))
        except (MeasurementError, ShapeError) as error:
            sight.leave_out(f'could not be used ({error})')
            continue
        frame = _frame(sight, picture, circle, place, (position, yaw, camera.place_m))
        if frame is not None:
            frames.append(frame)
            last = position
    return frames


def true_pose(truth: Trajectory, stamp: int) -> tuple[float, float, float] | None:
    """(x m, y m, yaw rad) of ``base_link``; yaw is that of the course where none is stated."""
    around = np.array([stamp - 250_000_000, stamp, stamp + 250_000_000])
    samples = sample_at(truth, around)
    if not samples.available[1]:
        return None
    yaw = float(samples.yaw_enu_rad[1])
    if math.isnan(yaw):
        way = samples.positions_enu_m[2] - samples.positions_enu_m[0]
        if not samples.available.all() or math.hypot(*way) < 0.5 * _SLOWEST_M_S:
            return None
        yaw = math.atan2(way[1], way[0])
    x_m, y_m = moved_to_point(samples, (-truth.lever_arm_m[0], -truth.lever_arm_m[1]))[1]
    return float(x_m), float(y_m), yaw


def _frame(
    sight: OfflineSight,
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    circle: SearchCircle,
    place: Datum,
    pose: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], float, tuple[float, float]],
) -> ScoredFrame | None:
    """One frame; ``None`` where its true cell has no data."""
    matcher = sight.matcher
    window = matcher.window(circle, place)
    if window is None:
        return None
    distances, has_data = matcher.distances(picture, window)
    position, yaw, (forward_m, left_m) = pose
    cosine, sine = math.cos(yaw), math.sin(yaw)
    lever = np.array((cosine * forward_m - sine * left_m, sine * forward_m + cosine * left_m))
    squared = np.sum((window.enu_m - position - lever) ** 2, axis=-1)
    iy, ix = np.unravel_index(int(np.argmin(squared)), squared.shape)
    known = has_data & window.touched
    if not known[iy, ix] or squared[iy, ix] > window.spacing_m**2:
        return None
    yaws = matcher.yaws_rad(window, place)
    layer = int(np.argmin(np.abs(wrap_angle(yaws - yaw)))) if len(yaws) else 0
    kept = np.broadcast_to(known, distances.shape)
    index = np.cumsum(kept.ravel())[np.ravel_multi_index((layer, iy, ix), distances.shape)] - 1
    return ScoredFrame(distances[kept].astype(np.float64), int(index))
