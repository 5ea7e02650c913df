# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc map`` from imagery to picture, with a torch network of random weights."""

import dataclasses
import math
from pathlib import Path

from colour_network import ColourNetwork
import cv2
import numpy as np
import pytest
from wavy_imagery import BOUNDS_M, DATUM, Waves

from geoloc_ros.cli.main import main
from geoloc_ros.cli.map import info_text
from geoloc_ros.cli.map_network import MapNetwork
from geoloc_ros.cli.map_preview import grid_picture, write_preview
from geoloc_ros.map_store.build import build_map
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.records import PatchRequest
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.observations.calibration import (
    CALIBRATION_FILE,
    Calibration,
    write_calibration,
)
from geoloc_ros.types import GeodeticPosition
from geoloc_sim.aerial.geotiff import write_geotiff
from geoloc_sim.aerial.grids import grid_over as raster_over

REAL = Path(__file__).resolve().parents[3] / 'shared' / 'data' / 'imagery'


@pytest.fixture(scope='module')
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp('imagery') / 'waves.tif'
    write_geotiff(path, Waves(raster_over(DATUM, '', BOUNDS_M, 0.5), east_m=45.0))
    return path


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    torch = pytest.importorskip('torch', reason='needs torch')
    from geoloc_ros.networks.architectures import build
    from geoloc_ros.networks.torch_backend import save_weights

    torch.manual_seed(1)
    path = tmp_path_factory.mktemp('weights') / 'random.pt'
    save_weights(path, 'azimuth', build('azimuth'), 'none')
    return path


@pytest.fixture(scope='module')
def built(image, tmp_path_factory):
    """A map by colours, without torch."""
    source = open_imagery(image, ImageryOptions(licence='CC0-1.0'))
    grid = grid_over(source.bounds, 5.0)
    path = tmp_path_factory.mktemp('maps') / 'waves'
    return build_map(source, grid, ColourNetwork(patch_size_m=24.0), path)


def test_build_info_preview(image, weights, tmp_path, capsys):
    """One command each; the second build has nothing left to do."""
    command = ['map', 'build', str(image), str(tmp_path / 'map'), '--network', str(weights)]
    where = ['--around', str(DATUM.lat_deg), str(DATUM.lon_deg), '12', '--spacing', '8']
    how = ['--datum', '49.2', '11.4', '310', '--min-coverage', '0.9', '--quiet']
    assert main([*command, *where, *how]) == 0
    said = capsys.readouterr()
    assert 'data         9 of 9 cells' in said.out
    assert 'azimuth, sha256' in said.out
    assert 'Simulated by geoloc_sim' in said.out
    assert 'names no licence' in said.err
    store = DescriptorStore.open(tmp_path / 'map')
    assert store.complete
    assert store.record.datum == DATUM
    lengths = np.linalg.norm(store.read_window(0, 0, 1, 1).descriptors)
    assert lengths > 0.0
    before = (tmp_path / 'map' / 'descriptors' / '0.0.0.0').stat().st_mtime_ns
    assert main([*command, *where, *how]) == 0
    assert (tmp_path / 'map' / 'descriptors' / '0.0.0.0').stat().st_mtime_ns == before
    assert main([*command, *where[:-1], '6', *how]) == 1
    assert 'holds another map' in capsys.readouterr().err
    assert main([*command, *where[:-1], '6', *how, '--overwrite']) == 0
    assert main(['map', 'info', str(tmp_path / 'map')]) == 0
    assert '6 m apart' in capsys.readouterr().out
    picture = tmp_path / 'out' / 'map.png'
    assert (
        main(['map', 'preview', str(tmp_path / 'map'), str(picture), '--imagery', str(image)]) == 0
    )
    assert cv2.imread(str(picture)).shape[1] > 2000


def test_aligned_networks_get_turned_patches(weights):
    torch = pytest.importorskip('torch', reason='needs torch')
    from geoloc_ros.networks.architectures import build
    from geoloc_ros.networks.torch_backend import save_weights
    from geoloc_ros.networks.weights import load_network

    torch.manual_seed(1)
    path = weights.with_name('aligned.pt')
    save_weights(path, 'compact_aligned', build('compact_aligned'), 'none')
    aligned, free = MapNetwork(load_network(path)), MapNetwork(load_network(weights))
    yaws = aligned.reference_yaws_rad(8)
    assert np.allclose(np.diff(yaws), math.pi / 4)
    assert yaws[-1] == pytest.approx(math.pi)
    assert free.reference_yaws_rad(8) == (0.5 * math.pi,)
    assert free.descriptor_shape == (32, 24)


def test_info_says_everything(built):
    text = info_text(built)
    for word in (built.record.network_sha256, 'EPSG:32632', 'CC0-1.0', 'waves.tif', '5 m apart'):
        assert word in text
    assert 'UNFINISHED' not in text
    assert f'{np.count_nonzero(built.has_data)} of {built.grid.cell_count} cells' in text


def test_info_says_whether_the_map_is_calibrated(built):
    assert 'calibrated   no; run' in info_text(built)
    good = Calibration(built.record.network_sha256, 'real', 'monday', 80, 0.031, 0.5, 0.9, 2.0)
    others = dataclasses.replace(good, network_sha256='other')
    bad = dataclasses.replace(good, coverage_90=0.1)
    try:
        for calibration, words in (
            (good, 'yes, on 80 pictures of monday (real): temperature 0.031'),
            (bad, 'not well, on 80 pictures'),
            (others, 'no: what is stored is for other weights'),
        ):
            write_calibration(built.path, calibration)
            assert f'calibrated   {words}' in info_text(built)
    finally:
        (built.path / CALIBRATION_FILE).unlink(missing_ok=True)


def test_unfinished_maps_say_so(built, tmp_path):
    DescriptorStore.create(tmp_path / 'map', built.record)
    text = info_text(DescriptorStore.open(tmp_path / 'map'))
    blocks = built.built_blocks.size
    assert f'UNFINISHED   {blocks} of {blocks} blocks are missing' in text
    assert 'again (without --overwrite) to go on' in text
    write_preview(tmp_path / 'p.png', DescriptorStore.open(tmp_path / 'map'), None)
    assert (tmp_path / 'p.png').stat().st_size > 10_000


def test_nothing_is_cut_off_a_picture(built, image, tmp_path):
    """Its outermost rows and columns are white."""
    write_preview(tmp_path / 'p.png', built, open_imagery(image))
    picture = cv2.imread(str(tmp_path / 'p.png'))
    for edge in (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]):
        assert edge.min() == 255


def test_pictures_that_cannot_be_written_are_said(built, tmp_path, capsys):
    assert main(['map', 'preview', str(built.path), str(tmp_path / 'city.xyz')]) == 1
    assert "has the ending '.xyz'; expected one of" in capsys.readouterr().err
    (tmp_path / 'file').write_text('')
    assert main(['map', 'preview', str(built.path), str(tmp_path / 'file' / 'city.png')]) == 1
    assert 'cannot be written' in capsys.readouterr().err


def test_picture_lies_along_the_grid(built, image):
    """The cell of a place, looked up in the picture, has the colour of that place."""
    source = open_imagery(image)
    picture, side = grid_picture(built, source)
    grid = built.grid
    lat, lon = grid.lat_lon(np.array([6.0]), np.array([15.0]))
    there = source.patch(PatchRequest(GeodeticPosition(lat[0], lon[0]), 0.5, 1)).rgb[0, 0]
    per_cell = len(picture) / side
    column = 0.5 * len(picture) + (6.0 - 0.5 * (grid.nx - 1)) * per_cell - 0.5
    row = 0.5 * len(picture) - (15.0 - 0.5 * (grid.ny - 1)) * per_cell - 0.5
    found = picture[round(row), round(column)]
    np.testing.assert_allclose(found.astype(float), there, atol=12.0)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--bounds', '11.5', '49', '11.4', '50'], 'expected WEST < EAST'),
        (['--headings', '0'], '--headings is 0; expected at least 1'),
        (['--batch', '0'], '--batch is 0; expected at least 1'),
        (['--min-coverage', '7'], '--min-coverage is 7; expected a share'),
        (['--datum', '490', '8.4', '20'], '--datum names latitude 490'),
        (['--datum', '49', '8.4', 'nan'], 'and ALT in metres'),
        (['--around', '490', '8.4', '20'], '--around names latitude 490'),
        (['--around', '49.2', '11.4', '-10'], '--around has a radius of -10 m'),
        (['--around', '48', '8.4', '100'], 'longitude 11.39'),
        (['--around', '11.4', '49.2', '100'], 'is it --around LAT LON M?'),
        (['--bounds', '49', '11', '49.5', '11.8'], 'is it --bounds WEST SOUTH EAST NORTH?'),
        (['--bands', '7'], 'numbers from 1 to 3'),
        (['--zoom', '15'], 'leave --zoom and --scheme out'),
        (['--grid-crs', 'EPSG:4326'], 'expected a projected system in metres'),
    ],
)
def test_senseless_words_are_refused(image, weights, tmp_path, capsys, arguments, words):
    command = ['map', 'build', str(image), str(tmp_path / 'm'), '--network', str(weights)]
    assert main([*command, *arguments]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / 'm').exists()


def test_a_map_without_any_data_is_an_error(image, weights, tmp_path, capsys):
    """The corner of the imagery: no patch there is imagery enough."""
    bounds = open_imagery(image).bounds
    corner = [str(bounds.north_deg - 1e-5), str(bounds.east_deg - 1e-5), '8']
    command = ['map', 'build', str(image), str(tmp_path / 'm'), '--network', str(weights)]
    assert main([*command, '--around', *corner, '--quiet']) == 1
    assert 'has data: nowhere is 95% of a patch' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('name', 'more', 'words'),
    [
        ('photos', [], 'exists and is no map'),
        ('photos', ['--overwrite'], 'is no map and is not removed'),
        ('empty', ['--overwrite'], ''),
        ('empty', [], ''),
    ],
)
def test_only_empty_folders_become_maps(image, weights, tmp_path, capsys, name, more, words):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'mine.txt').write_text('precious')
    command = ['map', 'build', str(image), str(tmp_path / name), '--network', str(weights)]
    where = ['--around', str(DATUM.lat_deg), str(DATUM.lon_deg), '4', '--quiet']
    assert main([*command, *where, *more]) == int(bool(words))
    assert words in capsys.readouterr().err
    assert (tmp_path / 'photos' / 'mine.txt').exists()


@pytest.mark.parametrize('more', [[], ['--overwrite']])
def test_an_interrupted_build_says_how_to_go_on(
    image, weights, tmp_path, capsys, monkeypatch, more
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr('geoloc_ros.cli.map.build_map', interrupted)
    command = ['map', 'build', str(image), str(tmp_path / 'm'), '--network', str(weights)]
    assert main([*command, *more]) == 130
    said = capsys.readouterr().err
    assert f'run the same command again{" without" if more else ""}' in said
    assert '0cell' not in said


def test_what_is_no_map_is_said(tmp_path, capsys):
    assert main(['map', 'info', str(tmp_path)]) == 1
    assert 'is no map' in capsys.readouterr().err


@pytest.mark.shared_data
@pytest.mark.skipif(not REAL.is_dir(), reason='needs the real orthophotos of ../shared/data')
@pytest.mark.parametrize(
    ('name', 'crs', 'gsd_m', 'least'),
    [
        ('OSBS_029.tif', 'EPSG:32617', 0.1, 0.3),
        ('road_mask_input.tif', 'EPSG:4326', 0.27, 0.5),
        ('sample_geotiff.tif', 'EPSG:32616', 0.5, 0.5),
        ('xyz', 'EPSG:3857', 0.464, 0.5),
    ],
)
def test_real_orthophotos_become_maps(tmp_path, name, crs, gsd_m, least):
    """Their own CRS, pixel size and coverage; the whole of each is a map and a picture."""
    source = open_imagery(REAL / name)
    centre = source.bounds.centre
    assert source.crs == crs
    assert source.ground_sampling_m(centre.lat_deg, centre.lon_deg) == pytest.approx(
        gsd_m, rel=0.01
    )
    small = name.startswith('OSBS')
    grid = grid_over(source.bounds, 4.0 if small else 25.0)
    network = ColourNetwork(patch_size_m=10.0 if small else 40.0)
    store = build_map(source, grid, network, tmp_path / 'map')
    assert store.complete
    assert np.mean(store.has_data) > least
    found = store.read_window(0, 0, grid.nx, grid.ny)
    # Real ground differs from place to place, and next to itself is most alike.
    flat = found.descriptors.reshape(grid.ny, grid.nx, -1)
    iy, ix = grid.ny // 2, grid.nx // 2
    other = flat[found.has_data]
    assert np.linalg.norm(other - flat[iy, ix], axis=1).max() > 0.3
    write_preview(tmp_path / 'map.png', store, source)
    assert (tmp_path / 'map.png').stat().st_size > 50_000
