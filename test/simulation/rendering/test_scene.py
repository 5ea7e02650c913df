# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Hits, shadows and moving meshes against formulas and brute force."""

from lit_rectangles import box, grid, level, mesh_of, plain_day, rays_down
import numpy as np
import pytest

from geoloc_ros.errors import ShapeError
from geoloc_sim.randomness import stream
from geoloc_sim.rendering.records import Rays
from geoloc_sim.rendering.scene import Scene

GROUND = level((-60.0, -60.0), (60.0, 60.0))
LOW, HIGH = np.array((-4.0, -6.0, 0.0)), np.array((5.0, 3.0, 10.0))


def random_rays(count, seed=1):
    generator = stream('rays', seed)
    origins = generator.uniform((-30.0, -30.0, 0.5), (30.0, 30.0, 20.0), (count, 3))
    directions = generator.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    inside = np.all((origins > LOW) & (origins < HIGH), axis=1)
    chosen = ~inside
    return Rays(origins[chosen].astype(np.float32), directions[chosen].astype(np.float32), 1e-3)


def met_by_formula(rays):
    """Distance to the box by slabs or to the ground, whichever is nearer."""
    origin, way = rays.origins_m.astype(float), rays.directions.astype(float)
    first, second = (LOW - origin) / way, (HIGH - origin) / way
    near = np.minimum(first, second).max(axis=1)
    far = np.maximum(first, second).min(axis=1)
    to_box = np.where((near <= far) & (near > 0.0), near, np.inf)
    to_ground = np.where(way[:, 2] < 0.0, -origin[:, 2] / way[:, 2], np.inf)
    to_ground[np.isinf(to_ground)] = 1e9
    at = origin + to_ground[:, None] * way
    to_ground[np.abs(at[:, :2]).max(axis=1) > 60.0] = np.inf
    return np.minimum(to_box, to_ground)


def test_distances_agree_with_plane_and_slabs():
    scene = Scene(mesh_of(GROUND, *box(LOW, HIGH)), plain_day())
    rays = random_rays(20_000)
    hits, expected = scene.trace(rays), met_by_formula(rays)
    same = np.isfinite(hits.distance_m) == np.isfinite(expected)
    assert same.mean() > 0.9995
    finite = same & np.isfinite(expected)
    np.testing.assert_allclose(hits.distance_m[finite], expected[finite], rtol=1e-4, atol=1e-4)
    assert np.all(hits.surface[np.isinf(hits.distance_m)] == -1)
    assert np.all(hits.normal[hits.surface == -1] == 0.0)
    facing = np.einsum('ij,ij->i', hits.normal, rays.directions)
    assert np.all(facing[finite] <= 0.0)
    np.testing.assert_allclose(np.linalg.norm(hits.normal[finite], axis=1), 1.0, rtol=1e-5)


def test_occlusion_ends_at_the_far_limit():
    scene = Scene(mesh_of(GROUND, *box(LOW, HIGH)), plain_day())
    rays = random_rays(5000, seed=2)
    expected = met_by_formula(rays)
    for far in (5.0, 20.0, np.inf):
        hidden = scene.occluded(rays.origins_m, rays.directions, far)
        clear_cut = np.abs(expected - far) > 1e-3 if np.isfinite(far) else np.isfinite(expected)
        np.testing.assert_array_equal(hidden[clear_cut], (expected <= far)[clear_cut])


def test_moving_mesh_gives_the_nearest_of_both():
    still, moving = mesh_of(GROUND, *box(LOW, HIGH)), mesh_of(*box((-9, -9, 1), (-5, 9, 4)))
    scene = Scene(still, plain_day())
    both = scene.with_moving(moving)
    alone = Scene(moving, plain_day())
    rays = random_rays(5000, seed=3)
    first, second, found = scene.trace(rays), alone.trace(rays), both.trace(rays)
    np.testing.assert_array_equal(
        found.distance_m, np.minimum(first.distance_m, second.distance_m)
    )
    nearer = second.distance_m < first.distance_m
    expected = np.where(nearer, second.surface + len(still.surfaces), first.surface)
    np.testing.assert_array_equal(found.surface, expected)
    np.testing.assert_array_equal(
        both.occluded(rays.origins_m, rays.directions),
        scene.occluded(rays.origins_m, rays.directions)
        | alone.occluded(rays.origins_m, rays.directions),
    )
    assert len(both.surfaces) == len(both.packed.kind) == len(still.surfaces) + 5
    assert scene.moving is None
    replaced = both.with_moving(mesh_of(GROUND))
    assert len(replaced.surfaces) == len(still.surfaces) + 1


def test_an_empty_moving_mesh_changes_nothing():
    still = mesh_of(GROUND, *box(LOW, HIGH))
    scene = Scene(still, plain_day())
    nothing = mesh_of(GROUND)
    empty = type(nothing)(
        np.zeros((0, 3)), np.zeros((0, 3), np.int32), np.zeros(0, np.int32), nothing.surfaces
    )
    rays = random_rays(500, seed=4)
    found = scene.with_moving(empty).trace(rays)
    np.testing.assert_array_equal(found.distance_m, scene.trace(rays).distance_m)


def test_sky_is_open_on_a_field_and_narrow_in_a_street():
    walls = (*box((-60, 4, 0), (60, 14, 15)), *box((-60, -14, 0), (60, -4, 15)))
    street = Scene(mesh_of(GROUND, *walls), plain_day()).openness
    values = street.values[:, :, 0]
    row = round((0.0 - street.south_m) / street.cell_m)
    middle = values[row, 40:80].mean()
    # Walls 15 m high 4 m away on both sides, seen in eight directions: two along the street, two
    # across, four at 45 degrees; each lets through cos^2 of the elevation of its horizon.
    across, slanting = (np.cos(np.arctan(15.0 / way)) ** 2 for way in (4.0, 4.0 * np.sqrt(2.0)))
    assert middle == pytest.approx((2.0 + 2.0 * across + 4.0 * slanting) / 8.0, abs=0.06)
    field = Scene(mesh_of(GROUND), plain_day()).openness
    np.testing.assert_array_equal(field.values[:, :, 0], 1.0)


def test_wrong_rays_are_refused():
    scene = Scene(mesh_of(GROUND), plain_day())
    with pytest.raises(ShapeError, match=r'expected \(n, 3\) for both'):
        scene.occluded(np.zeros((4, 3), np.float32), np.zeros((5, 3), np.float32))


def test_rays_down_hit_the_lattice():
    hits = Scene(mesh_of(GROUND), plain_day()).trace(rays_down(grid((-5, -5), (5, 5), 1.0)))
    np.testing.assert_allclose(hits.distance_m, 100.0, rtol=1e-6)
