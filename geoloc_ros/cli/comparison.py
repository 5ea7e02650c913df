# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The standard comparison on a recorded drive: raw fixes, fixes filtered, everything fused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
from typing import Protocol

from geoloc_ros.cli.offline import (
    OfflineRun,
    ReceivedMeasurement,
    Sight,
    drain_s,
    run_offline,
    set_lever_arms,
    trajectory_from_estimates,
    trajectory_from_fixes,
)
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.reference import about_datum
from geoloc_ros.evaluation.report import RAW_NAME
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.filters.particle_settings import ParticleSettings
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.settings import (
    KalmanLocalizerSettings,
    LocalizerSettings,
    ParticleLocalizerSettings,
)
from geoloc_ros.types import GeodeticPosition, GnssFix, ScoreLattice

FILTERED_NAME = 'gps_filtered'
FUSED_NAME = 'fused'
BLIND_NAME = 'no_camera'

#: Wraps the measurements of a run to show how far it is; gets them, their number and a name.
Progress = Callable[[Iterable[ReceivedMeasurement], int, str], Iterable[ReceivedMeasurement]]


@dataclasses.dataclass(frozen=True)
class RecordedDrive:
    """A drive read from a bag, as the localizer uses it.

    Attributes:
        name: for the report.
        received: every measurement, in order of arrival.
        lever_arms_m: antenna (forward, left) of ``base_link`` by frame.
        truth: where the vehicle was, about its own datum; ``None`` when nobody knows.
        notes: what a reader of the report must know (sensors missing, mounting unknown).
    """

    name: str
    received: tuple[ReceivedMeasurement, ...]
    lever_arms_m: Mapping[str, tuple[float, float]]
    truth: Trajectory | None
    notes: tuple[str, ...] = ()

    def fixes(self) -> list[GnssFix]:
        """The GNSS fixes, in order of arrival."""
        return [one.measurement for one in self.received if isinstance(one.measurement, GnssFix)]


@dataclasses.dataclass(frozen=True)
class DriveResult:
    """What a drive came to.

    Attributes:
        trajectories: ``gps``, ``gps_filtered`` and ``fused``, about one datum; with a camera
            ``no_camera``, the filter of ``fused`` without it, before that.
        truth: about the same datum; ``None`` when nobody knows.
        notes: of the drive, and the warnings of the run.
    """

    trajectories: tuple[Trajectory, ...]
    truth: Trajectory | None
    notes: tuple[str, ...]


class SightOnMap(Sight, Protocol):
    """A sight that knows where its map lies and what to tell a reader."""

    @property
    def datum(self) -> GeodeticPosition:
        """Origin of ``map`` that the map suggests."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader of the report must know."""
        ...


def no_progress(
    received: Iterable[ReceivedMeasurement], total: int, name: str
) -> Iterable[ReceivedMeasurement]:
    """Show nothing."""
    del total, name
    return received


def localize_drive(
    drive: RecordedDrive,
    settings: LocalizerSettings,
    seed: int,
    *,
    progress: Progress = no_progress,
    sight: SightOnMap | None = None,
) -> DriveResult:
    """Run the standard comparison.

    Args:
        drive: what was recorded.
        settings: of the localizer that makes ``fused``.
        seed: of its generator, and of the comparison filter's.
        progress: shows how far each run is.
        sight: scores the camera's images; the map it has then places the origin of ``map``.

    Raises:
        EvaluationError: the drive holds no fix to start from.
    """
    origin = None if sight is None else _datum_with_map(settings, sight)
    received = drive.received if sight is None else _without_scores(drive.received)
    fused = run(drive, received, settings, seed, origin, progress, FUSED_NAME, sight)
    if fused.datum is None or not fused.estimates:
        words = '; '.join(warning.first_text for warning in fused.warnings) or 'no warning came'
        raise EvaluationError(
            f'nothing could be localized in {drive.name}: {len(drive.received)} measurements, '
            f'{len(drive.fixes())} fixes and no estimate ({words}); check the topics with '
            '"geoloc bag info"'
        )
    blind: list[Trajectory] = []
    if sight is not None:
        unseeing = run(drive, received, settings, seed, fused.datum, progress, BLIND_NAME)
        words = f'{describe(settings, received)}, without the camera'
        blind.append(trajectory_from_estimates(BLIND_NAME, unseeing.estimates, fused.datum, words))
    fixes = [one for one in drive.received if isinstance(one.measurement, GnssFix)]
    paper = paper_settings(settings)
    filtered = run(drive, fixes, paper, seed, fused.datum, progress, FILTERED_NAME)
    trajectories = (
        trajectory_from_fixes(
            RAW_NAME,
            drive.fixes(),
            fused.datum,
            settings.gnss,
            drive.lever_arms_m,
            'raw fixes of the receiver, at the antenna',
        ),
        trajectory_from_estimates(
            FILTERED_NAME,
            filtered.estimates,
            fused.datum,
            'particle filter, preset paper, on the fixes alone',
        ),
        *blind,
        trajectory_from_estimates(
            FUSED_NAME,
            fused.estimates,
            fused.datum,
            describe(settings, received) + ('' if sight is None else ', camera'),
        ),
    )
    truth = None if drive.truth is None else about_datum(drive.truth, fused.datum)
    seen = () if sight is None else sight.notes()
    notes = (*drive.notes, *seen, *_warning_notes(FUSED_NAME, fused))
    return DriveResult(trajectories, truth, notes)


def run(
    drive: RecordedDrive,
    received: Sequence[ReceivedMeasurement],
    settings: LocalizerSettings,
    seed: int,
    datum: GeodeticPosition | None = None,
    progress: Progress = no_progress,
    name: str = FUSED_NAME,
    sight: Sight | None = None,
) -> OfflineRun:
    """Run one localizer over (some of) a drive's measurements.

    Args:
        drive: gives the lever arms.
        received: the measurements to use, in order of arrival.
        settings: of the localizer.
        seed: of its generator.
        datum: origin of ``map``; ``None`` leaves it to the settings.
        progress: shows how far the run is.
        name: of the trajectory, for the progress.
        sight: scores the camera's images; ``None`` for none.
    """
    localizer = build_localizer(settings, seed)
    if datum is not None:
        localizer.set_datum(datum)
    set_lever_arms(localizer, drive.lever_arms_m)
    shown = progress(received, len(received), name)
    return run_offline(localizer, shown, drain_s=drain_s(settings), sight=sight)


def _datum_with_map(settings: LocalizerSettings, sight: SightOnMap) -> GeodeticPosition | None:
    """The map's metadata place the origin, unless the parameters do."""
    return None if settings.datum.source == 'parameters' else sight.datum


def _without_scores(received: Sequence[ReceivedMeasurement]) -> tuple[ReceivedMeasurement, ...]:
    """Measurements without recorded scores: the images are matched anew."""
    return tuple(one for one in received if not isinstance(one.measurement, ScoreLattice))


def paper_settings(settings: LocalizerSettings) -> ParticleLocalizerSettings:
    """The particle filter as in the cross-view matching paper, all else as in ``settings``."""
    shared = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(LocalizerSettings)
    }
    return ParticleLocalizerSettings(
        **shared, particle=ParticleSettings(preset='paper', particle_count=2000)
    )


def describe(settings: LocalizerSettings, received: Sequence[ReceivedMeasurement]) -> str:
    """One sentence: which filter, from which sources."""
    sources = sorted({item.measurement.source for item in received})
    return f'{_filter_words(settings)}, from {", ".join(sources)}'


def _filter_words(settings: LocalizerSettings) -> str:
    if isinstance(settings, ParticleLocalizerSettings):
        particle = settings.particle
        return f'particle filter, preset {particle.preset}, {particle.particle_count} particles'
    if isinstance(settings, KalmanLocalizerSettings):
        return 'extended Kalman filter'
    return type(settings).__name__


def _warning_notes(name: str, run: OfflineRun) -> list[str]:
    notes = [
        f'{name}: {warning.count} x {warning.kind.value}, first: {warning.first_text}'
        for warning in run.warnings
    ]
    if run.resets:
        notes.append(f'{name}: the filter started anew {run.resets} times')
    return notes
