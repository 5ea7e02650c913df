# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""City models: coordinates against PROJ, volumes against closed forms, formats against another."""

import json
from pathlib import Path

import city_houses
import numpy as np
import osm_snippets
import pyproj
import pytest
import shapely
import trimesh

from geoloc_ros.errors import MapError
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.meshes.city_model_mesh import city_model_mesh, flat_face, newell_normal
from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.world.city_model import (
    CityFace,
    CityKind,
    SurfaceRole,
    epsg_of,
    read_city_model,
)
from geoloc_sim.world.city_model_layout import building_of, city_model_layout
from geoloc_sim.world.osm_layout import osm_layout
from geoloc_sim.world.osm_settings import OsmSettings
from geoloc_sim.world.records import AreaKind, BuildingUse, RoofKind

MODELS = Path(__file__).resolve().parents[4] / 'shared' / 'data' / 'city_models' / 'tests' / 'data'
DATUM = GeodeticPosition(48.99, 8.38, 100.0)


def house(tmp_path, document=None, datum=DATUM):
    path = city_houses.write_cityjson(tmp_path / 'house.json', document or city_houses.cityjson())
    return read_city_model(path, datum=datum)


def solid_of(mesh, number):
    """The triangles of one building with shared corners merged."""
    faces = mesh.faces[mesh.surfaces.object_id[mesh.face_surface] == number]
    return trimesh.Trimesh(np.round(mesh.vertices_m, 4), faces, process=True)


def test_coordinates_agree_with_proj_point_by_point(tmp_path):
    to_degrees = pyproj.Transformer.from_crs('EPSG:25832', 'EPSG:4326', always_xy=True)
    to_plane = pyproj.Transformer.from_pipeline(
        '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart '
        f'+step +proj=topocentric +lat_0={DATUM.lat_deg} +lon_0={DATUM.lon_deg} '
        f'+h_0={DATUM.alt_m}'
    )
    (thing,) = house(tmp_path).things
    for face, (_, ring) in zip(thing.faces, city_houses.FACES, strict=True):
        for place, corner in zip(face.rings_m[0], ring, strict=True):
            easting, northing, height = city_houses.CORNERS[corner]
            lon, lat = to_degrees.transform(easting, northing)
            east, north, _ = to_plane.transform(lon, lat, DATUM.alt_m)
            assert place == pytest.approx((east, north, height - DATUM.alt_m), abs=1e-5)


@pytest.mark.parametrize('version', ['1.0', '1.1', '2.0'])
def test_versions_of_cityjson_give_the_same_house(tmp_path, version):
    wanted = house(tmp_path).things[0]
    (thing,) = house(tmp_path, city_houses.cityjson(version)).things
    assert (thing.name, thing.kind) == ('house', CityKind.BUILDING)
    assert [face.role for face in thing.faces] == [face.role for face in wanted.faces]
    for face, other in zip(thing.faces, wanted.faces, strict=True):
        assert face.rings_m[0] == pytest.approx(other.rings_m[0], abs=1e-6)


@pytest.mark.parametrize('version', ['1.0', '2.0', '3.0'])
def test_citygml_gives_the_house_that_cityjson_gives(tmp_path, version):
    wanted = house(tmp_path).things[0]
    path = tmp_path / 'house.gml'
    path.write_text(city_houses.citygml(version))
    (thing,) = read_city_model(path, datum=DATUM).things
    assert (thing.name, thing.kind, thing.lod) == ('house', CityKind.BUILDING, 2.0)
    assert [face.role for face in thing.faces] == [face.role for face in wanted.faces]
    for face, other in zip(thing.faces, wanted.faces, strict=True):
        assert face.rings_m[0] == pytest.approx(other.rings_m[0], abs=1e-6)


def test_citygml_parts_holes_turned_faces_and_the_best_level_of_detail(tmp_path):
    def polygon(outer, inner=''):
        hole = f'<interior><LinearRing><coordinates>{inner}</coordinates></LinearRing></interior>'
        ring = f'<LinearRing><coordinates>{outer}</coordinates></LinearRing>'
        return f'<Polygon><exterior>{ring}</exterior>{hole if inner else ""}</Polygon>'

    # Latitude comes first.
    flat = '49,8,5 49,8.001,5 49.001,8.001,5 49.001,8,5 49,8,5'
    hole = '49.0002,8.0002,5 49.0005,8.0002,5 49.0005,8.0005,5 49.0002,8.0002,5'
    member = '<surfaceMember>{}</surfaceMember>'
    turned = f'<OrientableSurface orientation="-"><baseSurface>{polygon(flat)}</baseSurface>'
    text = (
        '<CityModel><cityObjectMember><Building>'
        f'<lod1MultiSurface>{member.format(polygon(flat))}</lod1MultiSurface>'
        '<consistsOfBuildingPart><BuildingPart><lod2MultiSurface>'
        f'{member.format(polygon(flat, hole))}{member.format(turned + "</OrientableSurface>")}'
        '</lod2MultiSurface></BuildingPart></consistsOfBuildingPart>'
        f'<interiorRoom><Room><lod4MultiSurface>{member.format(polygon(flat))}'
        '</lod4MultiSurface></Room></interiorRoom>'
        '</Building></cityObjectMember></CityModel>'
    )
    path = tmp_path / 'parts.gml'
    path.write_text(text)
    (thing,) = read_city_model(path, 'EPSG:4326', DATUM).things
    assert thing.lod == 2.0
    assert len(thing.faces) == 2
    assert [len(face.rings_m) for face in thing.faces] == [2, 1]
    up = [newell_normal(face.rings_m[0])[2] for face in thing.faces]
    assert up[0] == pytest.approx(-up[1])
    # A thousandth of a degree: 111.2 m along the meridian, 73.2 m along the parallel of 49 deg.
    assert up[0] == pytest.approx(111.2 * 73.2, rel=0.002)


@pytest.mark.parametrize(
    ('name', 'wanted'),
    [
        ('EPSG:25832', 'EPSG:25832'),
        ('urn:ogc:def:crs:EPSG::7415', 'EPSG:7415'),
        ('urn:ogc:def:crs:EPSG:6.12:31467', 'EPSG:31467'),
        ('urn:ogc:def:crs,crs:EPSG:6.12:25833,crs:EPSG:6.12:5783', 'EPSG:25833'),
        ('https://www.opengis.net/def/crs/EPSG/0/2056', 'EPSG:2056'),
        ('http://www.opengis.net/def/crs/EPSG/9.9.1/2056', 'EPSG:2056'),
        ('urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH', 'EPSG:25832'),
    ],
)
def test_names_of_reference_systems(name, wanted):
    assert epsg_of(name) == wanted


def test_parts_belong_to_their_building_and_shells_may_lack_semantics(tmp_path):
    document = city_houses.cityjson()
    whole = document['CityObjects']['house']['geometry'][0]
    low = {**whole, 'lod': '1', 'boundaries': [whole['boundaries'][0][:2]]}
    del low['semantics']
    solids = {
        'type': 'MultiSolid',
        'lod': '2.2',
        'boundaries': [whole['boundaries'], whole['boundaries']],
        'semantics': {**whole['semantics'], 'values': [whole['semantics']['values'], None]},
    }
    document['CityObjects'] = {
        'house': {'type': 'Building', 'children': ['part', 'dormer']},
        'part': {'type': 'BuildingPart', 'parents': ['house'], 'geometry': [low, whole]},
        'dormer': {'type': 'BuildingInstallation', 'parents': ['part'], 'geometry': [solids]},
        'tree': {'type': 'SolitaryVegetationObject', 'geometry': []},
    }
    (thing,) = house(tmp_path, document).things
    assert thing.name == 'house'
    assert len(thing.faces) == 21
    roles = [face.role for face in thing.faces]
    assert roles.count(SurfaceRole.UNKNOWN) == 7
    assert roles.count(SurfaceRole.ROOF) == 4


@pytest.mark.parametrize('semantics', [True, False])
def test_mesh_of_a_house_is_closed_and_has_its_volume(tmp_path, semantics):
    document = city_houses.cityjson(semantics=semantics)
    mesh = city_model_mesh(house(tmp_path, document), 3)
    solid = solid_of(mesh, 0)
    assert solid.is_watertight
    assert solid.is_winding_consistent
    # Metres of the grid are 0.9996 to 1.0004 metres of the ground.
    assert solid.volume == pytest.approx(city_houses.VOLUME_M3, rel=2e-3)
    kinds = mesh.surfaces.kind[mesh.face_surface]
    area = trimesh.triangles.area(mesh.vertices_m[mesh.faces])
    walls = area[kinds == SurfaceKind.FACADE].sum()
    assert walls == pytest.approx(2 * 50.0 + 2 * (40.0 + 12.0), rel=2e-3)
    cover = area[np.isin(kinds, (SurfaceKind.ROOF_TILES, SurfaceKind.ROOF_METAL))].sum()
    assert cover == pytest.approx(2 * 10.0 * 5.0, rel=2e-3)


def test_axes_of_walls_and_roofs(tmp_path):
    mesh = city_model_mesh(house(tmp_path), 3)
    surfaces = mesh.surfaces
    corners = mesh.vertices_m[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    across = np.cross(surfaces.u_axis, surfaces.v_axis)[mesh.face_surface]
    kinds = surfaces.kind[mesh.face_surface]
    seen = kinds != SurfaceKind.PLAIN
    assert across[seen] == pytest.approx(normals[seen], abs=1e-3)
    for surface in np.flatnonzero(surfaces.kind == SurfaceKind.FACADE):
        points = mesh.vertices_m[mesh.faces[mesh.face_surface == surface]].reshape(-1, 3)
        u = (points - surfaces.origin_m[surface]) @ surfaces.u_axis[surface]
        v = (points - surfaces.origin_m[surface]) @ surfaces.v_axis[surface]
        assert (u.min(), v.min()) == pytest.approx((0.0, 0.0), abs=1e-3)
        assert (u.max(), v.max()) == pytest.approx(surfaces.parameters[surface][:2], abs=1e-3)


def test_grounded_buildings_stand_on_zero(tmp_path):
    model = house(tmp_path)
    heights = city_model_mesh(model, 3).vertices_m[:, 2]
    assert (heights.min(), heights.max()) == pytest.approx((10.0, 18.0))
    lowered = city_model_mesh(model, 3, grounded=True).vertices_m[:, 2]
    assert (lowered.min(), lowered.max()) == pytest.approx((0.0, 8.0))


def test_faces_with_holes_keep_their_area_in_any_plane():
    rng = np.random.default_rng(8)
    outer = np.array([(0, 0, 0), (6, 0, 0), (6, 4, 0), (0, 4, 0)], dtype=float)
    inner = np.array([(1, 1, 0), (1, 3, 0), (3, 3, 0), (3, 1, 0)], dtype=float)
    for _ in range(20):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        face = flat_face(CityFace((outer @ turn, inner @ turn), SurfaceRole.UNKNOWN))
        vertices, triangles = face.solid
        assert trimesh.triangles.area(vertices[triangles]).sum() == pytest.approx(20.0)
        assert trimesh.triangles.normals(vertices[triangles])[0] == pytest.approx(
            np.broadcast_to(face.normal, (len(triangles), 3)), abs=1e-9
        )
        assert newell_normal(outer @ turn) == pytest.approx(24.0 * face.normal)
    assert flat_face(CityFace((outer[[0, 1, 1]],), SurfaceRole.WALL)) is None


@pytest.mark.parametrize('semantics', [True, False])
def test_layout_has_the_house_on_the_ground_with_its_gable(tmp_path, semantics):
    layout = city_model_layout(house(tmp_path, city_houses.cityjson(semantics=semantics)), 0)
    (building,) = layout.buildings
    assert building.roof is RoofKind.GABLE
    assert building.eaves_height_m == pytest.approx(5.0)
    assert building.ridge_height_m == pytest.approx(8.0)
    assert building.footprint.area == pytest.approx(80.0, rel=2e-3)
    assert building.use is BuildingUse.HOUSE
    assert building.footprint.exterior.is_ccw
    assert shapely.box(*layout.bounds_m).contains(building.footprint)
    assert layout.datum == DATUM


@pytest.mark.parametrize(
    ('tops', 'wanted'),
    [
        ((5.0, 5.0), RoofKind.FLAT),
        ((3.0, 6.0), RoofKind.SHED),
    ],
)
def test_roofs_of_one_plane(tmp_path, tops, wanted):
    document = city_houses.cityjson()
    height = [*(0,) * 4, tops[0], tops[0], tops[1], tops[1]]
    document['vertices'] = [[*c[:2], round(1000 * z)] for c, z in zip(
        document['vertices'], height, strict=False)]  # fmt: skip
    rings = [(0, 3, 2, 1), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7)]
    geometry = document['CityObjects']['house']['geometry'][0]
    geometry['boundaries'] = [[[list(ring)] for ring in rings]]
    del geometry['semantics']
    building = building_of(house(tmp_path, document).buildings[0], 0)
    assert building.roof is wanted
    assert building.ridge_height_m == pytest.approx(tops[1], abs=0.01)
    assert building.eaves_height_m == pytest.approx(tops[0], abs=0.01)


def test_streets_of_a_map_cut_the_model_and_share_its_datum(tmp_path):
    snippet = osm_snippets.Snippet()
    snippet.way([(-80.0, 0.0), (80.0, 0.0)], {'highway': 'residential', 'width': '6'})
    path = snippet.write(tmp_path / 'a.osm')
    settings = OsmSettings(bounds_m=osm_snippets.square(90.0), fill_plots=False)
    streets = osm_layout(path, settings, 0, osm_snippets.DATUM)
    lat, lon = osm_snippets.degrees_from_plane(0.0, 2.0)  # 1 m of the house on the roadway
    to_grid = pyproj.Transformer.from_crs('EPSG:4326', 'EPSG:25832', always_xy=True)
    document = city_houses.cityjson()
    document['transform']['translate'] = [*to_grid.transform(lon, lat), 110.0]
    model = house(tmp_path, document, osm_snippets.DATUM)
    layout = city_model_layout(model, 0, streets)
    assert layout.streets == streets.streets
    assert layout.bounds_m == streets.bounds_m
    (building,) = layout.buildings
    assert building.footprint.bounds[1] > 3.0
    with pytest.raises(MapError, match='datum'):
        city_model_layout(house(tmp_path), 0, streets)


@pytest.mark.parametrize(
    ('name', 'content', 'match'),
    [
        ('missing.json', None, 'missing.json'),
        ('other.json', '{"type": "FeatureCollection"}', 'CityJSON'),
        ('list.json', '[1, 2]', 'cannot be read'),
        ('empty.json', '{"type":"CityJSON","CityObjects":{},"vertices":[]}', 'no object'),
        ('other.gml', '<osm/>', 'CityModel'),
        ('cut.gml', '<CityModel><', 'cannot be read'),
    ],
)
def test_what_is_no_city_model_is_refused(tmp_path, name, content, match):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(MapError, match=match):
        read_city_model(path)


def test_faces_of_missing_vertices_and_unknown_systems_are_refused(tmp_path):
    document = city_houses.cityjson()
    document['CityObjects']['house']['geometry'][0]['boundaries'][0][0] = [[0, 1, 99]]
    with pytest.raises(MapError, match='vertex'):
        house(tmp_path, document)
    document = city_houses.cityjson()
    del document['metadata']
    with pytest.raises(MapError, match='reference system'):
        house(tmp_path, document)
    path = tmp_path / 'house.json'
    with pytest.raises(MapError, match='EPSG:99999'):
        read_city_model(path, 'EPSG:99999')
    assert len(read_city_model(path, 'EPSG:25832').things) == 1


@pytest.mark.shared_data
def test_heights_of_delft_are_those_that_its_surveyors_state():
    path = MODELS / 'delft.json'
    if not path.is_file():
        pytest.skip(f'no {path}: the city models are not on this machine')
    stated = json.loads(path.read_text())['CityObjects']
    delft = read_city_model(path)
    assert len(delft.buildings) == 160
    for number, thing in enumerate(delft.buildings):
        attributes = stated[thing.name]['attributes']
        wanted = attributes['measuredHeight'] - attributes['min-height-surface']
        assert building_of(thing, number).eaves_height_m == pytest.approx(wanted, abs=1e-6)
    layout = city_model_layout(delft, 0)
    assert {AreaKind.ROAD, AreaKind.WATER, AreaKind.GRASS} <= {a.kind for a in layout.areas}


@pytest.mark.shared_data
def test_closed_solids_of_zurich_have_the_volume_of_their_footprint_and_height():
    if not MODELS.is_dir():
        pytest.skip(f'no {MODELS}: the city models are not on this machine')
    zurich = read_city_model(MODELS / 'zurich' / 'zurich_subset_lod2.json')
    mesh = city_model_mesh(zurich, 0)
    assert len(zurich.buildings) == 49
    compared = 0
    for number, thing in enumerate(zurich.buildings):
        solid = solid_of(mesh, number)
        building = building_of(thing, number)
        if solid.is_watertight and building.roof is RoofKind.FLAT:
            compared += 1
            wanted = building.footprint.area * building.eaves_height_m
            assert solid.volume == pytest.approx(wanted, rel=0.01)
    assert compared >= 3
    with pytest.raises(MapError, match='reference system'):
        read_city_model(MODELS / 'rotterdam' / 'rotterdam_subset.json')
