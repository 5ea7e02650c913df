# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Filters of ``cross_view.py``: the same drive with and without sight, and its controls.

A worker gets descriptors of pictures, computed once, in place of a network: matching a picture
then costs a correlation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses
import heapq
from pathlib import Path

from cross_view_days import FloatArray, IntArray, received
import numpy as np
import numpy.typing as npt

from geoloc_ros.cli.comparison import paper_settings
from geoloc_ros.cli.offline import (
    ReceivedMeasurement,
    drain_s,
    trajectory_from_estimates,
    trajectory_from_fixes,
)
from geoloc_ros.evaluation.bootstrap import pooled_ratio
from geoloc_ros.evaluation.metrics import position_errors, position_nees, yaw_errors_deg
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.localizer.result import StepResult
from geoloc_ros.localizer.settings import (
    KalmanLocalizerSettings,
    LocalizerSettings,
    ParticleLocalizerSettings,
)
from geoloc_ros.map_store.descriptor_store import DescriptorStore, DescriptorWindow
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.observations.cross_view import CrossViewMatcher
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.score_field import ScoreFieldSettings
from geoloc_ros.observations.search_area import BelievedPose, SearchArea, largest_sigma_m
from geoloc_ros.types import Estimate, GnssFix, ScoreLattice
from geoloc_sim.drive import gnss_fixes
from geoloc_sim.records import SimulatedDrive

#: From the picture to its scores: drawing, network and matching of a small computer.
LATENCY_NS = 60_000_000
DOMAIN = 'simulation'
CONTROLS = ('constant', 'shuffled', 'permuted')

Float32Array = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Described:
    """Pictures of a drive as one network describes them; a number stands for a picture.

    It is a ``DescriptorNetwork`` as far as the matcher needs one.
    """

    contract: InputContract
    sha256: str
    domain: str
    descriptors: Float32Array

    def describe_ground(self, numbers: IntArray) -> Float32Array:
        """The descriptors of pictures, shape (n, 1) of their numbers."""
        return np.asarray(self.descriptors[numbers[:, 0]])

    def distances(self, ground: Float32Array, references: Float32Array) -> Float32Array:
        """As every network does."""
        return descriptor_distances(self.contract, ground, references)


@dataclasses.dataclass(frozen=True)
class Sight:
    """What a camera adds to a drive.

    Attributes:
        described: the pictures.
        stamps_ns: of the pictures, shape (n,).
        map_path: folder of the map.
        temperature: of the scores, with its factor.
        camera_place_m: what the scores are about, (forward, left) in ``base_link``.
        control: one of ``CONTROLS``; empty for none.
    """

    described: Described
    stamps_ns: IntArray
    map_path: Path
    temperature: float
    camera_place_m: tuple[float, float]
    control: str = ''


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How far one trajectory is off.

    Attributes:
        errors_m: at the epochs of the receiver after its first fix, NaN where it has no value.
        yaw_errors_deg: at its own stamps; empty where it has no heading.
        nees: of (east, north) at its own stamps; empty where it states no covariance.
    """

    errors_m: FloatArray
    yaw_errors_deg: FloatArray
    nees: FloatArray


@dataclasses.dataclass(frozen=True)
class Task:
    """One day with the noise of one seed.

    Attributes:
        drive: what was measured.
        seed: of the filters.
        sights: by the name of the row that uses them.
        road_centres_m: for the control that takes the nearest one, shape (n, 2).
    """

    drive: SimulatedDrive
    seed: int
    sights: dict[str, Sight]
    road_centres_m: FloatArray


class PermutedStore:
    """A map whose cells have changed places: everything is there, nothing where it was."""

    def __init__(self, store: DescriptorStore, seed: int) -> None:
        self.grid, self.record, self.path = store.grid, store.record, store.path
        window = store.read_window(0, 0, self.grid.nx, self.grid.ny)
        kept = np.flatnonzero(window.has_data.ravel())
        shape = window.descriptors.shape
        flat = window.descriptors.reshape(-1, *shape[2:]).copy()
        flat[kept] = flat[np.random.default_rng(seed).permutation(kept)]
        self._window = DescriptorWindow(flat.reshape(shape), window.has_data)

    def read_window(self, ix0: int, iy0: int, nx: int, ny: int) -> DescriptorWindow:
        """As ``DescriptorStore`` does."""
        block = np.s_[iy0 : iy0 + ny, ix0 : ix0 + nx]
        return DescriptorWindow(self._window.descriptors[block], self._window.has_data[block])


class _Eyes:
    """Matches the pictures of a run as they come."""

    def __init__(self, sight: Sight, seed: int) -> None:
        settings = CrossViewSettings(
            temperature=sight.temperature, temperature_factor=1.0, input_domain=DOMAIN
        )
        store = DescriptorStore.open(sight.map_path)
        chosen = PermutedStore(store, seed) if sight.control == 'permuted' else store
        self._matcher = CrossViewMatcher(sight.described, chosen, settings)  # type: ignore[arg-type]
        self._sight = sight
        self._numbers = np.arange(len(sight.stamps_ns))
        if sight.control == 'shuffled':
            self._numbers = np.random.default_rng(seed).permutation(self._numbers)
        self._area = SearchArea(settings.search)

    def note(self, estimates: Sequence[Estimate]) -> None:
        """Remember what the filter said."""
        for one in estimates:
            sigma_m = largest_sigma_m(one.covariance)
            yaw_sigma = float(np.sqrt(one.covariance[2, 2]))
            self._area.note_belief(
                BelievedPose(one.stamp_ns, one.x_m, one.y_m, sigma_m, one.yaw_rad, yaw_sigma)
            )

    def note_fix(self, fix: GnssFix, datum: Datum) -> None:
        """Remember where the receiver was."""
        if np.isfinite(fix.position.lat_deg):
            x_m, y_m = datum.enu_from_geodetic(fix.position)[:2]
            sigma_m = largest_sigma_m(fix.covariance_enu_m2)
            self._area.note_fix(BelievedPose(fix.stamp_ns, float(x_m), float(y_m), sigma_m))

    def scores(self, number: int, datum: Datum) -> ScoreLattice | None:
        """Of a picture, or ``None`` where nobody knows where to look."""
        stamp_ns = int(self._sight.stamps_ns[number])
        circle = self._area.circle(stamp_ns)
        if circle is None:
            return None
        picture = np.array([self._numbers[number]])
        match = self._matcher.match(
            picture,  # type: ignore[arg-type]
            stamp_ns,
            circle,
            datum,
            self._sight.camera_place_m,
        )
        if match is None:
            return None
        if self._sight.control == 'constant':
            known = np.where(np.isnan(match.lattice.log_likelihood), np.nan, 0.0)
            return dataclasses.replace(match.lattice, log_likelihood=known.astype(np.float32))
        return match.lattice


def robust_settings() -> ParticleLocalizerSettings:
    """The default localizer; pictures come as far apart as thinning would leave them."""
    return ParticleLocalizerSettings(scores=ScoreFieldSettings(thinning='none'))


def run(
    drive: SimulatedDrive,
    arrivals: Sequence[ReceivedMeasurement],
    settings: LocalizerSettings,
    seed: int,
    sight: Sight | None,
) -> list[Estimate]:
    """Every estimate of a localizer over a drive, with pictures matched as they come."""
    localizer = build_localizer(settings, seed)
    localizer.set_datum(drive.truth.datum)
    localizer.set_lever_arm('gnss', *drive.antenna_lever_arm_m)
    eyes = None if sight is None else _Eyes(sight, seed)
    estimates: list[Estimate] = []

    def keep(result: StepResult) -> None:
        estimates.extend(result.estimates)
        if eyes is not None:
            eyes.note(result.estimates)

    now_ns = 0
    for now_ns, item in _in_order(arrivals, sight):
        keep(localizer.advance(now_ns))
        if isinstance(item, int):
            _look(item, eyes, localizer, keep)
            continue
        keep(localizer.push(item.measurement))
        if eyes is not None and isinstance(item.measurement, GnssFix) and localizer.datum:
            eyes.note_fix(item.measurement, localizer.datum)
    keep(localizer.advance(now_ns + round(drain_s(settings) * 1e9)))
    return estimates


def _look(
    number: int, eyes: _Eyes | None, localizer: Localizer, keep: Callable[[StepResult], None]
) -> None:
    if eyes is None or localizer.datum is None:
        return
    lattice = eyes.scores(number, localizer.datum)
    if lattice is not None:
        keep(localizer.push(lattice))


def _in_order(
    arrivals: Sequence[ReceivedMeasurement], sight: Sight | None
) -> Iterator[tuple[int, ReceivedMeasurement | int]]:
    """Measurements and numbers of pictures by time of arrival."""
    first = ((item.receive_stamp_ns, item) for item in arrivals)
    if sight is None:
        return iter(first)
    second = ((int(s) + LATENCY_NS, n) for n, s in enumerate(sight.stamps_ns))
    return heapq.merge(first, second, key=lambda pair: pair[0])


def start(job: None) -> Callable[[Task], dict[str, Outcome]]:
    """What a worker does with a task."""
    del job
    return outcomes


def outcomes(task: Task) -> dict[str, Outcome]:
    """Every row of one day and seed."""
    drive, seed = task.drive, task.seed
    arrivals = received(drive)
    fixes = [one for one in arrivals if isinstance(one.measurement, GnssFix)]
    robust = robust_settings()
    paper = paper_settings(robust)
    truth = _truth(drive)
    raw = trajectory_from_fixes(
        'gps',
        gnss_fixes(drive.gnss, drive.truth.datum),
        drive.truth.datum,
        robust.gnss,
        {'gnss': drive.antenna_lever_arm_m},
        'raw',
    )
    found = {
        'gps': raw,
        'gps_filtered': _trajectory(drive, run(drive, fixes, paper, seed, None)),
        'gps_alone': _trajectory(drive, run(drive, fixes, robust, seed, None)),
        'ekf': _trajectory(drive, run(drive, arrivals, KalmanLocalizerSettings(), seed, None)),
        'no_camera': _trajectory(drive, run(drive, arrivals, robust, seed, None)),
    }
    for name, sight in task.sights.items():
        settings = paper if name.startswith('paper') else robust
        given = fixes if name.startswith(('paper', 'alone')) else arrivals
        found[name] = _trajectory(drive, run(drive, given, settings, seed, sight))
    for name in ('gps', 'no_camera'):
        found[f'road_of_{name}'] = _on_road(found[name], task.road_centres_m)
    epochs = drive.gnss.stamps_ns[drive.gnss.stamps_ns > raw.stamps_ns[0]]
    return {name: outcome(one, truth, epochs) for name, one in found.items()}


def local_over_global(rows: Mapping[str, Sequence[Outcome]]) -> dict[str, object]:
    """Errors with geo-local weights over those with global ones, by the row of the former."""
    return {
        name: dataclasses.asdict(
            pooled_ratio(
                *([one.errors_m for one in rows[row]] for row in (name, f'{name}_global'))
            )
        )
        for name in rows
        if f'{name}_global' in rows
    }


def outcome(trajectory: Trajectory, truth: Trajectory, epochs_ns: IntArray) -> Outcome:
    """Errors of a trajectory; those of the raw fixes at the fixes only."""
    raw = trajectory.yaw_enu_rad is None
    own = trajectory.subset(trajectory.stamps_ns > epochs_ns[0])
    errors = position_errors(trajectory, truth, epochs_ns)
    if raw:
        errors = np.where(np.isin(epochs_ns, trajectory.stamps_ns), errors, np.nan)
    return Outcome(
        errors,
        np.empty(0) if raw else yaw_errors_deg(own, truth),
        np.empty(0) if own.covariance is None else position_nees(own, truth),
    )


def _trajectory(drive: SimulatedDrive, estimates: Sequence[Estimate]) -> Trajectory:
    return trajectory_from_estimates('', estimates, drive.truth.datum, '')


def _truth(drive: SimulatedDrive) -> Trajectory:
    truth = drive.truth
    positions = np.column_stack((truth.x_m, truth.y_m))
    return Trajectory('truth', truth.stamps_ns, positions, truth.datum, truth.yaw_rad)


def _on_road(trajectory: Trajectory, road_centres_m: FloatArray) -> Trajectory:
    """The road centre nearest to each position."""
    from scipy.spatial import cKDTree

    _, nearest = cKDTree(road_centres_m).query(trajectory.positions_enu_m)
    return dataclasses.replace(
        trajectory, positions_enu_m=road_centres_m[nearest], covariance=None
    )
