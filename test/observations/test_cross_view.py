# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import math

import numpy as np
import pytest
from shade_network import (
    BINS,
    DATUM,
    ORIGIN,
    ShadeNetwork,
    picture_of,
    shade_map,
    whole_picture_of,
)

from geoloc_ros.errors import MapError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.geometry.quaternions import quat_from_rotation
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.networks.weights import MANIFEST_NAME, models_folder, read_manifest
from geoloc_ros.observations.calibration import Calibration, write_calibration
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera, entropy_bits
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.score_field import ScoreField
from geoloc_ros.observations.search_area import SearchCircle
from geoloc_ros.observations.sight import Task, level_camera, look
from geoloc_ros.types import GeodeticPosition, StateBatch

STAMP_NS = 1_700_000_000_000_000_000
SIMULATED = CrossViewSettings(input_domain='simulation')
HOLES = [(18, 21)]


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    return shade_map(tmp_path_factory.mktemp('maps') / 'shades', holes=HOLES)


def circle(x_m=0.0, y_m=0.0, radius_m=30.0, yaw=None, sigma=math.inf):
    return SearchCircle(x_m, y_m, radius_m, yaw, sigma)


def cell_place(store, iy, ix, datum=DATUM):
    lat, lon = store.grid.lat_lon(np.array([float(ix)]), np.array([float(iy)]))
    return datum.enu_from_geodetic(GeodeticPosition(lat[0], lon[0], 100.0))[:2]


@pytest.mark.parametrize('layer', [0, 3, 6])
@pytest.mark.parametrize('datum', [DATUM, Datum(GeodeticPosition(49.1, 8.9, 120.0))])
def test_the_place_and_heading_of_a_picture_are_found(store, layer, datum):
    """Also far from the datum, where true north is 0.4 degrees off the y axis of map."""
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    iy, ix = 22, 17
    x_m, y_m = cell_place(store, iy, ix, datum)
    match = matcher.match(
        picture_of(store, iy, ix, layer), STAMP_NS, circle(x_m + 8.0, y_m - 12.0), datum
    )
    north = true_north_yaw_rad(datum, datum.geodetic_from_enu(x_m, y_m, 0.0))
    yaw = matcher.network.contract.yaws_rad[layer] + north
    np.testing.assert_allclose(match.best[:2], (x_m, y_m), atol=0.02)
    assert math.remainder(match.best[2] - yaw, 2 * math.pi) == pytest.approx(0.0, abs=1e-5)
    # The field is greatest there for a vehicle whose camera is there.
    field = ScoreField(match.lattice)
    at = StateBatch(*(np.array([v]) for v in (x_m, y_m, yaw, 0.0)))
    assert field.log_likelihood(at)[0] == pytest.approx(
        math.log(np.nanmax(field.likelihood)), abs=0.02
    )


def test_every_cell_that_touches_the_circle_is_scored_and_holes_are_not(store):
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    match = matcher.match(picture_of(store, 20, 20, 0), STAMP_NS, circle(radius_m=25.0), DATUM)
    layers, ny, nx = match.lattice.log_likelihood.shape
    assert layers == BINS
    assert ny in (11, 12)
    assert nx in (11, 12)
    assert np.isnan(match.lattice.log_likelihood).sum() == BINS
    window = matcher.window(circle(radius_m=25.0), DATUM)
    hole = (HOLES[0][0] - window.iy0, HOLES[0][1] - window.ix0)
    assert np.isnan(match.lattice.log_likelihood[:, hole[0], hole[1]]).all()
    touched = np.count_nonzero(window.touched)
    assert match.coverage == pytest.approx((touched - 1) / touched)


def test_log_likelihood_is_minus_distance_over_temperature(store):
    for settings, temperature in (
        (SIMULATED, 1.5 * 0.25),
        (dataclasses.replace(SIMULATED, temperature=0.1, temperature_factor=1.0), 0.1),
        (dataclasses.replace(SIMULATED, temperature=0.1, temperature_factor=2.0), 0.2),
    ):
        matcher = CrossViewMatcher(ShadeNetwork(), store, settings)
        picture = picture_of(store, 22, 17, 1)
        window = matcher.window(circle(), DATUM)
        distances, _ = matcher.distances(picture, window)
        match = matcher.match(picture, STAMP_NS, circle(), DATUM)
        assert matcher.temperature == pytest.approx(temperature)
        np.testing.assert_allclose(
            match.lattice.log_likelihood, -distances / temperature, rtol=1e-6
        )
        at_best = distances[1, 22 - window.iy0, 17 - window.ix0]
        assert at_best == pytest.approx(0.0, abs=1e-3)
        assert at_best == np.nanmin(distances)


def test_scores_are_of_the_body_behind_the_camera(store):
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    layer, iy, ix = 5, 22, 17
    match = matcher.match(
        picture_of(store, iy, ix, layer), STAMP_NS, circle(), DATUM, camera_place_m=(1.6, -0.3)
    )
    yaw = match.lattice.yaws_rad[layer]
    x_m, y_m = cell_place(store, iy, ix)
    x_m -= math.cos(yaw) * 1.6 + math.sin(yaw) * 0.3
    y_m -= math.sin(yaw) * 1.6 - math.cos(yaw) * 0.3
    field = ScoreField(match.lattice)
    at = StateBatch(*(np.array([v]) for v in (x_m, y_m, yaw, 0.0)))
    assert field.log_likelihood(at)[0] == pytest.approx(
        math.log(np.nanmax(field.likelihood)), abs=0.02
    )


@pytest.mark.parametrize(('sigma', 'shift'), [(0.1, 2.0), (2.0, 0.0)])
def test_without_headings_the_lever_arm_is_taken_off_by_the_heading_believed(store, sigma, shift):
    matcher = CrossViewMatcher(ShadeNetwork(heading='north_up'), store, SIMULATED)
    match = matcher.match(
        whole_picture_of(store, 22, 17), STAMP_NS, circle(yaw=math.pi / 2, sigma=sigma), DATUM,
        camera_place_m=(2.0, 0.0),
    )  # fmt: skip
    x_m, y_m = cell_place(store, 22, 17)
    np.testing.assert_allclose(match.best[:2], (x_m, y_m), atol=0.02)
    field = ScoreField(match.lattice)
    assert match.lattice.yaws_rad.shape == (0,)
    at = StateBatch(*(np.array([v]) for v in (x_m, y_m - shift, 0.0, 0.0)))
    assert field.log_likelihood(at)[0] == pytest.approx(
        math.log(np.nanmax(field.likelihood)), abs=0.02
    )


def test_off_the_map_there_is_no_match(store):
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    picture = picture_of(store, 20, 20, 0)
    assert matcher.match(picture, STAMP_NS, circle(5000.0, 0.0), DATUM) is None
    partly = matcher.match(picture, STAMP_NS, circle(100.0, 0.0), DATUM)
    assert 0.3 < partly.coverage <= 1.0


def test_a_circle_smaller_than_a_cell_sees_its_neighbours(store):
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    picture = picture_of(store, 20, 20, 0)
    for x_m in np.arange(0.0, 5.0, 1.25):
        for y_m in np.arange(0.0, 5.0, 1.25):
            match = matcher.match(picture, STAMP_NS, circle(x_m, y_m, radius_m=1.0), DATUM)
            assert min(match.lattice.log_likelihood.shape[1:]) >= 3


def test_scores_of_another_domain_are_calibrated_only_by_a_good_calibration(tmp_path):
    store = shade_map(tmp_path / 'map', radius_m=30.0)
    real = CrossViewSettings()
    sha256 = ShadeNetwork().sha256
    good = Calibration(sha256, 'real', 'own drive', 100, 0.4, 0.52, 0.9, 2.0)
    cases = [
        (None, False, 0.25),
        (good, True, 0.4),
        (dataclasses.replace(good, coverage_50=0.1), False, 0.4),
        (dataclasses.replace(good, coverage_90=0.6), False, 0.4),
        (dataclasses.replace(good, gain_bits=-0.1), False, 0.4),
        (dataclasses.replace(good, network_sha256='other'), False, 0.25),
        (dataclasses.replace(good, domain='simulation'), False, 0.25),
    ]
    for calibration, calibrated, temperature in cases:
        if calibration is not None:
            write_calibration(store.path, calibration)
        matcher = CrossViewMatcher(ShadeNetwork(), store, real)
        assert matcher.is_calibrated == calibrated
        assert matcher.temperature == 1.5 * temperature  # the factor's default
        match = matcher.match(picture_of(store, 5, 5, 0), STAMP_NS, circle(radius_m=20.0), DATUM)
        assert match.lattice.calibrated == calibrated
    assert CrossViewMatcher(ShadeNetwork(), store, SIMULATED).is_calibrated


def test_a_calibration_that_failed_counts_more_than_the_domain(tmp_path):
    store = shade_map(tmp_path / 'map', radius_m=30.0)
    assert CrossViewMatcher(ShadeNetwork(), store, SIMULATED).is_calibrated
    sha256 = ShadeNetwork().sha256
    good = Calibration(sha256, 'simulation', 'own drive', 100, 0.4, 0.52, 0.9, 2.0)
    for calibration in (good, dataclasses.replace(good, coverage_50=0.1)):
        write_calibration(store.path, calibration)
        matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
        assert matcher.is_calibrated == calibration.is_good


def test_a_map_of_other_weights_is_refused(store):
    other = ShadeNetwork()
    other.sha256 = 'f' * 64
    with pytest.raises(MapError, match=r'f{64}.*load those weights') as caught:
        CrossViewMatcher(other, store, SIMULATED)
    assert ShadeNetwork().sha256 in str(caught.value)
    assert 'built with weights that the manifest does not know (architecture' in str(caught.value)
    assert 'but trained apart' in str(caught.value)
    shipped = next(iter(read_manifest(models_folder() / MANIFEST_NAME).values()))
    other.sha256 = shipped.weights.sha256
    other.contract = dataclasses.replace(other.contract, name='another')
    with pytest.raises(MapError) as caught:
        CrossViewMatcher(other, store, SIMULATED)
    assert f'not with the weights {shipped.name} (architecture another' in str(caught.value)
    assert 'but trained apart' not in str(caught.value)


def test_entropy_of_a_flat_and_of_a_sharp_field():
    flat = np.zeros((4, 3, 5), np.float32)
    flat[:, 0, 0] = np.nan
    assert entropy_bits(flat) == pytest.approx(math.log2(56))
    sharp = np.full((2, 2), -200.0, np.float32)
    sharp[0, 0] = 0.0
    assert entropy_bits(sharp) == pytest.approx(0.0, abs=1e-9)


def test_the_picture_shows_what_is_ahead_however_the_camera_is_mounted():
    """A camera turned 20 degrees to the left sees a light straight ahead right of its middle."""
    network = ShadeNetwork()
    contract = dataclasses.replace(network.contract, ground_width_px=90, ground_height_px=30)
    network.contract = contract
    intrinsics = Camera(201, 121, 80.0, 80.0, 100.0, 60.0)
    light = np.zeros((121, 201, 3), np.uint8)
    turn = math.radians(20.0)
    # Right of the optical axis by 20 degrees; level.
    column = round(100.0 + 80.0 * math.tan(turn))
    light[50:71, column - 2 : column + 3] = 255
    c, s = math.cos(turn), math.sin(turn)
    base_from_link = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    optical = base_from_link @ level_camera(0.0, 0.0).rotation()
    camera = GroundCamera(
        intrinsics, Pose3(np.array((1.2, 0.1, 1.5)), quat_from_rotation(optical)), network
    )
    picture = camera.picture(light).astype(np.float64).sum(axis=(0, 2))
    centre = float(picture @ np.arange(90) / picture.sum())
    assert centre == pytest.approx(44.5, abs=0.7)
    assert camera.place_m == pytest.approx((1.2, 0.1))
    assert ORIGIN.alt_m == 100.0


def test_a_picture_decoded_smaller_is_matched_as_the_whole_one(store):
    matcher = CrossViewMatcher(ShadeNetwork(), store, SIMULATED)
    contract = matcher.network.contract
    width = 8 * contract.ground_width_px
    focal = 0.5 * width / math.tan(0.5 * min(contract.ground_fov_rad, 2.0))
    intrinsics = Camera(width, width, focal, focal, 0.5 * (width - 1), 0.5 * (width - 1))
    camera = GroundCamera(intrinsics, level_camera(1.0, 0.0), matcher.network)
    factor = camera.reduction
    assert factor > 1
    small = np.random.default_rng(4).integers(0, 255, (width // factor,) * 2 + (3,), np.uint8)
    whole = small.repeat(factor, axis=0).repeat(factor, axis=1)  # its means are the small one
    task = Task(STAMP_NS, circle(), DATUM, camera)
    expected = look(matcher, whole, task)
    got = look(matcher, small, task, factor)
    np.testing.assert_array_equal(got.picture, expected.picture)
    np.testing.assert_array_equal(
        got.match.lattice.log_likelihood, expected.match.lattice.log_likelihood
    )
    with pytest.raises(MeasurementError, match='publish the camera info that belongs'):
        look(matcher, small, task)


def test_warming_up_runs_what_a_picture_will_need(store):
    """The network, and distances to descriptors as the map hands them out."""
    seen = []

    class Noting(ShadeNetwork):
        def describe_ground(self, pictures):
            seen.append(('ground', pictures.shape, pictures.dtype))
            return super().describe_ground(pictures)

        def distances(self, ground, references):
            seen.append(('distances', references.flags.writeable, references.dtype))
            return super().distances(ground, references)

    matcher = CrossViewMatcher(Noting(), store, SIMULATED)
    matcher.warm_up()
    matcher.match(picture_of(store, 22, 17, 0), STAMP_NS, circle(), DATUM)
    assert seen[:2] == seen[2:]
