# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One corner, seen from the street and from the air, is one place: within a pixel everywhere."""

import math

import numpy as np
from prism_meshes import box_mesh, on_ground
import pytest

from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.grids import Window
from geoloc_sim.aerial.model import draw_aerial_model
from geoloc_sim.aerial.orthophoto import Orthophoto
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.rendering.cameras import PinholeCamera
from geoloc_sim.rendering.days import aerial_day
from geoloc_sim.rendering.scene import Scene

DATUM = GeodeticPosition(49.0, 8.4, 115.0)
BOUNDS_M = (-150.0, -150.0, 150.0, 150.0)


def boxes():
    """(low, high, height, number) of houses over the whole area, none alike, none axis-equal."""
    rng = np.random.default_rng(11)
    made = []
    for number, (column, row) in enumerate(np.ndindex(6, 6)):
        low = np.array([-140.0 + 50.0 * column, -140.0 + 50.0 * row]) + rng.uniform(0.0, 9.0, 2)
        high = low + rng.uniform(9.0, 19.0, 2)
        made.append((tuple(low), tuple(high), float(rng.uniform(3.0, 28.0)), 100 + number))
    return made


@pytest.fixture(scope='module')
def scene():
    return Scene(on_ground(*(box_mesh(*box) for box in boxes())), aerial_day(1))


@pytest.fixture(scope='module', params=['', 'EPSG:3857'])
def photo(scene, request):
    settings = AerialSettings(
        gsd_m_per_px=0.25, crs=request.param, camera_height_m=1500.0, off_nadir_deg=8.0
    )
    return Orthophoto(scene, draw_aerial_model(DATUM, BOUNDS_M, settings, 21), settings, 21)


def roof_corners():
    return {
        number: np.array([[x, y, height] for x in (low[0], high[0]) for y in (low[1], high[1])])
        for low, high, height, number in boxes()
    }


def test_drawn_roofs_end_where_their_corners_project(photo):
    """Around each projected roof corner, a quarter of the pixels is roof: it is the corner."""
    reach = 8
    roofs = {
        int(photo.scene.surfaces.object_id[k]): k
        for k in np.flatnonzero(photo.scene.surfaces.object_id >= 0)
    }  # the last surface of a box is its roof
    worst = 0.0
    for number, corners in roof_corners().items():
        for (u, v), away in zip(
            photo.model.project(corners), ((1, -1), (1, 1), (-1, -1), (-1, 1)), strict=True
        ):
            window = Window(round(u) - reach, round(v) - reach, 2 * reach + 1, 2 * reach + 1)
            ground = photo.model.ground_of_window(window)
            roof = photo.scene.trace(photo._rays(ground)).surface == roofs[number]
            roof = roof.reshape(2 * reach + 1, 2 * reach + 1)
            # count along the rows and columns well inside the roof: its two edges there
            inside_u = reach + away[0] * (reach - 1)
            inside_v = reach + away[1] * (reach - 1)
            edge_v = np.count_nonzero(roof[:, inside_u]) - 0.5
            edge_u = np.count_nonzero(roof[inside_v]) - 0.5
            wanted_u = away[0] * (window.column + 2 * reach * (away[0] > 0) - u)
            wanted_v = away[1] * (window.row + 2 * reach * (away[1] > 0) - v)
            worst = max(worst, abs(edge_u - wanted_u), abs(edge_v - wanted_v))
    assert worst < 1.0


def test_what_the_street_camera_sees_is_found_in_the_aerial_image(photo):
    """Corner -> camera pixel -> its ray and depth -> aerial pixel -> back: within a pixel."""
    camera = PinholeCamera.with_field_of_view(320, 240, 90.0)
    rng = np.random.default_rng(5)
    compared, worst_aerial, worst_camera = 0, 0.0, 0.0
    for _ in range(35):
        column, row = rng.integers(0, 6, 2)
        x, y = -143.0 + 50.0 * column, -143.0 + 50.0 * row  # on the streets between the houses
        yaw = rng.uniform(-math.pi, math.pi)
        corners = np.concatenate(list(roof_corners().values()))
        pixels, depth = camera.project(corners, x, y, yaw)
        rays = camera.rays(x, y, yaw)
        distance = photo.scene.trace(rays).distance_m.reshape(240, 320)
        directions = rays.directions.reshape(240, 320, 3).astype(float)
        origins = rays.origins_m.reshape(240, 320, 3).astype(float)
        inside = (depth > 1.0) & np.all((pixels > 2) & (pixels < (317, 237)), axis=1)
        for corner, (u, v) in zip(corners[inside], pixels[inside], strict=True):
            near = slice(round(v) - 1, round(v) + 2), slice(round(u) - 1, round(u) + 2)
            wanted = np.linalg.norm(corner - origins[0, 0])
            if np.min(np.abs(distance[near] - wanted)) > 0.3 or wanted > 60.0:
                continue  # hidden by another house
            # the ray of the projected pixel, bilinear between its neighbours, at that range
            back = _ray(directions, u, v) * wanted + origins[0, 0]
            seen = photo.model.project(np.stack((corner, back)))
            worst_aerial = max(worst_aerial, math.dist(seen[0], seen[1]))
            returned = photo.model.unproject(seen[:1], corner[2])
            again, _ = camera.project(returned, x, y, yaw)
            worst_camera = max(worst_camera, math.dist(again[0], (u, v)))
            compared += 1
    assert compared > 60
    assert worst_aerial < 0.05
    assert worst_camera < 0.01


def _ray(directions, u, v):
    column, row = int(u), int(v)
    share_u, share_v = u - column, v - row
    mixed = (
        directions[row, column] * (1 - share_u) * (1 - share_v)
        + directions[row, column + 1] * share_u * (1 - share_v)
        + directions[row + 1, column] * (1 - share_u) * share_v
        + directions[row + 1, column + 1] * share_u * share_v
    )
    return mixed / np.linalg.norm(mixed)


def test_ids_of_camera_and_aerial_image_agree_through_depth(photo):
    """Each street pixel of a house, put into the aerial image by its depth, meets that house."""
    camera = PinholeCamera.with_field_of_view(160, 120, 90.0)
    ids = photo.object_ids(Window(0, 0, photo.grid.width, photo.grid.height))
    agree, total = 0, 0
    for x, y, yaw in ((-143.0, -60.0, 0.4), (7.0, -143.0, 2.0), (57.0, 57.0, -2.2)):
        rays = camera.rays(x, y, yaw)
        hits = photo.scene.trace(rays)
        numbers = np.where(hits.surface >= 0, photo.scene.surfaces.object_id[hits.surface], -1)
        points = rays.origins_m + rays.directions * hits.distance_m[:, None]
        chosen = numbers >= 100
        u, v = np.round(photo.model.project(points[chosen].astype(float))).astype(int).T
        inside = (u > 0) & (u < photo.grid.width - 1) & (v > 0) & (v < photo.grid.height - 1)
        own = numbers[chosen][inside]
        around = np.stack(
            [ids[v[inside] + i, u[inside] + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        )
        # a wall that leans away is hidden behind its own roof; none lands on another house
        agree += np.count_nonzero(np.any(around == own, axis=0))
        total += len(own)
    assert total > 5000
    assert agree / total > 0.995
