# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The picture over an aerial image: north is up, metres are metres, the heat lies on its cells."""

import math

import cv2
from matplotlib.figure import Figure
import numpy as np
import pytest

from geoloc_ros.evaluation.plot import Window
from geoloc_ros.evaluation.sight_plot import Query, draw_aerial, draw_heat, write_sight_plot
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.records import Patch
from geoloc_ros.types import GeodeticPosition, ScoreLattice

DATUM = GeodeticPosition(48.0, 11.0, 500.0)


class Quarters:
    """Imagery that is red east and green north of a place given in metres from the datum."""

    def __init__(self, east_m=0.0, north_m=0.0):
        self.corner = east_m, north_m

    def patch(self, request):
        x_m, y_m, _ = Datum(DATUM).enu_from_geodetic(request.centre)
        n = request.size_px
        along = (np.arange(n) + 0.5) / n * request.size_m - 0.5 * request.size_m
        assert request.up_yaw_rad == pytest.approx(math.pi / 2, abs=1e-4)
        rgb = np.zeros((n, n, 3), np.uint8)
        rgb[:, x_m + along > self.corner[0], 0] = 255
        rgb[y_m - along > self.corner[1], :, 1] = 255
        return Patch(rgb, 1.0)


def shown_at(image, x_m, y_m):
    """Colour of a drawn image at a place in data coordinates."""
    west, east, south, north = image.get_extent()
    pixels = image.get_array()
    rows, columns = pixels.shape[:2]
    column = int((x_m - west) / (east - west) * columns)
    row = int((north - y_m) / (north - south) * rows)
    return tuple(int(value) for value in pixels[row, column])


def test_the_aerial_image_lies_where_it_belongs():
    axes = Figure().add_subplot()
    draw_aerial(axes, Quarters(30.0, -20.0), DATUM, Window(0.0, 100.0, -50.0, 30.0))
    (image,) = axes.get_images()
    assert shown_at(image, 29.0, -21.0) == (0, 0, 0, 0)  # no imagery: what is beneath shows
    assert shown_at(image, 31.0, -21.0) == (255, 0, 0, 255)
    assert shown_at(image, 29.0, -19.0) == (0, 255, 0, 255)
    assert shown_at(image, 31.0, -19.0) == (255, 255, 0, 255)
    assert axes.get_xlim() == (0.0, 100.0)
    assert axes.get_ylim() == (-50.0, 30.0)


def lattice_of(heat, rotation_rad=0.0):
    return ScoreLattice(
        5_000_000_000, 'scores', 10.0, 20.0, rotation_rad, 5.0, np.empty(0),
        np.zeros((1, *heat.shape), np.float32),
    )  # fmt: skip


def test_the_corners_of_the_heat_map_are_half_a_cell_off_its_centres():
    heat = np.full((2, 3), 50, np.int8)
    rotation = 0.3
    axes = Figure().add_subplot()
    query = Query(np.zeros((4, 4, 3), np.uint8), lattice_of(heat, rotation), heat)
    draw_heat(axes, query, Quarters(), DATUM, [], None, 'gps')
    aerial, image = axes.get_images()
    assert image.get_array().shape == (2, 3)
    west, east, south, north = image.get_extent()
    own = np.array([(west, south), (east, north), (west + 2.5, south + 2.5)])
    placed = (image.get_transform() - axes.transData).transform(own)
    cosine, sine = math.cos(rotation), math.sin(rotation)
    # The first corner is half a cell before cell (0, 0), the last 2.5 columns and 1.5 rows on.
    first = (10.0 - 2.5 * cosine + 2.5 * sine, 20.0 - 2.5 * sine - 2.5 * cosine)
    last = (10.0 + 12.5 * cosine - 7.5 * sine, 20.0 + 12.5 * sine + 7.5 * cosine)
    assert placed == pytest.approx(np.array([first, last, (10.0, 20.0)]))
    assert axes.get_xlim() == pytest.approx(aerial.get_extent()[:2])


def test_the_whole_picture_is_written(tmp_path):
    stamps = np.arange(0, 10_000_000_000, 1_000_000_000, dtype=np.int64)
    way = np.column_stack((np.linspace(0.0, 60.0, 10), np.linspace(0.0, 30.0, 10)))
    truth = Trajectory('truth', stamps, way, DATUM, np.zeros(10))
    raw = Trajectory('gps', stamps, way + np.array((4.0, -3.0)), DATUM)
    fused = Trajectory('fused', stamps, way + np.array((1.0, 0.0)), DATUM, np.zeros(10))
    heat = np.array([[0, 10, -1], [100, 20, 0]], np.int8)
    query = Query(np.full((24, 32, 3), 200, np.uint8), lattice_of(heat), heat)
    for name, asked in (('with.png', query), ('without.png', None)):
        path = tmp_path / name
        write_sight_plot(path, [raw, fused], truth, 'title', Quarters(), asked)
        assert cv2.imread(str(path)).std() > 10.0
