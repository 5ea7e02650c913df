# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lattices of scores: written, read back, and as heat maps checked by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from geoloc_ros.bags.typestore import BagMessages
from geoloc_ros.errors import MeasurementError
from geoloc_ros.messages.scores import heat_map, score_cloud, score_lattice
from geoloc_ros.observations.score_field import ScoreField
from geoloc_ros.types import ScoreLattice, StateBatch

FACTORY = BagMessages()
TYPESTORE = get_typestore(Stores.ROS2_KILTED)
STAMP_NS = 1_700_000_000_987_654_321


def travelled(message):
    name = message.__msgtype__
    return TYPESTORE.deserialize_cdr(TYPESTORE.serialize_cdr(message, name), name)


def lattice(headings=8, ny=5, nx=7, lever=(1.7, -0.4), origin=(-120.0, 340.5)):
    rng = np.random.default_rng(2)
    scores = rng.normal(0.0, 3.0, (max(headings, 1), ny, nx)).astype(np.float32)
    scores[:, 1, 2] = np.nan
    yaws = -math.pi + 0.1 + 2.0 * math.pi * np.arange(headings) / max(headings, 1)
    return ScoreLattice(
        STAMP_NS, 'cross_view/scores', *origin, 0.3, 5.004, yaws, scores, True,
        *(lever if headings else (0.0, 0.0)),
    )  # fmt: skip


@pytest.mark.parametrize('headings', [0, 2, 8])
def test_a_lattice_comes_back_as_it_went(headings):
    sent = lattice(headings)
    message = travelled(score_cloud(sent, 'map', FACTORY))
    assert (message.width, message.height) == (7, 5 * max(headings, 1))
    assert [field.name for field in message.fields][:5] == [
        'x', 'y', 'z', 'yaw', 'log_likelihood',
    ]  # fmt: skip
    got = score_lattice(message)
    np.testing.assert_array_equal(got.log_likelihood, sent.log_likelihood)
    np.testing.assert_allclose(got.yaws_rad, sent.yaws_rad, atol=1e-6)
    for name in ('origin_x_m', 'origin_y_m', 'rotation_rad', 'spacing_m', 'sensor_forward_m',
                 'sensor_left_m'):  # fmt: skip
        assert getattr(got, name) == pytest.approx(getattr(sent, name), abs=1e-4), name
    assert (got.stamp_ns, got.source, got.calibrated) == (STAMP_NS, 'cross_view/scores', True)


def test_points_are_poses_of_the_body():
    """A body at a point with the point's yaw has its sensor on the cell: the same likelihood."""
    sent = lattice(8)
    message = score_cloud(sent, 'map', FACTORY)
    points = np.frombuffer(message.data, np.float32).reshape(-1, 6)
    field = ScoreField(sent)
    poses = points[:, :2].astype(np.float64), points[:, 3].astype(np.float64)
    batch = StateBatch(poses[0][:, 0], poses[0][:, 1], poses[1], np.zeros(len(points)))
    values = field.log_likelihood(batch)
    expected = np.log(field.likelihood).ravel()
    known = np.isfinite(expected)
    np.testing.assert_allclose(values[known], expected[known], atol=1e-2)


def test_uncalibrated_scores_say_so_and_a_cloud_without_the_field_is_believed():
    message = score_cloud(dataclasses.replace(lattice(), calibrated=False), 'map', FACTORY)
    assert not score_lattice(message).calibrated
    message.fields = [field for field in message.fields if field.name != 'calibrated']
    assert score_lattice(message).calibrated


def test_double_precision_and_another_order_of_fields_are_read():
    message = score_cloud(lattice(0, 3, 4), 'map', FACTORY)
    before = score_lattice(message)
    points = np.frombuffer(message.data, np.float32).reshape(12, 6)
    names = ['log_likelihood', 'y', 'x']
    wide = np.zeros(12, [(name, '>f8') for name in names])
    wide['log_likelihood'], wide['y'], wide['x'] = points[:, 4], points[:, 1], points[:, 0]
    fields = []
    for index, name in enumerate(names):
        field = FACTORY.new('sensor_msgs/msg/PointField')
        field.name, field.offset, field.datatype, field.count = name, 8 * index, 8, 1
        fields.append(field)
    message.fields, message.is_bigendian = fields, True
    message.point_step, message.row_step = 24, 96
    message.data = np.frombuffer(wide.tobytes(), np.uint8)
    got = score_lattice(message)
    np.testing.assert_array_equal(got.log_likelihood, before.log_likelihood)
    assert got.rotation_rad == pytest.approx(before.rotation_rad)


def test_what_is_no_lattice_is_refused():
    for change, words in (
        (lambda m: m.fields.pop(4), 'log_likelihood'),
        (lambda m: setattr(m, 'data', m.data[:-1]), 'bytes'),
        (lambda m: setattr(m.fields[0], 'datatype', 9), 'type of 1 to 8'),
        (lambda m: setattr(m, 'height', 0), 'at least two'),
        (lambda m: m.data.view(np.float32).__setitem__(6 * 9, 1e5), 'no square lattice'),
        (lambda m: m.data.view(np.float32).__setitem__(6 * 9 + 3, 9.0), 'heading after'),
        (lambda m: m.data.view(np.float32).__setitem__(6 * 9, np.nan), 'no square lattice'),
    ):
        message = score_cloud(lattice(), 'map', FACTORY)
        change(message)
        with pytest.raises(MeasurementError, match=words):
            score_lattice(message)


def test_scores_without_headings_carry_no_lever_arm():
    with pytest.raises(MeasurementError, match='without headings'):
        score_cloud(dataclasses.replace(lattice(0), sensor_forward_m=1.0), 'map', FACTORY)


def test_heat_map_by_hand():
    with np.errstate(divide='ignore'):
        scores = np.log([[[1.0, 0.5], [np.nan, 0.25]], [[1.0, 0.0], [np.nan, 0.75]]])
    made = ScoreLattice(
        STAMP_NS, 's', 10.0, 20.0, math.pi / 2, 4.0, np.array((0.0, math.pi)),
        scores.astype(np.float32),
    )  # fmt: skip
    message = travelled(heat_map(made, 'map', FACTORY))
    assert message.data.tolist() == [100, 25, -1, 50]
    assert (message.info.width, message.info.height, message.info.resolution) == (2, 2, 4.0)
    # Rows of the lattice go west: the corner before cell (0, 0) is east and south of its centre.
    origin = message.info.origin
    assert (origin.position.x, origin.position.y) == pytest.approx((12.0, 18.0))
    assert origin.orientation.z == pytest.approx(math.sqrt(0.5))
