# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Which weights the demo takes, and which piece of the aerial image it maps."""

import math

import numpy as np
import pytest

from geoloc_ros.cli import demo_sight
from geoloc_ros.cli.comparison import RecordedDrive
from geoloc_ros.cli.offline import ReceivedMeasurement
from geoloc_ros.errors import NetworkError
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.weights import ManifestEntry, WeightsFile, write_manifest
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

CONTRACT = InputContract('small', 8, 8, 1.0, 10.0, 8, 'north_up', (4,))


def entry(name):
    file = WeightsFile(f'{name}.pt', '0' * 64)
    return ManifestEntry(
        name, 'azimuth', CONTRACT, file, None, None, 'Apache-2.0', 'simulation', 'train', {}
    )


def test_global_weights_are_for_comparison_only(tmp_path, monkeypatch):
    entries = {name: entry(name) for name in ('a_global', 'b_geolocal', 'c_geolocal')}
    write_manifest(tmp_path / 'manifest.json', entries)
    monkeypatch.setattr(demo_sight, 'models_folder', lambda: tmp_path)
    assert demo_sight.shipped_weights() == 'b_geolocal'
    assert demo_sight.shipped_weights(of_global_training=True) == 'a_global'


def test_without_a_manifest_there_are_none(monkeypatch):
    def missing():
        raise NetworkError('no manifest')

    monkeypatch.setattr(demo_sight, 'models_folder', missing)
    assert demo_sight.shipped_weights() == ''


def fix_at(lat_deg, lon_deg):
    fix = GnssFix(
        1,
        'gnss',
        GeodeticPosition(lat_deg, lon_deg, 0.0),
        np.eye(3),
        CovarianceType.KNOWN,
        FixStatus.FIX,
    )
    return ReceivedMeasurement(1, fix)


def test_the_map_covers_the_fixes_and_a_margin_where_there_is_imagery():
    fixes = (fix_at(49.0, 8.0), fix_at(49.002, 8.003), fix_at(math.nan, math.nan))
    drive = RecordedDrive('drive', fixes, {}, None)
    imagery = GeodeticBounds(7.9, 48.9, 8.0035, 49.1)
    found = demo_sight._surroundings(49.0, drive, imagery)
    north_m = 111_200.0  # of a degree of latitude, about, and of longitude at the equator
    assert (found.north_deg - 49.002) * north_m == pytest.approx(60.0, rel=0.01)
    assert (49.0 - found.south_deg) * north_m == pytest.approx(60.0, rel=0.01)
    assert (8.0 - found.west_deg) * north_m * math.cos(math.radians(49.0)) == pytest.approx(
        60.0, rel=0.01
    )
    assert found.east_deg == 8.0035  # the imagery ends before the margin does
