# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from geoloc_ros.errors import EvaluationError, MapError
from geoloc_ros.observations.calibration import (
    CALIBRATION_FILE,
    ScoredFrame,
    calibrate,
    credible_level,
    fit_temperature,
    read_calibration,
    write_calibration,
)


def drawn_frames(temperature, count=400, cells=150, seed=0):
    """Frames whose true cell is drawn with probability softmax(-d / temperature)."""
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        distances = rng.uniform(0.0, 2.0, cells)
        weights = np.exp(-distances / temperature)
        frames.append(ScoredFrame(distances, int(rng.choice(cells, p=weights / weights.sum()))))
    return frames


@pytest.mark.parametrize('temperature', [0.05, 0.2, 1.0])
def test_a_known_temperature_is_recovered(temperature):
    frames = drawn_frames(temperature, 1500)
    found = fit_temperature([f.distances for f in frames], [f.true_index for f in frames])
    # The information of a frame on 1 / T is the variance of d: 3 sigma of the fit.
    spread = np.mean([_variance(f.distances, temperature) for f in frames])
    sigma = temperature / np.sqrt(spread * len(frames))
    assert abs(found / temperature - 1.0) < 3.0 * sigma


def _variance(distances, temperature):
    weights = np.exp(-distances / temperature)
    weights /= weights.sum()
    return weights @ distances**2 - (weights @ distances) ** 2


def test_two_cells_by_hand():
    # True cell 1 nearer in three of four frames: p = 3/4 at d / T = log 3.
    distances = [np.array((0.0, 1.0))] * 4
    assert fit_temperature(distances, [0, 0, 0, 1]) == pytest.approx(1.0 / np.log(3.0), rel=1e-3)


def test_distances_that_say_nothing_get_a_temperature_that_says_so():
    rng = np.random.default_rng(1)
    frames = [ScoredFrame(rng.uniform(0, 2, 100), int(rng.integers(100))) for _ in range(300)]
    made = calibrate(frames, 'sha', 'real', 'drive')
    assert made.temperature > 2.0
    assert made.gain_bits < 0.02


def test_levels_of_calibrated_frames_are_uniform_and_of_others_are_not():
    frames = drawn_frames(0.2, 1000)
    for scale, expected in ((0.2, True), (0.05, False), (0.8, False)):
        levels = [credible_level(f.distances, f.true_index, scale) for f in frames]
        shares = [np.mean(np.array(levels) <= share) for share in (0.25, 0.5, 0.75)]
        assert np.allclose(shares, (0.25, 0.5, 0.75), atol=0.05) == expected


def test_level_by_hand():
    distances = -np.log(np.array((0.5, 0.3, 0.2)))
    assert credible_level(distances, 0, 1.0) == pytest.approx(0.25)
    assert credible_level(distances, 1, 1.0) == pytest.approx(0.65)
    assert credible_level(distances, 2, 1.0) == pytest.approx(0.9)


def test_calibration_of_good_scores_is_good_and_is_kept(tmp_path):
    made = calibrate(drawn_frames(0.15), 'sha', 'real', 'drive')
    assert made.is_good
    assert made.temperature == pytest.approx(0.15, rel=0.1)
    assert made.coverage_50 == pytest.approx(0.5, abs=0.1)
    assert made.coverage_90 == pytest.approx(0.9, abs=0.06)
    assert made.gain_bits > 1.0
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, made)
    assert read_calibration(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == [CALIBRATION_FILE]
    (tmp_path / CALIBRATION_FILE).write_text('{"format": 1}')
    with pytest.raises(MapError, match='run it again'):
        read_calibration(tmp_path)
    (tmp_path / 'file').touch()
    with pytest.raises(MapError, match=r'cannot be written .* copy the map'):
        write_calibration(tmp_path / 'file', made)


def test_too_few_frames_calibrate_nothing():
    with pytest.raises(EvaluationError, match='12 pictures'):
        calibrate(drawn_frames(0.2, 12), 'sha', 'real', 'drive')
    with pytest.raises(EvaluationError):
        fit_temperature([], [])


def test_a_calibration_stays_whole_where_a_new_one_cannot_be_finished(tmp_path, monkeypatch):
    made = calibrate(drawn_frames(0.15), 'sha', 'real', 'drive')
    path = write_calibration(tmp_path, made)

    def fill_disk(self, text, **more):
        with self.open('w') as file:
            file.write(text[:20])
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_text', fill_disk)
    with pytest.raises(MapError, match='No space left'):
        write_calibration(tmp_path, made)
    assert read_calibration(path.parent) == made
