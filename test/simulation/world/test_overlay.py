# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Overlays give polygons only, with hand-computed areas."""

import numpy as np
import pytest
import shapely
from shapely.geometry import GeometryCollection, LineString

from geoloc_sim.world.overlay import each_within, each_without, polygons_of, united, without

LEFT, RIGHT = shapely.box(0.0, 0.0, 2.0, 2.0), shapely.box(2.0, 0.0, 4.0, 2.0)


def test_touching_shapes_leave_no_lines():
    assert shapely.intersection(LEFT, RIGHT).geom_type == 'LineString'
    (common,) = each_within(np.array([LEFT], dtype=object), RIGHT)
    assert common.is_empty
    assert polygons_of(common) == []


def test_results_can_be_overlaid_again():
    mixed = GeometryCollection([LEFT, LineString([(0.0, 5.0), (9.0, 5.0)])])
    assert shapely.intersection(shapely.union_all([mixed]), mixed.buffer(1.0)).area > 0.0
    once = united([mixed, RIGHT])
    assert once.area == pytest.approx(8.0)
    assert without(once, shapely.box(1.0, -1.0, 3.0, 3.0)).area == pytest.approx(4.0)


def test_each_has_its_own_partner():
    shapes = np.array([LEFT, RIGHT], dtype=object)
    partners = np.array([shapely.box(0, 0, 1, 2), shapely.box(0, 0, 2.5, 1)], dtype=object)
    assert [s.area for s in each_within(shapes, partners)] == pytest.approx([2.0, 0.5])
    assert [s.area for s in each_without(shapes, partners)] == pytest.approx([2.0, 3.5])
    assert len(each_within(shapes[:0], LEFT)) == 0


def test_slivers_are_dropped():
    sliver = shapely.box(0.0, 0.0, 1.0, 0.0004)
    assert polygons_of(GeometryCollection([sliver, LEFT])) == [LEFT]
