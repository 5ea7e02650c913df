# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Reading OpenStreetMap XML: what is in the file, where it lies, and what is refused."""

import bz2
import gzip

import numpy as np
import osm_snippets
import pytest

from geoloc_ros.errors import MapError
from geoloc_sim.world.osm_reader import read_osm
from geoloc_sim.world.osm_rings import outlines, rings_of
from geoloc_sim.world.osm_tags import count, direction, is_area, is_building, metres

TEXT = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6"><bounds minlat="48.9" minlon="8.3" maxlat="49.1" maxlon="8.5"/>
<node id="1" lat="48.95" lon="8.35"/>
<node id="-2" lat="49.05" lon="8.45"><tag k="natural" v="tree"/></node>
<node id="3" lat="49.00" lon="8.40" action="delete"/>
<way id="7"><nd ref="1"/><nd ref="3"/><nd ref="-2"/><tag k="name" v="A &amp; B"/></way>
<relation id="9"><member type="way" ref="7" role="outer"/><tag k="type" v="route"/></relation>
</osm>"""


def test_contents_are_those_of_the_file_without_the_deleted(tmp_path):
    path = tmp_path / 'small.osm'
    path.write_text(TEXT)
    found = read_osm(path)
    assert set(found.nodes) == {1, -2}
    assert found.nodes[-2].tags == {'natural': 'tree'}
    assert found.ways[7].nodes == (1, -2)  # node 3 is deleted
    assert found.ways[7].tags == {'name': 'A & B'}
    assert found.relations[9].members[0].role == 'outer'
    assert found.bounds_deg == (48.9, 8.3, 49.1, 8.5)
    middle = found.middle()
    assert (middle.lat_deg, middle.lon_deg) == pytest.approx((49.0, 8.4))


@pytest.mark.parametrize(('suffix', 'pack'), [('.bz2', bz2.compress), ('.gz', gzip.compress)])
def test_compressed_files_read_like_plain_ones(tmp_path, suffix, pack):
    plain, packed = tmp_path / 'a.osm', tmp_path / f'a.osm{suffix}'
    plain.write_text(TEXT)
    packed.write_bytes(pack(TEXT.encode()))
    assert read_osm(packed) == read_osm(plain)


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('missing.osm', None),
        ('cut.osm', TEXT[:200].encode()),
        ('other.osm', b'<gpx></gpx>'),
        ('empty.osm', b'<osm version="0.6"></osm>'),
        ('plain.osm.bz2', TEXT.encode()),
        ('odd.osm', TEXT.replace('48.95', 'north').encode()),
    ],
)
def test_files_that_are_no_map_are_refused_by_name(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MapError, match=name):
        read_osm(path)


def test_places_agree_with_proj_point_by_point(tmp_path):
    rng = np.random.default_rng(3)
    degrees = rng.uniform((48.96, 8.36), (49.00, 8.42), (40, 2))
    nodes = ''.join(
        f'<node id="{k}" lat="{lat:.9f}" lon="{lon:.9f}"/>' for k, (lat, lon) in enumerate(degrees)
    )
    path = tmp_path / 'nodes.osm'
    path.write_text(f'<osm>{nodes}</osm>')
    places = read_osm(path).places_m(osm_snippets.DATUM)
    for number, (lat, lon) in enumerate(np.round(degrees, 9)):
        wanted = osm_snippets.plane_from_degrees(lat, lon, osm_snippets.DATUM.alt_m)
        assert places[number] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ('value', 'wanted'),
    [
        ('3.5', 3.5),
        ('3,5 m', 3.5),
        ('12 ft', 3.6576),
        ('11\'4"', 3.4544),
        ("7'", 2.1336),
        ('wide', None),
        ('3;4', None),
    ],
)
def test_lengths(value, wanted):
    found = metres({'width': value}, 'width')
    assert found is None if wanted is None else found == pytest.approx(wanted)


def test_numbers_and_directions():
    assert count({'lanes': '3'}, 'lanes') == 3.0
    assert count({'lanes': '2;3'}, 'lanes') is None
    assert count({}, 'lanes') is None
    assert direction({'highway': 'residential'}) == 0
    assert direction({'highway': 'residential', 'oneway': 'yes'}) == 1
    assert direction({'highway': 'residential', 'oneway': '-1'}) == -1
    assert direction({'highway': 'motorway'}) == 1
    assert direction({'highway': 'motorway', 'oneway': 'no'}) == 0
    assert direction({'highway': 'tertiary', 'junction': 'roundabout'}) == 1


def test_areas_and_buildings_by_their_tags():
    assert is_area({'landuse': 'grass'})
    assert is_area({'highway': 'pedestrian', 'area': 'yes'})
    assert not is_area({'highway': 'pedestrian'})
    assert not is_area({'leisure': 'track', 'area': 'no'})
    assert is_building({'building': 'yes'})
    assert not is_building({'building': 'no'})
    assert not is_building({'building': 'roof'})
    assert not is_building({'building': 'yes', 'building:min_level': '2'})


def test_rings_are_put_together_of_open_lines():
    rings = rings_of([(1, 2, 3), (5, 4, 3), (5, 1), (8, 9), (20, 21, 22, 20)])
    assert sorted(sorted(set(ring)) for ring in rings) == [[1, 2, 3, 4, 5], [20, 21, 22]]
    assert all(ring[0] == ring[-1] for ring in rings)


def test_multipolygon_of_two_half_outlines_with_a_courtyard(tmp_path):
    snippet = osm_snippets.Snippet()
    first = snippet.way([(0.0, 0.0), (30.0, 0.0), (30.0, 20.0)], {})
    second = snippet.way([(0.0, 0.0), (0.0, 20.0), (30.0, 20.0)], {})
    court = snippet.box(10.0, 5.0, 20.0, 15.0)
    members = [(first, 'outer'), (second, 'outer'), (court, 'inner')]
    snippet.multipolygon(members, {'building': 'yes'})
    snippet.box(50.0, 0.0, 60.0, 10.0, building='yes')
    found = read_osm(snippet.write(tmp_path / 'court.osm'))
    shapes = [o.shape for o in outlines(found, found.places_m(osm_snippets.DATUM), is_building)]
    assert [shape.area for shape in shapes] == pytest.approx([500.0, 100.0], rel=1e-5)
    assert len(shapes[0].interiors) == 1


def test_old_multipolygon_with_the_tags_on_its_outer_way_is_given_once(tmp_path):
    snippet = osm_snippets.Snippet()
    outer = snippet.box(0.0, 0.0, 20.0, 20.0, building='yes')
    inner = snippet.box(5.0, 5.0, 15.0, 15.0)
    snippet.multipolygon([(outer, 'outer'), (inner, 'inner')], {})
    found = read_osm(snippet.write(tmp_path / 'old.osm'))
    shapes = [o.shape for o in outlines(found, found.places_m(osm_snippets.DATUM), is_building)]
    assert [shape.area for shape in shapes] == pytest.approx([300.0], rel=1e-5)
