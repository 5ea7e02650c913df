# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Runs a localizer over recorded measurements as fast as it goes, and keeps what comes out.

The receive stamps play the part of the clock: before each measurement the localizer is told
how late it is, as a node's timer tells it. The same input gives the same output, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import heapq
from typing import Any, Protocol

import numpy as np

from geoloc_ros.errors import EvaluationError, MeasurementError
from geoloc_ros.evaluation.reference import trajectory_from_geodetic
from geoloc_ros.evaluation.trajectory import Trajectory, in_time_order
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.localizer.preparation import Measurement
from geoloc_ros.localizer.result import LocalizerWarning, StepResult, WarningKind
from geoloc_ros.localizer.settings import LocalizerSettings
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.observations.gnss import GnssSettings, check_position, has_fix
from geoloc_ros.types import (
    NANOSECONDS_PER_SECOND,
    STATE_SIZE,
    CovarianceType,
    Estimate,
    FloatArray,
    GeodeticPosition,
    GnssFix,
    ScoreLattice,
)

#: Largest stated antenna variance that still says something, for the raw trajectory's NEES.
_LARGEST_VARIANCE_M2 = 1e8


@dataclasses.dataclass(frozen=True, slots=True)
class ReceivedMeasurement:
    """A measurement and when it arrived, which is not when it was made.

    Attributes:
        receive_stamp_ns: time of arrival, on the clock that the node would read.
        measurement: what arrived; its own stamp says when it was made.
    """

    receive_stamp_ns: int
    measurement: Measurement


@dataclasses.dataclass(frozen=True, slots=True)
class ReceivedImage:
    """A camera's message, when it arrived, and the camera as it was known by then.

    Attributes:
        receive_stamp_ns: time of arrival.
        message: ``sensor_msgs/Image`` or ``CompressedImage``.
        camera: its intrinsics, ``None`` before the first ``CameraInfo``.
    """

    receive_stamp_ns: int
    message: Any
    camera: Camera | None


class Sight(Protocol):
    """What makes scores of images, told of the beliefs it may look around."""

    def images(self) -> Iterator[ReceivedImage]:
        """The images in order of arrival."""
        ...

    def note(self, result: StepResult) -> None:
        """Remember what the filter believes."""
        ...

    def note_fix(self, fix: GnssFix, datum: Datum | None) -> None:
        """Remember where the receiver was."""
        ...

    def scores(self, image: ReceivedImage, datum: Datum | None) -> ScoreLattice | None:
        """What an image says; ``None`` where that is nothing."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class WarningCount:
    """How often a kind of warning came, and the first one's text."""

    kind: WarningKind
    count: int
    first_text: str


@dataclasses.dataclass(frozen=True, slots=True)
class OfflineRun:
    """What a localizer made of recorded measurements.

    Attributes:
        estimates: in the order they came out.
        warnings: by kind, in the order of their first appearance.
        resets: how often the filter started anew.
        datum: origin of ``map``; ``None`` when no measurement placed it.
    """

    estimates: tuple[Estimate, ...]
    warnings: tuple[WarningCount, ...]
    resets: int
    datum: GeodeticPosition | None


class _Log:
    """Collects step results."""

    def __init__(self) -> None:
        self.estimates: list[Estimate] = []
        self.resets = 0
        self._first: dict[WarningKind, LocalizerWarning] = {}
        self._counts: dict[WarningKind, int] = {}

    def add(self, result: StepResult) -> None:
        self.estimates.extend(result.estimates)
        self.resets += int(result.was_reset)
        for warning in result.warnings:
            self._first.setdefault(warning.kind, warning)
            self._counts[warning.kind] = self._counts.get(warning.kind, 0) + 1

    def warnings(self) -> tuple[WarningCount, ...]:
        return tuple(
            WarningCount(kind, self._counts[kind], warning.text)
            for kind, warning in self._first.items()
        )


def run_offline(
    localizer: Localizer,
    received: Iterable[ReceivedMeasurement],
    *,
    drain_s: float = 0.25,
    sight: Sight | None = None,
) -> OfflineRun:
    """Push measurements in order of arrival and collect every estimate.

    Args:
        localizer: fresh, with datum and lever arms set where they are known.
        received: measurements in order of arrival.
        drain_s: how much longer the clock runs after the last one: the localizer's wait and one
            output period let estimates out up to the last measurement's own stamp.
        sight: scores the images of the drive; its scores come at once.
    """
    log = _Log()
    now_ns: int | None = None
    for item in received if sight is None else _with_images(received, sight):
        now_ns = item.receive_stamp_ns
        results = [localizer.advance(now_ns)]
        if isinstance(item, ReceivedMeasurement):
            if sight is not None and isinstance(item.measurement, GnssFix):
                sight.note_fix(item.measurement, localizer.datum)
            results.append(localizer.push(item.measurement))
        elif sight is not None:
            sight.note(results[0])
            scores = sight.scores(item, localizer.datum)
            results = [results[0]] if scores is None else [results[0], localizer.push(scores)]
        for result in results:
            log.add(result)
            if sight is not None:
                sight.note(result)
    if now_ns is not None:
        log.add(localizer.advance(now_ns + round(drain_s * NANOSECONDS_PER_SECOND)))
    datum = localizer.datum
    origin = None if datum is None else datum.origin
    return OfflineRun(tuple(log.estimates), log.warnings(), log.resets, origin)


def _with_images(
    received: Iterable[ReceivedMeasurement], sight: Sight
) -> Iterator[ReceivedMeasurement | ReceivedImage]:
    """Measurements and images in order of arrival."""
    return heapq.merge(received, sight.images(), key=_arrival_ns)


def _arrival_ns(item: ReceivedMeasurement | ReceivedImage) -> int:
    return item.receive_stamp_ns


def drain_s(settings: LocalizerSettings) -> float:
    """How long after the last measurement the estimate past it is out."""
    return settings.output.wait_s + 1.0 / settings.output.rate_hz


def set_lever_arms(localizer: Localizer, lever_arms_m: Mapping[str, tuple[float, float]]) -> None:
    """Tell a localizer where the antennas are: (forward, left) of ``base_link`` by frame."""
    for frame_id, (forward_m, left_m) in lever_arms_m.items():
        localizer.set_lever_arm(frame_id, forward_m, left_m)


def trajectory_from_estimates(
    name: str, estimates: Sequence[Estimate], datum: GeodeticPosition, source: str
) -> Trajectory:
    """Estimates as a trajectory; where two hold at one stamp (after a reset) the last counts."""
    count = len(estimates)
    stamps_ns = np.array([estimate.stamp_ns for estimate in estimates], dtype=np.int64)
    states = np.array([estimate.state for estimate in estimates]).reshape(count, STATE_SIZE)
    covariances = np.array([estimate.covariance[:3, :3] for estimate in estimates])
    order = in_time_order(stamps_ns)
    return Trajectory(
        name=name,
        stamps_ns=stamps_ns[order],
        positions_enu_m=states[order, :2],
        datum=datum,
        yaw_enu_rad=states[order, 2],
        covariance=covariances.reshape(count, 3, 3)[order],
        source=source,
    )


def trajectory_from_fixes(
    name: str,
    fixes: Sequence[GnssFix],
    datum: GeodeticPosition,
    settings: GnssSettings,
    lever_arms_m: Mapping[str, tuple[float, float]],
    source: str,
) -> Trajectory:
    """The raw receiver output: every fix with a position, as it came, of the antenna.

    Args:
        name: key in the report.
        fixes: in any order; those without a position are left out.
        datum: origin of the ENU plane.
        settings: says which status counts as a fix, and where an antenna is that
            ``lever_arms_m`` lacks.
        lever_arms_m: antenna (forward, left) of ``base_link`` by frame.
        source: what this is, in words.

    Raises:
        EvaluationError: no fix has a position.
    """
    usable = [fix for fix in fixes if _is_position(fix, settings)]
    if not usable:
        raise EvaluationError(
            f'none of {len(fixes)} fixes has a position; expected at least one with a status of '
            '0 or more (or -2, unknown); check the topic'
        )
    configured_arm_m = (settings.antenna_forward_m, settings.antenna_left_m)
    positions = [fix.position for fix in usable]
    altitudes = np.array([position.alt_m for position in positions])
    return trajectory_from_geodetic(
        name,
        np.array([fix.stamp_ns for fix in usable], dtype=np.int64),
        np.array([position.lat_deg for position in positions]),
        np.array([position.lon_deg for position in positions]),
        np.where(np.isfinite(altitudes), altitudes, datum.alt_m),
        datum,
        covariance=_stated_covariance(usable),
        lever_arm_m=lever_arms_m.get(usable[0].frame_id, configured_arm_m),
        source=source,
    )


def _is_position(fix: GnssFix, settings: GnssSettings) -> bool:
    if not has_fix(fix, settings):
        return False
    try:
        check_position(fix)
    except MeasurementError:
        return False
    return True


def _stated_covariance(fixes: Sequence[GnssFix]) -> FloatArray | None:
    """What the receiver says of itself, shape (n, 3, 3) with no yaw; ``None`` if nothing."""
    if all(fix.covariance_type is CovarianceType.UNKNOWN for fix in fixes):
        return None
    stated = np.zeros((len(fixes), 3, 3))
    for row, fix in zip(stated, fixes, strict=True):
        horizontal = fix.covariance_enu_m2[:2, :2]
        if np.all(np.abs(horizontal) < _LARGEST_VARIANCE_M2):
            row[:2, :2] = horizontal
    return stated
