# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the localizer returns: estimates, what became of each measurement, and warnings."""

from __future__ import annotations

import dataclasses
import enum

from geoloc_ros.types import Estimate, TrackingState, UpdateResult


class WarningKind(enum.Enum):
    """Names of the warnings; a node throttles and counts by kind."""

    NOT_FINITE = 'not_finite'
    NO_FIX = 'no_fix'
    BAD_COVARIANCE = 'bad_covariance'
    OFF_EARTH = 'off_earth'
    CLOCK_BACKWARDS = 'clock_backwards'
    STAMP_JUMP = 'stamp_jump'
    TOO_LATE = 'too_late'
    GATED = 'gated'
    RESEEDED = 'reseeded'
    ALL_PARTICLES_OUTSIDE = 'all_particles_outside'
    FAR_FROM_DATUM = 'far_from_datum'
    WRONG_FRAME = 'wrong_frame'
    NOT_INITIALIZED = 'not_initialized'
    IMPLAUSIBLE = 'implausible'
    NO_LEVER_ARM = 'no_lever_arm'
    PUBLISH_FAILED = 'publish_failed'
    UNREADABLE = 'unreadable'
    UNCALIBRATED = 'uncalibrated'
    NO_MAP = 'no_map'
    NO_PRIOR = 'no_prior'
    NO_CAMERA = 'no_camera'
    NO_IMAGE = 'no_image'
    FELL_BEHIND = 'fell_behind'


@dataclasses.dataclass(frozen=True, slots=True)
class LocalizerWarning:
    """One thing that is wrong, in words a person can act on."""

    kind: WarningKind
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class MeasurementReport:
    """What became of one measurement."""

    stamp_ns: int
    source: str
    result: UpdateResult


@dataclasses.dataclass(frozen=True, slots=True)
class StepResult:
    """Everything one call of the localizer brought about.

    Attributes:
        estimates: estimates due since the last call, at regular output stamps, oldest first.
        reports: what became of the measurements handled in this call (again on replay: no).
        warnings: trouble met in this call.
        state: what the localizer says of itself now.
        was_reset: the filter started anew in this call (clock backwards, re-seed by hand).
    """

    estimates: tuple[Estimate, ...]
    reports: tuple[MeasurementReport, ...]
    warnings: tuple[LocalizerWarning, ...]
    state: TrackingState
    was_reset: bool = False
