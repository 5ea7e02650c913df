# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""GNSS errors that follow the buildings: mean size, place, day, canyons, outages."""

from block_town import BLOCK_M, Boxes, block_town, boxes_of, day
import numpy as np
import pytest

from geoloc_ros.types import NANOSECONDS_PER_SECOND
from geoloc_sim.drives.city_drive import street_points
from geoloc_sim.drives.city_gnss import (
    CitySky,
    SkyAlong,
    averaged_along,
    dilution,
    draw_city_errors,
    place_variance_m2,
    satellite_directions,
    simulate_city_gnss,
)
from geoloc_sim.drives.settings import CityErrorSettings, LaneSettings, SkySettings
from geoloc_sim.drives.sky_view import SkyView, crowns_of, sky_directions, world_sky
from geoloc_sim.error_statistics import cut_windows, error_statistics
from geoloc_sim.gnss_error import ErrorSeeds, total_sigma_m
from geoloc_sim.records import TruthTrajectory
from geoloc_sim.settings import GnssErrorSettings, ReceiverSettings

CANYON_X_M, OPEN_X_M = -BLOCK_M / 2.0, 1.5 * BLOCK_M


def city_sky(world, seeds, error=None):
    settings = SkySettings()
    sky = world_sky(world, boxes_of(world), day(seeds.day).leaf_share, settings)
    points = street_points(world.layout, settings.street_spacing_m, LaneSettings())
    return CitySky(sky, points, settings, error or CityErrorSettings(), seeds), points


def straight(points_m, seconds_apart):
    """A trajectory through points at even times."""
    stamps = np.round(np.arange(len(points_m)) * seconds_apart * NANOSECONDS_PER_SECOND)
    zero = np.zeros(len(points_m))
    return TruthTrajectory(
        block_town().layout.datum,
        stamps.astype(np.int64),
        points_m[:, 0].copy(),
        points_m[:, 1].copy(),
        zero,
        zero,
        zero,
    )


def test_dilution_is_that_of_the_normal_equations():
    random = np.random.default_rng(0)
    directions = sky_directions(7, 3, 0.2)
    weights = random.uniform(0.1, 1.0, len(directions))
    rows = np.column_stack((directions, np.ones(len(directions))))
    covariance = np.linalg.inv(rows.T @ np.diag(weights) @ rows)[:2, :2]
    root = dilution(weights[None], directions)[0]
    np.testing.assert_allclose(root @ root, covariance, atol=1e-12)
    np.testing.assert_allclose(root, root.T)


def test_mean_square_over_the_streets_is_the_frozen_one():
    city, points = city_sky(block_town(), ErrorSeeds(0, 1, 0))
    sky = city.along(points)
    for factor in (sky.place, sky.slow):
        assert 0.5 * (factor**2).sum(axis=(1, 2)).mean() == pytest.approx(1.0)
    assert sky.hazard.mean() == pytest.approx(1.0)
    variance = place_variance_m2(GnssErrorSettings(), sky)
    assert np.sqrt(variance.mean()) == pytest.approx(total_sigma_m(GnssErrorSettings()))


def test_drawn_errors_have_the_size_and_the_time_structure_of_the_frozen_model():
    world = block_town()
    windows = []
    reach, times_s = 1.5 * BLOCK_M, np.arange(120.0)
    cities = [city_sky(world, ErrorSeeds(0, of_day, 0))[0] for of_day in range(3)]
    for track in range(12):
        way = np.abs((8.0 * times_s + 37.0 * track) % (4.0 * reach) - 2.0 * reach) - reach
        points = np.column_stack((way, np.full(120, (track % 4 - 1.5) * BLOCK_M)))
        points = points if track % 2 else points[:, ::-1].copy()
        sky = averaged_along(cities[track % 3].along(points), points, 10.0)
        for seed in range(8):
            seeds = ErrorSeeds(seed, track, seed)
            errors = draw_city_errors(GnssErrorSettings(), times_s, points, sky, seeds)
            windows += cut_windows(times_s, errors.total())
    found = error_statistics(windows)
    assert found.sigma_m == pytest.approx(total_sigma_m(GnssErrorSettings()), rel=0.15)
    # docs/gnss_error_model.md, row "simulated, 40 drives".
    np.testing.assert_allclose(found.autocorrelation, (0.62, 0.39, 0.21, 0.0), atol=0.1)


def test_worse_between_high_houses_and_worst_across_the_street():
    city, _ = city_sky(block_town(), ErrorSeeds(0, 1, 0))
    sky = city.along(np.array([[CANYON_X_M - BLOCK_M, 0.0], [CANYON_X_M, 0.0], [OPEN_X_M, 0.0]]))
    size = np.sqrt(place_variance_m2(GnssErrorSettings(), sky))
    assert size[1] > 1.3 * size[2]
    canyon = sky.place[1] @ sky.place[1]
    assert canyon[0, 0] > 1.3 * canyon[1, 1]  # the street runs north: across is east
    assert sky.hazard[1] > 2.0 * sky.hazard[2]
    assert sky.open_share[1] < 0.5 < sky.open_share[2]


def test_errors_repeat_by_place_and_differ_by_day():
    world = block_town()
    points = np.column_stack((np.full(300, CANYON_X_M), np.linspace(-130.0, 130.0, 300)))
    times_s = np.arange(300.0)
    drawn = []
    for of_day, drive in ((1, 0), (2, 1), (2, 2)):
        seeds = ErrorSeeds(5, of_day, drive)
        city, _ = city_sky(world, seeds)
        drawn.append(
            draw_city_errors(GnssErrorSettings(), times_s, points, city.along(points), seeds)
        )
    first, second, third = drawn
    np.testing.assert_array_equal(first.place, second.place)
    assert np.std(first.place) > 1.0
    assert not np.allclose(first.day, second.day)
    np.testing.assert_array_equal(second.day, third.day)
    assert not np.allclose(second.slow, third.slow)
    # Another day's satellites: the same place is good or bad in another way.
    skies = [city_sky(world, ErrorSeeds(5, of_day, 0))[0].along(points) for of_day in (1, 2)]
    assert not np.allclose(skies[0].slow, skies[1].slow, rtol=0.05)
    np.testing.assert_array_equal(skies[0].place, skies[1].place)


def test_means_over_many_drives_of_a_day_show_place_and_day():
    world, count = block_town(), 200
    points = np.array([[CANYON_X_M, -100.0], [CANYON_X_M, 100.0], [OPEN_X_M, 0.0]])
    times_s = np.array([0.0, 1000.0, 2000.0])
    means, fixed = [], []
    for of_day in (1, 2):
        drawn = []
        sky = city_sky(world, ErrorSeeds(5, of_day, 0))[0].along(points)
        for drive in range(count):
            seeds = ErrorSeeds(5, of_day, drive)
            parts = draw_city_errors(GnssErrorSettings(), times_s, points, sky, seeds)
            drawn.append(parts.total())
        means.append(np.mean(drawn, axis=0))
        fixed.append(parts.constant + parts.place + parts.day)
    spread = 4.0 * total_sigma_m(GnssErrorSettings()) * 1.5 / np.sqrt(count)
    for mean, expected in zip(means, fixed, strict=True):
        assert np.abs(mean - expected).max() < spread
    apart = fixed[1] - fixed[0]
    np.testing.assert_allclose(apart - apart[0], 0.0, atol=1e-12)  # one offset of the day


def test_no_fix_in_a_tunnel_nor_for_a_while_after():
    error = CityErrorSettings(reacquire_s=3.0)
    seeds = ErrorSeeds(0, 1, 0)
    points = np.column_stack((np.linspace(0.0, 400.0, 401), np.zeros(401)))
    truth = straight(points, 0.1)
    slab = Boxes([(150.0, -10.0, 4.0, 250.0, 10.0, 5.0)])  # a roof over 100 m of street
    sky_settings = SkySettings()
    sky = SkyView(slab, crowns_of((), 1.0, sky_settings), 1.6)
    far = np.column_stack((np.linspace(500.0, 900.0, 40), np.zeros(40)))
    city = CitySky(sky, far, sky_settings, error, seeds)
    frozen = GnssErrorSettings(outage_rate_hz=0.0)
    track = simulate_city_gnss(truth, city, ReceiverSettings(error=frozen), error, seeds)
    x_m = truth.at(track.stamps_ns).x_m
    deep, after, clear = (x_m > 170.0) & (x_m < 230.0), (x_m > 246.0) & (x_m < 265.0), x_m > 290.0
    assert not track.has_fix[deep].any()
    assert not track.has_fix[after].any()
    assert track.has_fix[clear].all()
    assert track.has_fix[x_m < 130.0].all()


def test_no_fix_where_the_street_is_known_to_be_covered():
    seeds = ErrorSeeds(0, 1, 0)
    points = np.column_stack((np.linspace(0.0, 400.0, 401), np.full(401, BLOCK_M / 2.0)))
    truth = straight(points, 0.1)
    city, _ = city_sky(block_town(), seeds)
    covered = (truth.x_m > 100.0) & (truth.x_m < 200.0)
    settings = ReceiverSettings(error=GnssErrorSettings(outage_rate_hz=0.0))
    error = CityErrorSettings(reacquire_s=0.0)
    track = simulate_city_gnss(truth, city, settings, error, seeds, covered)
    x_m = truth.at(track.stamps_ns).x_m
    np.testing.assert_array_equal(track.has_fix, ~((x_m > 100.0) & (x_m < 200.0)))


def test_stated_covariance_follows_half_of_what_the_sky_does():
    seeds = ErrorSeeds(0, 1, 0)
    city, _ = city_sky(block_town(), seeds)
    points = np.column_stack((np.full(600, CANYON_X_M), np.linspace(-120.0, 120.0, 600)))
    settings = ReceiverSettings(stated_spread=0.0)
    error = CityErrorSettings(averaging_m=0.0)
    track = simulate_city_gnss(straight(points, 0.2), city, settings, error, seeds)
    at = straight(points, 0.2).at(track.stamps_ns)
    sky = city.along(np.column_stack((at.x_m, at.y_m)))
    true = np.sqrt(place_variance_m2(settings.error, sky))
    np.testing.assert_allclose(
        track.stated_sigma_m**2, true * total_sigma_m(settings.error), rtol=1e-9
    )


def test_jumps_gather_where_satellites_are_hidden():
    settings = GnssErrorSettings(jump_rate_hz=0.05, jump_duration_s=1.0)
    times_s = np.arange(4000.0)
    hazard = np.where((times_s // 100) % 2 == 0, 0.2, 1.8)
    same = np.broadcast_to(np.eye(2), (4000, 2, 2))
    sky = SkyAlong(same, same, hazard, np.ones(4000))
    jump = draw_city_errors(settings, times_s, np.zeros((4000, 2)), sky, ErrorSeeds(0, 0, 0)).jump
    shares = [np.mean(np.abs(jump[hazard == level]).max(axis=1) > 0) for level in (0.2, 1.8)]
    assert shares[1] > 4.0 * shares[0] > 0.0
    # Overlap aside, a share of rate x duration is in a jump: 0.05 x 1 s x hazard.
    assert shares[1] == pytest.approx(1.0 - np.exp(-0.05 * 1.8), abs=0.04)


def test_satellites_are_those_of_the_day():
    settings = SkySettings()
    monday, again, tuesday = (
        satellite_directions(settings, ErrorSeeds(0, of_day, drive))
        for of_day, drive in ((1, 0), (1, 7), (2, 0))
    )
    np.testing.assert_array_equal(monday, again)
    assert not np.allclose(monday, tuesday)
    assert (monday[:, 2] >= np.sin(settings.lowest_rad)).all()
