# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Walls and roofs of whole buildings: winding, facades, heights, and what they are drawn from."""

import dataclasses

import numpy as np
from painted_world import building, corners_of, normals_of, painted_world, rays_down
import pytest
import shapely
from shapely.geometry import box

from geoloc_sim.meshes import facades, roofs
from geoloc_sim.meshes.builder import MeshBuilder
from geoloc_sim.meshes.buildings import add_bare_buildings, add_buildings
from geoloc_sim.meshes.facades import FacadeStyle, GroundFloor, WallSide, draw_facade
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.meshes.roofs import draw_roof
from geoloc_sim.meshes.walls import building_walls
from geoloc_sim.randomness import stream
from geoloc_sim.world.records import KERB_HEIGHT_M, BuildingUse, RoofKind

ROOFS = (SurfaceKind.ROOF_TILES, SurfaceKind.ROOF_METAL, SurfaceKind.ROOF_FLAT)


@pytest.fixture(scope='module')
def world():
    return painted_world()


def mesh_of(world, add=add_buildings):
    builder = MeshBuilder()
    add(builder, world)
    return builder.build()


@pytest.fixture(scope='module')
def mesh(world):
    return mesh_of(world)


def faces_of(mesh, *kinds):
    return np.isin(mesh.surfaces.kind[mesh.face_surface], kinds)


def test_walls_face_away_from_their_building(world, mesh):
    chosen = faces_of(mesh, SurfaceKind.FACADE)
    corners = corners_of(mesh, chosen)
    ahead = normals_of(corners)
    ahead /= np.linalg.norm(ahead, axis=1)[:, None]
    assert np.abs(ahead[:, 2]).max() < 1e-9
    owner = mesh.surfaces.object_id[mesh.face_surface[chosen]]
    footprints = {one.number: one.footprint for one in world.layout.buildings}
    for centre, normal, number in zip(corners.mean(axis=1), ahead, owner, strict=True):
        inside, outside = centre - 0.02 * normal, centre + 0.02 * normal
        assert shapely.contains_xy(footprints[number], *inside[:2])
        assert not shapely.contains_xy(footprints[number], *outside[:2])


def test_roofs_face_up(mesh):
    assert (normals_of(corners_of(mesh, faces_of(mesh, *ROOFS)))[:, 2] > 0.0).all()


def test_facade_coordinates_run_over_the_wall(mesh):
    for face in np.flatnonzero(faces_of(mesh, SurfaceKind.FACADE)):
        row = mesh.face_surface[face]
        from_origin = mesh.vertices_m[mesh.faces[face]] - mesh.surfaces.origin_m[row]
        u = from_origin @ mesh.surfaces.u_axis[row].astype(float)
        v = from_origin @ mesh.surfaces.v_axis[row].astype(float)
        width = mesh.surfaces.parameters[row, 0]
        assert u.min() > -1e-4
        assert u.max() < width + 1e-4
        assert v.min() == pytest.approx(-KERB_HEIGHT_M, abs=1e-6) or v.min() > 0.0
        # u to the right and v up, seen from outside.
        ahead = np.cross(mesh.surfaces.u_axis[row], mesh.surfaces.v_axis[row])
        assert normals_of(corners_of(mesh, [face]))[0] @ ahead > 0.0


def test_bays_fill_the_wall_and_storeys_its_height(world, mesh):
    rows = np.flatnonzero(mesh.surfaces.kind == SurfaceKind.FACADE)
    width, height, storey, bay = mesh.surfaces.parameters[rows, :4].T
    np.testing.assert_allclose(width / bay, np.round(width / bay), atol=1e-4)
    by_number = {one.number: one for one in world.layout.buildings}
    for row, high, one_storey in zip(rows, height, storey, strict=True):
        one = by_number[int(mesh.surfaces.object_id[row])]
        assert high == pytest.approx(one.eaves_height_m - KERB_HEIGHT_M, abs=1e-5)
        assert one_storey * one.storeys == pytest.approx(high, abs=1e-4)


def test_party_walls_are_blank_and_shops_look_onto_the_street(world):
    one = dict(zip(['shops', 'flats'], (world.layout.buildings[k] for k in (2, 3)), strict=True))
    walls = building_walls(list(world.layout.buildings), world.layout.streets)
    sides = {wall.side for wall in walls[2]}
    assert sides == {WallSide.STREET, WallSide.BACK, WallSide.PARTY}
    party = [wall for wall in walls[2] if wall.side is WallSide.PARTY]
    assert [tuple(wall.start_m) for wall in party] == [(-30.0, 23.0)]
    facade = draw_facade(one['shops'], 1)
    parameters = facades.wall_parameters(facade, 11.0, 12.9, WallSide.PARTY)
    assert parameters[4:7] == (0.0, 0.0, float(GroundFloor.BLANK))
    parameters = facades.wall_parameters(facade, 18.0, 12.9, WallSide.STREET)
    assert parameters[6] == float(GroundFloor.SHOP)
    parameters = facades.wall_parameters(facade, 18.0, 12.9, WallSide.BACK)
    assert parameters[6] == float(GroundFloor.WINDOWS)


def test_heights_from_above_at_known_points(world):
    bare = mesh_of(world, add_bare_buildings)
    # Ridge of the gable, deck of the flat roof, court, ridge of the hip, both eaves of the shed.
    points = np.array(
        [
            (17.0, 17.001),
            (-20.0, 17.0),
            (-75.0, 14.0),
            (-39.0, 17.501),
            (25.0, -29.99),
            (25.0, -14.01),
        ]
    )
    heights, _ = rays_down(bare, points)
    np.testing.assert_allclose(heights, [11.0, 13.0, 12.0, 13.0, 6.0, 8.0], atol=3e-3)
    full = mesh_of(world)
    chosen = faces_of(full, SurfaceKind.ROOF_FLAT, SurfaceKind.ROOF_METAL)
    flat = world.layout.buildings[2]
    deck, face = rays_down(full, np.array([(-20.0, 17.0)]), chosen)
    parapet = draw_roof(flat, world.layout.seed).parapet_m
    assert deck[0] == pytest.approx(13.0 - parapet, abs=1e-3)
    assert full.surfaces.object_id[full.face_surface[face[0]]] == flat.number


def test_every_face_has_the_number_of_its_building(world, mesh):
    corners = corners_of(mesh)
    owner = mesh.surfaces.object_id[mesh.face_surface]
    assert set(owner.tolist()) == {one.number for one in world.layout.buildings}
    for one in world.layout.buildings:
        reach = one.footprint.buffer(2.5, join_style='mitre')
        assert shapely.contains_xy(
            reach, corners[owner == one.number][:, :, :2].reshape(-1, 2)
        ).all()


def other_streams(only):
    """A replacement for ``stream`` that gives other numbers."""
    return lambda name, *seeds: stream(name, *seeds, 99) if name in only else stream(name, *seeds)


def columns_of(mesh, kinds):
    rows = np.isin(mesh.surfaces.kind, kinds)
    return {
        field.name: getattr(mesh.surfaces, field.name)[rows]
        for field in dataclasses.fields(mesh.surfaces)
    }


def test_other_roofs_leave_the_facades_and_other_facades_the_roofs(world, mesh, monkeypatch):
    monkeypatch.setattr(roofs, 'stream', other_streams(('roof',)))
    changed = mesh_of(world)
    walls, roof = (SurfaceKind.FACADE,), ROOFS
    for name, column in columns_of(mesh, walls).items():
        assert np.array_equal(column, columns_of(changed, walls)[name]), name
    assert not np.array_equal(
        columns_of(mesh, roof)['colour'], columns_of(changed, roof)['colour']
    )
    monkeypatch.undo()
    monkeypatch.setattr(facades, 'stream', other_streams(('facade',)))
    changed = mesh_of(world)
    for name, column in columns_of(mesh, roof).items():
        assert np.array_equal(column, columns_of(changed, roof)[name]), name
    assert not np.array_equal(
        columns_of(mesh, walls)['colour'], columns_of(changed, walls)['colour']
    )


def test_facade_colours_tell_nothing_of_roof_colours():
    houses = [building(k, box(0, 0, 10, 8), RoofKind.GABLE) for k in range(3000)]
    wall = np.array([draw_facade(house, 4).colour for house in houses])
    roof = np.array([draw_roof(house, 4).colour for house in houses])
    together = np.corrcoef(np.hstack([wall, roof]).T)[:3, 3:]
    assert np.abs(together).max() < 4.0 / np.sqrt(len(houses))


def test_facades_vary_and_suit_their_use():
    shops = [
        building(k, box(0, 0, 18, 12), RoofKind.FLAT, 13, 13, BuildingUse.SHOPS, 4)
        for k in range(200)
    ]
    drawn = [draw_facade(shop, 2) for shop in shops]
    assert {facade.style for facade in drawn} >= {FacadeStyle.PLASTER, FacadeStyle.BRICK}
    assert len({facade.colour for facade in drawn}) == len(drawn)
    garage = draw_facade(
        building(1, box(0, 0, 3, 6), RoofKind.FLAT, 2.4, 2.4, BuildingUse.GARAGE, 1), 2
    )
    assert garage.window_width_share == 0.0
    assert garage.street_floor is GroundFloor.BLANK
