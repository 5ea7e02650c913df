# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The temperature at which a network's distances are likelihoods, fitted on a validation drive."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy.spatial import cKDTree

from geoloc_ros.networks.module import CrossViewModule
from geoloc_ros.observations.calibration import Calibration, ScoredFrame, calibrate
from geoloc_training.data.prepared import PreparedData
from geoloc_training.data.records import Progress, no_progress, require_headings
from geoloc_training.grid_retrieval import GridSettings, PlaceMatches, place_matches

_FARTHEST_SIGMAS = 2.5


@dataclasses.dataclass(frozen=True, slots=True)
class TemperatureSettings:
    """What is searched while the temperature is fitted: as a matcher does on the road.

    Attributes:
        radius_m: of the circle that is searched.
        sigma_m: standard deviation, per axis, of its centre about the truth.
        spacing_m: between references.
        seed: of the circles' centres.
    """

    radius_m: float = 30.0
    sigma_m: float = 8.0
    spacing_m: float = 5.0
    seed: int = 0


def fitted_temperature(
    network: CrossViewModule,
    data: PreparedData,
    sha256: str,
    domain: str,
    settings: TemperatureSettings = TemperatureSettings(),
    show: Progress = no_progress,
) -> Calibration:
    """Fit the temperature on every picture of some drives.

    An ``azimuth`` network searches all headings; the others are given references that lie as they
    ask for, turned to the true heading where they are ``aligned``.

    Args:
        network: whose distances are judged.
        data: drives that it was not trained on.
        sha256: of its weights.
        domain: what the pictures show.
        settings: where is searched.
        show: told of the references that are described.

    Raises:
        DriveError: the network tells headings apart and a picture has none.
        EvaluationError: too few pictures.
    """
    if network.contract.heading != 'north_up':
        require_headings(data.table, network.contract.name, 'give drives whose headings are known')
    random = np.random.default_rng(settings.seed)
    reach_m = settings.radius_m + math.sqrt(2.0) * _FARTHEST_SIGMAS * settings.sigma_m
    grid = GridSettings(reach_m, settings.spacing_m, known_heading=False)
    frames: list[ScoredFrame] = []
    for place in range(len(data.table.place_names)):
        found = place_matches(network, data, place, grid, show)
        yaws_rad = network.contract.yaws_rad
        frames.extend(scored_frames(found, yaws_rad, settings, random))
    name = ', '.join(data.table.place_names)
    return calibrate(frames, sha256, domain, name)


def scored_frames(
    found: PlaceMatches,
    yaws_rad: np.ndarray,
    settings: TemperatureSettings,
    random: np.random.Generator,
) -> list[ScoredFrame]:
    """Distances of each picture within a circle about its truth, off by as much as GNSS is.

    Pictures whose truth is not within the circle are left out.
    """
    tree = cKDTree(found.references_m)
    frames = []
    for query, (true_m, yaw_rad) in enumerate(zip(found.truth_m, found.yaws_rad, strict=True)):
        off = np.clip(random.standard_normal(2), -_FARTHEST_SIGMAS, _FARTHEST_SIGMAS)
        centre_m = true_m + settings.sigma_m * off
        near = np.array(sorted(tree.query_ball_point(centre_m, settings.radius_m)), np.int64)
        if len(near) == 0:
            continue
        apart_m = np.hypot(*(found.references_m[near] - true_m).T)
        nearest = int(np.argmin(apart_m))
        if apart_m[nearest] > settings.spacing_m:
            continue
        distances = found.match(query, near).reshape(len(near), -1)
        layer = int(np.argmax(np.cos(yaws_rad - yaw_rad))) if distances.shape[1] > 1 else 0
        flat = distances.ravel().astype(np.float64)
        frames.append(ScoredFrame(flat, nearest * distances.shape[1] + layer))
    return frames
