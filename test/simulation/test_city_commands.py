# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The commands of ``geoloc-sim`` that make a city, on a small town."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pyproj
import pytest
import rasterio
from scipy.spatial.transform import Rotation

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.errors import SettingError
from geoloc_sim import cli
from geoloc_sim.aerial.model import read_model
from geoloc_sim.city import City, model_city, procedural_city
from geoloc_sim.commands.progress import settings_of
from geoloc_sim.rendering.days import aerial_day, draw_day
from geoloc_sim.rendering.lean_data_set import read_shard
from geoloc_sim.rendering.records import Rays
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_sim.world.street_poses import street_poses

TOWN = ['--world', '3', '--side-m', '300']


@pytest.fixture(scope='module')
def town() -> City:
    return procedural_city(3, ProceduralSettings(side_m=300.0))


@pytest.fixture
def built(monkeypatch, town):
    """Commands find the town that their options name built already."""

    def city(options):
        assert [options.world, options.side_m, options.world_set] == [3, 300.0, []]
        return town

    for name in ('worlds', 'pictures', 'drives'):
        monkeypatch.setattr(f'geoloc_sim.commands.{name}.city_of', city)


def test_world_writes_what_stands_there(tmp_path, capsys, town):
    assert cli.main(['world', *TOWN, '--out', str(tmp_path / 'w')]) == 0
    assert f'{len(town.world.layout.buildings)} buildings' in capsys.readouterr().out
    summary = json.loads((tmp_path / 'w/world.json').read_text())
    assert summary['seed'] == 3
    assert summary['counts']['triangles'] == len(town.mesh.faces)
    document = json.loads((tmp_path / 'w/world.geojson').read_text())
    first = document['features'][0]
    ring = np.array(first['geometry']['coordinates'][0])
    datum = town.world.layout.datum
    # An independent way to metres around the datum: an azimuthal map projection.
    plane = pyproj.Proj(proj='aeqd', lat_0=datum.lat_deg, lon_0=datum.lon_deg, ellps='WGS84')
    metres = np.column_stack(plane(ring[:, 0], ring[:, 1]))
    building = town.world.layout.buildings[0]
    assert first['properties']['number'] == building.number
    np.testing.assert_allclose(metres, building.footprint.exterior.coords, atol=0.01)
    picture = cv2.imread(str(tmp_path / 'w/plan.png'))
    assert picture.shape[1] == 1600
    assert picture.std() > 20.0


@pytest.mark.usefixtures('built')
def test_the_mesh_file_holds_every_triangle(tmp_path, town):
    assert cli.main(['world', *TOWN, '--out', str(tmp_path / 'w')]) == 0
    header, body = (tmp_path / 'w/world.ply').read_bytes().split(b'end_header\n', 1)
    assert f'element face {len(town.mesh.faces)}\n' in header.decode()
    vertices = np.frombuffer(body, '<f4', 3 * len(town.mesh.vertices_m)).reshape(-1, 3)
    np.testing.assert_allclose(vertices, town.mesh.vertices_m, atol=1e-3)
    assert len(body) == vertices.nbytes + 16 * len(town.mesh.faces)


def test_a_folder_that_exists_is_kept(tmp_path, capsys):
    (tmp_path / 'mine.txt').write_text('mine')
    assert cli.main(['world', *TOWN, '--out', str(tmp_path)]) == 1
    assert 'exists already' in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['mine.txt']


@pytest.mark.usefixtures('built')
def test_aerial_image_opens_elsewhere(tmp_path, town):
    out = tmp_path / 'a.tif'
    assert cli.main(['aerial', *TOWN, '--gsd', '1', '--out', str(out)]) == 0
    with rasterio.open(out) as image:
        assert image.crs.to_epsg() == 32632
        assert image.res == (1.0, 1.0)
        assert image.read().std() > 20.0
    model = read_model(tmp_path / 'a.tif.truth.json')
    assert 0.0 < np.hypot(*model.offset_m) <= 1.0


@pytest.mark.usefixtures('built')
@pytest.mark.parametrize(('kind', 'name'), [('mbtiles', 'a.mbtiles'), ('xyz', 'tiles')])
def test_aerial_tiles(tmp_path, kind, name):
    words = ['aerial', *TOWN, '--gsd', '2', '--format', kind, '--out', str(tmp_path / name)]
    assert cli.main(words) == 0
    assert (tmp_path / name).exists()


@pytest.mark.usefixtures('built')
def test_drive_holds_pictures_and_their_camera(tmp_path, capsys):
    words = ['drive', *TOWN, '--distance-m', '50', '--rate-hz', '2', '--size', '64', '48']
    assert cli.main([*words, '--day', '5', '--out', str(tmp_path / 'b')]) == 0
    assert '/camera/image/compressed' in capsys.readouterr().out
    with BagReader(tmp_path / 'b') as bag:
        counts = {topic.name: topic.count for topic in bag.topics}
        assert counts['/camera/image/compressed'] == counts['/camera/camera_info']
        picture = next(iter(bag.messages(['/camera/image/compressed']))).message
        shown = cv2.imdecode(np.asarray(picture.data), cv2.IMREAD_COLOR)
        assert shown.shape == (48, 64, 3)
        assert shown.std() > 10.0


@pytest.mark.usefixtures('built')
def test_the_camera_of_a_drive_is_the_one_asked_for(tmp_path):
    words = ['drive', *TOWN, '--distance-m', '50', '--rate-hz', '0.2', '--size', '64', '48']
    words += ['--raw', '--workers', '1', '--mount-m', '0.5', '0.2', '2', '--look-deg', '90', '10']
    words += ['--distortion', '-0.1', '0.01', '0.001', '0', '0']
    still = ['--set', 'film.effects.exposure_s=0', 'film.effects.shot_noise=0']
    still += ['film.effects.read_noise=0', 'motion.stop_share=0']
    out = tmp_path / 'b'
    assert cli.main([*words, *still, '--out', str(out)]) == 0
    noise = ['--set', 'film.effects.shot_noise=0.01', 'motion.stop_share=0']
    assert cli.main([*words, *noise, '--out', str(tmp_path / 'n')]) == 0
    with BagReader(out) as bag:
        picture = next(iter(bag.messages(['/camera/image']))).message
        info = next(iter(bag.messages(['/camera/camera_info']))).message
        static = next(iter(bag.messages(['/tf_static']))).message
    assert (picture.encoding, picture.step, picture.height) == ('rgb8', 64 * 3, 48)
    assert list(info.d) == [-0.1, 0.01, 0.001, 0.0, 0.0]
    mount = next(t for t in static.transforms if t.child_frame_id == info.header.frame_id)
    place, turn = mount.transform.translation, mount.transform.rotation
    assert (place.x, place.y, place.z) == (0.5, 0.2, 2.0)
    axis = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).apply((0.0, 0.0, 1.0))
    up = np.radians(10.0)
    np.testing.assert_allclose(axis, (0.0, np.cos(up), np.sin(up)), atol=1e-9)
    with BagReader(tmp_path / 'n') as bag:
        noisy = next(iter(bag.messages(['/camera/image']))).message

    def grain(message):
        rgb = np.asarray(message.data, dtype=np.float64).reshape(48, 64, 3)
        return np.median(np.abs(rgb[:, :, 0] - rgb[:, :, 1]))

    assert not np.array_equal(picture.data, noisy.data)
    assert grain(noisy) > grain(picture) + 2.0  # noise of the channels is independent


@pytest.mark.usefixtures('built')
def test_drive_without_pictures(tmp_path):
    words = ['drive', *TOWN, '--distance-m', '50', '--no-pictures', '--set']
    assert cli.main([*words, 'odometry_source=stereo', '--out', str(tmp_path / 'b')]) == 0
    with BagReader(tmp_path / 'b') as bag:
        names = {topic.name for topic in bag.topics}
    assert '/odom' in names
    assert not any(name.startswith('/camera') for name in names)


@pytest.mark.usefixtures('built')
def test_panoramas_come_with_poses(tmp_path):
    words = ['panoramas', *TOWN, '--spacing-m', '120', '--set', 'width=64', 'height=32']
    assert cli.main([*words, '--out', str(tmp_path / 'p')]) == 0
    with (tmp_path / 'p/poses.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 3
    assert len(list((tmp_path / 'p').glob('*.jpg'))) == len(rows)


@pytest.mark.usefixtures('built')
def test_lean_grid_counts_what_it_leaves_out(tmp_path, capsys):
    words = ['lean-grid', *TOWN, '--area-m', '-60', '-60', '60', '60', '--step-m', '20', '--set']
    words += ['yaw_step_deg=90', 'elevation_max_deg=3', '--out', str(tmp_path / 'g')]
    assert cli.main(words) == 0
    text = capsys.readouterr().out
    shards = [read_shard(path) for path in sorted((tmp_path / 'g').glob('*.npz'))]
    valid = sum(len(shard.poses) for shard in shards)
    assert f'{valid} valid images of {7 * 7 * 4 * 2} poses' in text


@pytest.mark.usefixtures('built')
def test_preview_is_a_picture(tmp_path):
    words = ['preview', *TOWN, '--places', '1', '--days', '4', '5', '--out']
    assert cli.main([*words, str(tmp_path / 'sheet.png')]) == 0
    sheet = cv2.imread(str(tmp_path / 'sheet.png'))
    assert sheet.shape[1] > 5 * sheet.shape[0]
    assert sheet.std() > 20.0


def test_days_above_and_below_share_nothing():
    for number in range(20):
        assert aerial_day(number).seed != draw_day(number).seed


def test_street_poses_lie_on_driven_lanes(town):
    poses = street_poses(town.world.layout, 200, 'test poses', 1)
    again = street_poses(town.world.layout, 200, 'test poses', 1)
    assert poses == again
    below = Scene(town.mesh, draw_day(1)).trace(_down(poses))
    assert np.all(np.abs(below.distance_m - 6.0) < 0.05)  # the road, no kerb, no building


def _down(poses):
    origins = np.array([(pose.x_m, pose.y_m, 6.0) for pose in poses], dtype=np.float32)
    directions = np.tile(np.float32((0.0, 0.0, -1.0)), (len(poses), 1))
    return Rays(origins, directions, 0.0, 0.1)


def test_options_that_contradict_each_other(tmp_path, capsys):
    words = ['world', '--trajectory', 'track.txt', '--out', str(tmp_path / 'w')]
    assert cli.main(words) == 1
    assert 'without --osm' in capsys.readouterr().err


def test_a_folder_that_exists_is_refused_before_the_world_is_built(tmp_path, monkeypatch, capsys):
    def build(_options):
        raise AssertionError('built a world first')

    for name in ('worlds', 'pictures', 'drives'):
        monkeypatch.setattr(f'geoloc_sim.commands.{name}.city_of', build)
    for command in ('world', 'drive', 'panoramas', 'lean-grid'):
        assert cli.main([command, '--out', str(tmp_path)]) == 1
        assert 'exists already' in capsys.readouterr().err


@pytest.mark.usefixtures('built')
def test_what_cannot_be_written_is_said(tmp_path, capsys):
    (tmp_path / 'file').write_text('mine')
    folder, inside = str(tmp_path), str(tmp_path / 'file/x')
    for words in (
        ['world', '--out', inside],
        ['aerial', '--gsd', '5', '--out', inside],
        ['aerial', '--gsd', '5', '--out', folder],
        ['aerial', '--gsd', '5', '--format', 'mbtiles', '--out', folder],
        ['aerial', '--gsd', '5', '--format', 'xyz', '--out', inside],
        ['preview', '--places', '1', '--days', '1', '--out', f'{folder}/sheet.xyz'],
    ):
        assert cli.main([words[0], *TOWN, *words[1:]]) == 1, words
        text = capsys.readouterr().err
        assert 'cannot be written' in text or 'is a folder' in text or 'has the ending' in text
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_words_of_set():
    values = settings_of(['a.b=2', 'source=stereo', 'raw=true'])
    assert values == {'a.b': 2.0, 'source': 'stereo', 'raw': True}
    for wrong in ('a', 'a=', '=2'):
        with pytest.raises(SettingError, match='expected NAME=VALUE'):
            settings_of([wrong])


@pytest.mark.shared_data
def test_a_real_city_model_becomes_a_world(tmp_path, monkeypatch, capsys):
    model = Path(__file__).parents[3] / 'shared/data/city_models/tests/data/delft.json'
    if not model.exists():
        pytest.skip('no ../shared/data/city_models beside the project')
    words = ['--city-model', str(model), '--out']
    assert cli.main(['world', *words, str(tmp_path / 'w')]) == 0
    city = model_city(model)
    raw = json.loads(model.read_text())
    buildings = [thing for thing in raw['CityObjects'].values() if thing['type'] == 'Building']
    numbers = set(city.mesh.surfaces.object_id[city.mesh.surfaces.object_id >= 0].tolist())
    assert len({number for number in numbers if number < 1_000_000}) <= len(buildings)
    assert f'{len(city.world.layout.buildings)} buildings' in capsys.readouterr().out
    # Nothing to drive on: said so, not a crash.
    monkeypatch.setattr('geoloc_sim.commands.pictures.city_of', lambda _options: city)
    assert cli.main(['preview', *words, str(tmp_path / 'sheet.png')]) == 1
    assert 'no open street' in capsys.readouterr().err
