# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a network's distances are worth: a temperature fitted by likelihood, and its coverage.

log-likelihood = -distance / temperature, up to a constant. The distances of a network say which
cell is likelier but not by how much; a temperature makes likelihoods of them, and a drive whose
truth is known shows whether they are.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from geoloc_ros.errors import EvaluationError, MapError
from geoloc_ros.types import FloatArray

#: Beside the descriptors, in the folder of the map.
CALIBRATION_FILE = 'calibration.json'
_FORMAT = 1
_LOG_RANGE = (-9.0, 7.0)
_FEWEST_FRAMES = 30
#: Least shares of frames whose 50 % and 90 % credible regions hold the truth, to be believed.
#: More is no fault: where one cell has nearly all probability its region holds most truths.
_LEAST_COVERAGE_50 = 0.35
_LEAST_COVERAGE_90 = 0.8
_STRETCHES = 10


@dataclasses.dataclass(frozen=True, slots=True)
class ScoredFrame:
    """Distances of one picture to every cell (and heading) searched, and which one was true.

    Attributes:
        distances: shape (n,), finite.
        true_index: the cell, and heading, nearest to the truth.
    """

    distances: FloatArray
    true_index: int


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted temperature and what the drive it was fitted on showed.

    Attributes:
        network_sha256: of the weights.
        domain: what the pictures of the drive show.
        drive: its name.
        frames: how many pictures counted.
        temperature: fitted on all of them.
        coverage_50: share whose truth lies in the smallest region of 50 % probability, on the
            stretches of the drive that the temperature for it was not fitted on.
        coverage_90: the same of 90 %.
        gain_bits: mean log-likelihood of the truth over that of a guess among the cells, likewise.
    """

    network_sha256: str
    domain: str
    drive: str
    frames: int
    temperature: float
    coverage_50: float
    coverage_90: float
    gain_bits: float

    @property
    def is_good(self) -> bool:
        """Whether the scores are likelihoods, and tell something."""
        return (
            self.coverage_50 >= _LEAST_COVERAGE_50
            and self.coverage_90 >= _LEAST_COVERAGE_90
            and self.gain_bits > 0.0
        )


def fit_temperature(
    distances: Sequence[npt.NDArray[np.floating]], true_indices: Sequence[int]
) -> float:
    """The temperature under which the true cells are likeliest.

    Minimises the mean of d_true / T + log sum_j exp(-d_j / T) over the frames, which has one
    minimum in 1 / T.

    Args:
        distances: of each frame to every cell searched, each of shape (n_i,).
        true_indices: the true cell of each frame.

    Raises:
        EvaluationError: there is no frame.
    """
    if not distances or len(distances) != len(true_indices):
        raise EvaluationError(
            f'{len(distances)} frames and {len(true_indices)} true cells; expected the same '
            'number, at least one'
        )
    # A frame's constant falls out; without it nothing overflows.
    offsets = [
        np.asarray(frame, np.float64) - float(frame[true])
        for frame, true in zip(distances, true_indices, strict=True)
    ]

    def loss(log_inverse: float) -> float:
        inverse = np.exp(log_inverse)
        return float(np.mean([special.logsumexp(-inverse * frame) for frame in offsets]))

    low, high = _LOG_RANGE
    found = optimize.minimize_scalar(
        loss, bounds=(low, high), method='bounded', options={'xatol': 1e-4}
    )
    return float(np.exp(-found.x))


def credible_level(distances: npt.NDArray[np.floating], true_index: int, scale: float) -> float:
    """Probability of the cells likelier than the true one, and half of its own.

    Over well calibrated frames it is uniform from 0 to 1.
    """
    probability = special.softmax(-np.asarray(distances, np.float64) / scale)
    true = probability[true_index]
    likelier = probability[probability > true].sum()
    equal = probability[probability == true].sum()
    return float(likelier + 0.5 * equal)


def calibrate(
    frames: Sequence[ScoredFrame], network_sha256: str, domain: str, drive: str
) -> Calibration:
    """Fit a temperature and show its coverage on stretches it was not fitted on.

    The drive is cut into ten stretches; the temperature of the even ones is judged on the odd
    ones and the other way round.

    Raises:
        EvaluationError: too few frames.
    """
    if len(frames) < _FEWEST_FRAMES:
        raise EvaluationError(
            f'{len(frames)} pictures of {drive} have their true place within the cells searched; '
            f'expected at least {_FEWEST_FRAMES}: take a longer drive, on the map'
        )
    stretch = np.arange(len(frames)) * _STRETCHES // len(frames)
    levels, gains = [], []
    for parity in (0, 1):
        scale = _fit([frame for frame, k in zip(frames, stretch, strict=True) if k % 2 == parity])
        for frame, k in zip(frames, stretch, strict=True):
            if k % 2 != parity:
                levels.append(credible_level(frame.distances, frame.true_index, scale))
                gains.append(_gain_bits(frame, scale))
    return Calibration(
        network_sha256,
        domain,
        drive,
        len(frames),
        _fit(frames),
        float(np.mean(np.array(levels) <= 0.5)),
        float(np.mean(np.array(levels) <= 0.9)),
        float(np.mean(gains)),
    )


def _fit(frames: Sequence[ScoredFrame]) -> float:
    return fit_temperature(
        [frame.distances for frame in frames], [frame.true_index for frame in frames]
    )


def _gain_bits(frame: ScoredFrame, scale: float) -> float:
    log_probability = special.log_softmax(-frame.distances / scale)[frame.true_index]
    return float((log_probability + np.log(frame.distances.size)) / np.log(2.0))


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Store a calibration with the map; returns the file.

    Raises:
        MapError: the folder cannot be written.
    """
    path = folder / CALIBRATION_FILE
    part = folder / f'.{CALIBRATION_FILE}.part'  # a node that reads meanwhile sees one or other
    document = {'format': _FORMAT, **dataclasses.asdict(calibration)}
    try:
        part.write_text(json.dumps(document, indent=2) + '\n', encoding='utf-8')
        part.replace(path)
    except OSError as error:
        raise MapError(
            f'calibration {path} cannot be written ({error}); expected a folder where you may '
            'write, on a disk with room; change its rights, or copy the map'
        ) from error
    return path


def read_calibration(folder: Path) -> Calibration | None:
    """The calibration stored with a map, or ``None``.

    Raises:
        MapError: the file is damaged.
    """
    path = folder / CALIBRATION_FILE
    try:
        if not path.is_file():
            return None
        document = json.loads(path.read_text(encoding='utf-8'))
        if document.pop('format') != _FORMAT:
            raise ValueError('another format')
        return Calibration(**document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MapError(
            f'calibration {path} cannot be read ({error}); expected what "geoloc calibrate" '
            'writes; run it again, or remove the file'
        ) from error
