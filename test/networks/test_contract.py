# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Contracts refuse what cannot be; their yaws are ascending and whole bins apart."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.contract import InputContract

AZIMUTH = InputContract(
    'test', 96, 256, math.pi / 2, 80.0, 160, 'azimuth', (32, 24), ground_descriptor_shape=(8, 24)
)
PLAIN = InputContract('test', 96, 192, math.pi / 2, 50.0, 96, 'aligned', (512,), ahead_m=15.0)


def test_yaws_ascend_over_the_whole_circle():
    yaws = AZIMUTH.yaws_rad
    assert yaws.shape == (32,)
    assert yaws[-1] == pytest.approx(math.pi)
    assert yaws[15] == 0.0
    np.testing.assert_allclose(np.diff(yaws), math.radians(11.25))


def test_scores_without_heading_have_no_yaws():
    assert PLAIN.yaws_rad.size == 0
    assert PLAIN.yaw_count == 1
    assert PLAIN.ground_descriptor_shape == (512,)


@pytest.mark.parametrize(
    ('contract', 'change', 'message'),
    [
        (PLAIN, {'patch_size_m': 0.0}, 'positive'),
        (PLAIN, {'ground_width_px': 0}, 'positive'),
        (PLAIN, {'std': (1.0, 0.0, 1.0)}, 'positive'),
        (PLAIN, {'ground_fov_rad': 6.3}, 'whole circle'),
        (PLAIN, {'ground_up_rad': -0.5}, 'up and down'),
        (PLAIN, {'heading': 'sideways'}, 'expected one of north_up, aligned, azimuth'),
        (PLAIN, {'ground_descriptor_shape': (8,)}, 'the same'),
        (AZIMUTH, {'descriptor_shape': (30, 24)}, 'multiple of 4'),
        (AZIMUTH, {'ground_descriptor_shape': (7, 24)}, 'even number'),
        (AZIMUTH, {'ground_descriptor_shape': (8, 23)}, 'channels'),
        (AZIMUTH, {'ground_descriptor_shape': (34, 24)}, 'even number'),
    ],
)
def test_impossible_contracts_are_refused(contract, change, message):
    with pytest.raises(NetworkError, match=message):
        dataclasses.replace(contract, **change)
