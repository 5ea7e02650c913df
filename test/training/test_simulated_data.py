# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated drives: what is written can be trained on; what is there is kept."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from geoloc_sim.city import procedural_city
from geoloc_sim.drives.city_drive import city_drive
from geoloc_sim.drives.settings import CityDriveSettings
from geoloc_sim.rendering.days import draw_day
from geoloc_sim.world.procedural_settings import ProceduralSettings
from geoloc_training.cli import main
from geoloc_training.data.folders import read_drive_folder
from geoloc_training.data.simulated import (
    SimulatedDataSettings,
    drive_folder,
    simulated_truth,
    write_simulated_drive,
)

SETTINGS = SimulatedDataSettings(
    side_m=300.0, distance_m=100.0, spacing_m=20.0, width=80, height=60, cars=False, workers=1
)
SMALL = {
    'side_m': 300,
    'distance_m': 50,
    'spacing_m': 20,
    'width': 80,
    'height': 60,
    'cars': 'false',
    'workers': 1,
}


@pytest.fixture(scope='module', name='city')
def made_city():
    return procedural_city(0, ProceduralSettings(side_m=SETTINGS.side_m))


@pytest.fixture(scope='module', name='root')
def made_root(tmp_path_factory, city):
    root = tmp_path_factory.mktemp('data')
    shown = []
    write_simulated_drive(drive_folder(root, 0, 3), city, 3, SETTINGS, lambda *x: shown.append(x))
    assert shown[-1][1] == shown[-1][2] == len(shown)
    return root


def test_the_way_is_that_of_the_simulated_drive(city):
    """The drive of a bag made with the same city, day and seed is the same."""
    day = draw_day(3)
    settings = CityDriveSettings(distance_m=100.0)
    expected = city_drive(city.world, city.walls(), settings, day, 3).truth
    truth = simulated_truth(city, day, 100.0, 3)
    np.testing.assert_array_equal(truth.x_m, expected.x_m)
    np.testing.assert_array_equal(truth.yaw_rad, expected.yaw_rad)


def test_pictures_are_taken_at_the_spacing_from_the_cameras_place(root, city):
    data = json.loads((drive_folder(root, 0, 3) / 'drive.json').read_text())
    assert data['datum'] == dataclasses.asdict(city.world.layout.datum)
    lines = (drive_folder(root, 0, 3) / 'frames.csv').read_text().splitlines()[1:]
    rows = np.array([[float(x) for x in line.split(',')[1:]] for line in lines])
    truth = simulated_truth(city, draw_day(3), 100.0, 3)
    base = rows[:, :2] - 1.6 * np.column_stack((np.cos(rows[:, 2]), np.sin(rows[:, 2])))
    off = [np.hypot(truth.x_m - x, truth.y_m - y).min() for x, y in base]
    assert max(off) < 1e-3
    steps = np.hypot(*np.diff(base, axis=0).T)
    assert steps.min() >= 20.0 - 1e-3
    assert steps.max() < 21.5


def test_pictures_differ_and_show_something(root):
    drive = read_drive_folder(drive_folder(root, 0, 3))
    assert drive.simulated
    first, last = drive.images.image(0), drive.images.image(len(drive) - 1)
    assert first.shape == (60, 80, 3)
    assert first.std() > 20.0
    assert np.abs(first.astype(int) - last).mean() > 10.0


def test_the_command_writes_a_place_without_a_terminal(tmp_path, capfd):
    words = [f'{name}={value}' for name, value in SMALL.items()]
    assert main(['data', '--out', str(tmp_path), '--days', '3', '--set', *words]) == 0
    captured = capfd.readouterr()
    assert captured.out == f'{tmp_path}: city 0, days 3\n'
    assert 'Traceback' not in captured.err
    assert (tmp_path / 'city_0' / 'imagery.tif').stat().st_size > 1e5
    assert len(read_drive_folder(drive_folder(tmp_path, 0, 3))) >= 3


def test_drives_of_other_settings_are_refused_and_those_of_the_same_kept(root, tmp_path, capsys):
    shutil.copytree(root / 'city_0', tmp_path / 'city_0')
    (tmp_path / 'city_0' / 'imagery.tif').touch()
    values = {**dataclasses.asdict(SETTINGS), 'workers': 2}
    arguments = ['data', '--out', str(tmp_path), '--set']

    def status(*days, **others):
        words = [f'{name}={value}' for name, value in {**values, **others}.items()]
        return main([*arguments, *words, '--days', *days])

    assert status('3') == 0
    assert capsys.readouterr().out == f'{tmp_path}: city 0, days 3 (kept)\n'
    assert status('3', distance_m=200.0) == 1
    drive = drive_folder(tmp_path, 0, 3)
    said = f'{drive} was made with distance_m=100.0; expected distance_m=200.0'
    assert said in capsys.readouterr().err
    assert status('4', flight=1) == 1  # one aerial image is of all days
    assert f'{drive} was made with flight=0; expected flight=1' in capsys.readouterr().err
