# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.errors import MeasurementError
from geoloc_ros.observations import score_field
from geoloc_ros.observations.score_field import ScoreField, ScoreFieldSettings, check_lattice
from geoloc_ros.observations.score_modes import without_window
from geoloc_ros.types import ScoreLattice, StateBatch

NO_FLOOR = ScoreFieldSettings(outlier_probability=0.0)
DISCARD = ScoreFieldSettings(outlier_probability=0.0, no_data='discard')


def lattice(scores, yaws=(), origin=(0.0, 0.0), rotation=0.0, spacing=5.0, lever=(0.0, 0.0)):
    scores = np.asarray(scores, dtype=np.float32)
    scores = scores[None] if scores.ndim == 2 else scores
    return ScoreLattice(
        1_000, 'scores', *origin, rotation, spacing, np.array(yaws), scores,
        sensor_forward_m=lever[0], sensor_left_m=lever[1],
    )  # fmt: skip


def states(poses):
    poses = np.atleast_2d(np.asarray(poses, dtype=np.float64))
    yaw = poses[:, 2] if poses.shape[1] > 2 else np.zeros(len(poses))
    return StateBatch(poses[:, 0], poses[:, 1], yaw, np.zeros(len(poses)))


def circle_yaws(count, first=-math.pi):
    return first + 2.0 * math.pi * np.arange(count) / count


def cell_places(field):
    _, ny, nx = field.log_likelihood.shape
    c, s = math.cos(field.rotation_rad), math.sin(field.rotation_rad)
    return np.array(
        [
            [
                (
                    field.origin_x_m + field.spacing_m * (c * ix - s * iy),
                    field.origin_y_m + field.spacing_m * (s * ix + c * iy),
                )
                for ix in range(nx)
            ]
            for iy in range(ny)
        ]
    )


def gaussian_lattice(mean, covariance, size=41, spacing=2.0, rotation=0.0, floor=0.0):
    origin = (-0.5 * (size - 1) * spacing,) * 2
    blank = lattice(np.zeros((size, size)), (), origin, rotation, spacing)
    offsets = cell_places(blank) - mean
    nis = np.einsum('yxi,ij,yxj->yx', offsets, np.linalg.inv(covariance), offsets)
    with np.errstate(divide='ignore'):
        scores = np.log(np.exp(-0.5 * nis) + floor)
    return dataclasses.replace(blank, log_likelihood=scores[None].astype(np.float32))


def test_likelihood_between_cells_is_that_of_a_hand_computation():
    # exp(ll - max) = 1, 1/2 / 1/4, 1/8; the mean over the cells is 15/32.
    scores = np.log([[1.0, 0.5], [0.25, 0.125]])
    field = ScoreField(lattice(scores), NO_FLOOR)
    # A quarter of the way east, half the way north: 3/8 + 1/16 + 3/32 + 1/64... by hand:
    expected = (0.375 * 1 + 0.125 * 0.5 + 0.375 * 0.25 + 0.125 * 0.125) / (15.0 / 32.0)
    assert field.log_likelihood(states((1.25, 2.5)))[0] == pytest.approx(math.log(expected))
    # In the middle it is the mean: as likely as a place taken at random.
    assert field.log_likelihood(states((2.5, 2.5)))[0] == pytest.approx(0.0, abs=1e-7)


def test_a_sharp_mode_between_cells_does_not_vanish():
    # Half way between likelihood 1 and exp(-40): log(1/2) of the peak, not -20.
    field = ScoreField(lattice([[0.0, -40.0], [0.0, -40.0]]), NO_FLOOR)
    peak, half = field.log_likelihood(states([(0.0, 2.0), (2.5, 2.0)]))
    assert half - peak == pytest.approx(math.log(0.5))


@pytest.mark.parametrize('kernels', ['compiled', 'numpy'])
@pytest.mark.parametrize('settings', [NO_FLOOR, DISCARD, ScoreFieldSettings()])
def test_log_likelihood_agrees_with_brute_force(settings, kernels, monkeypatch):
    monkeypatch.setattr(score_field, 'COMPILED', kernels == 'compiled')
    rng = np.random.default_rng(3)
    scores = rng.normal(0.0, 2.0, (8, 6, 7)).astype(np.float32)
    scores[:, 2, 3] = np.nan
    scores[:, :2, 0] = np.nan
    made = lattice(scores, circle_yaws(8, -3.0), (12.0, -7.0), 0.4, 3.0, lever=(1.5, -0.4))
    field = ScoreField(made, settings)
    poses = np.column_stack([
        rng.uniform(-5.0, 40.0, 500), rng.uniform(-15.0, 25.0, 500), rng.uniform(-9.0, 9.0, 500)
    ])  # fmt: skip
    found = field.log_likelihood(states(poses))
    expected = [_brute_force(made, settings, pose) for pose in poses]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert np.isneginf(found).any() == (settings is DISCARD)


def _brute_force(made, settings, pose):
    x, y, yaw = pose
    x += math.cos(yaw) * made.sensor_forward_m - math.sin(yaw) * made.sensor_left_m
    y += math.sin(yaw) * made.sensor_forward_m + math.cos(yaw) * made.sensor_left_m
    turn = np.array([[math.cos(made.rotation_rad), -math.sin(made.rotation_rad)],
                     [math.sin(made.rotation_rad), math.cos(made.rotation_rad)]])  # fmt: skip
    u, v = turn.T @ (x - made.origin_x_m, y - made.origin_y_m) / made.spacing_m
    likelihood = np.exp(made.log_likelihood.astype(np.float64))
    e = settings.outlier_probability
    likelihood = (1 - e) * likelihood / np.nanmean(likelihood) + e
    layers, ny, nx = likelihood.shape
    total = known = 0.0
    for k in range(layers):
        gap = abs(math.remainder(yaw - made.yaws_rad[k], 2 * math.pi)) / (2 * math.pi / layers)
        for iy in range(ny):
            for ix in range(nx):
                weight = max(0, 1 - gap) * max(0, 1 - abs(u - ix)) * max(0, 1 - abs(v - iy))
                if weight > 0 and not math.isnan(likelihood[k, iy, ix]):
                    total += weight * likelihood[k, iy, ix]
                    known += weight
    if settings.no_data == 'neutral':
        return math.log(total + 1 - known)
    return math.log(total / known) if known > 1e-9 else -math.inf


def test_places_without_data_are_neutral_or_discarded():
    scores = np.log([[1.0, 3.0], [np.nan, 2.0]])
    far = states([(500.0, 500.0), (0.0, 5.0)])
    np.testing.assert_allclose(ScoreField(lattice(scores), NO_FLOOR).log_likelihood(far), 0.0)
    assert np.isneginf(ScoreField(lattice(scores), DISCARD).log_likelihood(far)).all()


@pytest.mark.skipif(not score_field.COMPILED, reason='numba is not installed')
@pytest.mark.parametrize('headings', [1, 8])
def test_compiled_interpolation_is_that_of_numpy(headings, monkeypatch):
    rng = np.random.default_rng(4)
    scores = rng.normal(0.0, 2.0, (headings, 6, 7)).astype(np.float32)
    scores[:, 2, 3] = np.nan
    yaws = circle_yaws(headings) if headings > 1 else ()
    field = ScoreField(lattice(scores, yaws, (12.0, -7.0), 0.4, 3.0, lever=(1.5, -0.4)))
    at = states(rng.uniform((-5.0, -15.0, -30.0), (40.0, 25.0, 30.0), (3000, 3)))
    found = field.log_likelihood(at)
    monkeypatch.setattr(score_field, 'COMPILED', False)
    np.testing.assert_allclose(found, field.log_likelihood(at), rtol=0, atol=1e-12)


@pytest.mark.skipif(not score_field.COMPILED, reason='numba is not installed')
def test_a_state_that_is_no_number_has_no_likelihood():
    field = ScoreField(lattice(np.zeros((8, 3, 3)), circle_yaws(8)))
    poses = [(math.nan, 0.0, 0.0), (0.0, math.nan, 0.0), (0.0, 0.0, math.nan), (1.0, 1.0, 0.0)]
    np.testing.assert_array_equal(np.isnan(field.log_likelihood(states(poses))), [1, 1, 1, 0])


@pytest.mark.parametrize('kernels', ['compiled', 'numpy'])
def test_without_a_floor_rounding_makes_no_likelihood_negative(kernels, monkeypatch):
    monkeypatch.setattr(score_field, 'COMPILED', kernels == 'compiled')
    scores = np.full((4, 9, 9), -1e4)
    scores[:, 4, 4] = 0.0
    field = ScoreField(lattice(scores, circle_yaws(4), rotation=0.1), NO_FLOOR)
    rng = np.random.default_rng(2)
    poses = np.column_stack((rng.uniform(-10.0, 50.0, (5000, 2)), rng.uniform(-3.0, 3.0, 5000)))
    assert not np.isnan(field.log_likelihood(states(poses))).any()


def test_outlier_floor_bounds_how_unlikely_a_place_can_be():
    scores = np.full((3, 3), -1000.0)
    scores[1, 1] = 0.0
    settings = ScoreFieldSettings(outlier_probability=0.1)
    peak, elsewhere = ScoreField(lattice(scores), settings).log_likelihood(
        states([(5.0, 5.0), (0.0, 0.0)])
    )
    assert elsewhere == pytest.approx(math.log(0.1))
    assert peak == pytest.approx(math.log(0.9 * 9.0 + 0.1))


def test_a_tempered_field_is_the_power_of_the_likelihood():
    scores = np.random.default_rng(1).normal(size=(4, 4))
    field = ScoreField(lattice(scores), NO_FLOOR)
    at = states([(5.0, 5.0), (10.0, 5.0)])
    whole, half = (np.diff(f.log_likelihood(at))[0] for f in (field, field.tempered(0.5)))
    assert half == pytest.approx(0.5 * whole)


@pytest.mark.parametrize('rotation', [0.0, 0.7])
def test_gaussian_has_the_moments_of_a_gaussian_mode(rotation):
    # Window 80 m wide: its variance is 533 m^2, so taking it out changes these by < 5 %.
    mean, covariance = np.array((4.3, -6.1)), np.array(((16.0, 6.0), (6.0, 12.0)))
    if rotation:
        mean = mean * 0.0 + (-30.0, 5.0)
    field = ScoreField(gaussian_lattice(mean, covariance, rotation=rotation), NO_FLOOR)
    form = field.gaussian(np.array((1.0, 2.0, 0.3, 5.0, 0.0)))
    np.testing.assert_allclose(form.innovation + np.array((1.0, 2.0)), mean, atol=0.35)
    expected = covariance + 2.0**2 / 12.0 * np.eye(2)
    np.testing.assert_allclose(form.noise_covariance, expected, rtol=0.06, atol=0.4)
    np.testing.assert_array_equal(form.jacobian, np.eye(2, 5))


def test_gaussian_includes_the_mass_outside_of_the_mode():
    mean = np.zeros(2)
    sharp = ScoreField(gaussian_lattice(mean, 9.0 * np.eye(2)), NO_FLOOR)
    # A floor with a share q of all mass: second moment (1 - q) 9 + q (80^2 / 12).
    floor = 1e-3
    blurred = ScoreField(gaussian_lattice(mean, 9.0 * np.eye(2), floor=floor), NO_FLOOR)
    q = floor * 41 * 41 / (floor * 41 * 41 + 2.0 * math.pi * 9.0 / 4.0)
    seen = (1.0 - q) * 9.0 + q * (41.0**2 - 1.0) / 12.0 * 4.0 + 1.0 / 3.0
    window = (41.0**2 - 1.0) / 12.0 * 4.0 + 1.0 / 3.0
    expected = 1.0 / (1.0 / seen - 1.0 / window)
    assert blurred.moments.covariance[0, 0] == pytest.approx(expected, rel=1e-3)
    assert blurred.moments.covariance[0, 0] > 5.0 * sharp.moments.covariance[0, 0]
    np.testing.assert_allclose(blurred.moments.mean, mean, atol=1e-6)


def test_several_strong_modes_have_no_gaussian_and_a_weak_one_has():
    two = gaussian_lattice(np.array((-20.0, 0.0)), 9.0 * np.eye(2))
    other = gaussian_lattice(np.array((20.0, 0.0)), 9.0 * np.eye(2))
    for share, fits in ((1.0, False), (0.55, False), (0.45, True), (0.01, True)):
        scores = np.logaddexp(two.log_likelihood, other.log_likelihood + math.log(share))
        field = ScoreField(dataclasses.replace(two, log_likelihood=scores), NO_FLOOR)
        assert (field.gaussian(np.zeros(5)) is not None) == fits, share


def test_a_flat_field_tells_nothing():
    assert ScoreField(lattice(np.zeros((20, 20)))).gaussian(np.zeros(5)) is None
    noise = np.random.default_rng(0).normal(0.0, 0.01, (20, 20))
    assert ScoreField(lattice(noise)).gaussian(np.zeros(5)) is None


def test_a_street_tells_across_and_next_to_nothing_along():
    across = -0.5 * ((np.arange(21) - 10.0) * 5.0 / 4.0) ** 2
    field = ScoreField(lattice(np.repeat(across[:, None], 21, axis=1)), NO_FLOOR)
    covariance = field.moments.covariance
    assert covariance[1, 1] == pytest.approx(16.0 + 25.0 / 12.0, rel=0.05)
    window = 25.0 * (21.0**2 - 1.0) / 12.0
    assert covariance[0, 0] > 40.0 * window


def test_window_taken_out_gives_back_the_likelihood():
    # Product of N(z, R) and N(c, U) has information R^-1 + U^-1: undo it.
    R, U = np.array(((9.0, 3.0), (3.0, 20.0))), np.array(((200.0, -40.0), (-40.0, 150.0)))
    z, c = np.array((7.0, -3.0)), np.array((1.0, 2.0))
    seen = np.linalg.inv(np.linalg.inv(R) + np.linalg.inv(U))
    mean = seen @ (np.linalg.solve(R, z) + np.linalg.solve(U, c))
    found = without_window(mean, seen, c, U)
    np.testing.assert_allclose(found.covariance, R)
    np.testing.assert_allclose(found.mean, z)


def test_gaussian_of_a_field_with_headings_has_yaw_where_it_is_known():
    yaws = circle_yaws(32)
    place = gaussian_lattice(np.array((2.0, 3.0)), 9.0 * np.eye(2)).log_likelihood
    turned = np.array([math.remainder(yaw - 3.0, 2 * math.pi) for yaw in yaws])
    scores = place - 0.5 * (turned[:, None, None] / 0.25) ** 2
    made = gaussian_lattice(np.zeros(2), np.eye(2))
    sharp = ScoreField(dataclasses.replace(made, yaws_rad=yaws, log_likelihood=scores), NO_FLOOR)
    form = sharp.gaussian(np.array((0.0, 0.0, -3.0, 0.0, 0.0)))
    assert form.innovation[2] == pytest.approx(6.0 - 2.0 * math.pi, abs=0.01)
    step = 2.0 * math.pi / 32
    assert form.noise_covariance[2, 2] == pytest.approx(0.25**2 + step**2 / 12.0, rel=0.05)
    np.testing.assert_allclose(form.innovation[:2], (2.0, 3.0), atol=0.1)
    # Forwards or backwards: the position stays, the heading says nothing.
    both = np.logaddexp(scores, np.roll(scores, 16, axis=0))
    form = ScoreField(
        dataclasses.replace(made, yaws_rad=yaws, log_likelihood=both), NO_FLOOR
    ).gaussian(np.zeros(5))
    assert form.innovation.shape == (2,)
    np.testing.assert_allclose(form.innovation, (2.0, 3.0), atol=0.1)


def test_gaussian_jacobian_is_that_of_the_sensor_place():
    made = gaussian_lattice(np.array((2.0, 3.0)), 9.0 * np.eye(2))
    field = ScoreField(
        dataclasses.replace(made, sensor_forward_m=1.6, sensor_left_m=-0.3), NO_FLOOR
    )
    state = np.array((0.4, -0.2, 0.9, 5.0, 0.1))
    form = field.gaussian(state)
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6
        change = field.gaussian(state + step).innovation - field.gaussian(state - step).innovation
        np.testing.assert_allclose(form.jacobian[:, column], -change / 2e-6, atol=1e-6)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'log_likelihood': np.full((1, 3, 3), np.nan, np.float32)}, 'no finite cell'),
        ({'log_likelihood': np.zeros((2, 3, 3), np.float32)}, 'shape'),
        ({'log_likelihood': np.full((1, 2, 2), np.inf, np.float32)}, 'infinite'),
        ({'spacing_m': 0.0}, 'positive spacing'),
        ({'origin_x_m': math.nan}, 'finite numbers'),
        (
            {
                'yaws_rad': np.array((0.0, 1.0, 2.0)),
                'log_likelihood': np.zeros((3, 2, 2), np.float32),
            },
            'equally spaced',
        ),
    ],
)
def test_what_is_no_field_is_refused(change, words):
    good = lattice(np.zeros((3, 3)))
    check_lattice(good)
    with pytest.raises(MeasurementError, match=words):
        check_lattice(dataclasses.replace(good, **change))
