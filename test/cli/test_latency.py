# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from geoloc_ros.cli.latency import latency_ms

MS = 1_000_000


def array(*values):
    return np.array(values, dtype=np.int64)


def test_an_estimate_is_due_when_the_first_measurement_past_it_arrives():
    # Stamps 100 ms apart arrive 5 ms late; outputs at 100, 150 and 200 ms.
    latency = latency_ms(
        array(100 * MS, 150 * MS, 200 * MS),
        array(107 * MS, 206 * MS, 209 * MS),
        array(0, 100 * MS, 200 * MS),
        array(5 * MS, 105 * MS, 205 * MS),
    )
    assert latency.tolist() == [2.0, 1.0, 4.0]


def test_a_late_measurement_does_not_make_an_estimate_due_again():
    latency = latency_ms(
        array(100), array(30 * MS), array(200, 90, 150), array(10 * MS, 20 * MS, 25 * MS)
    )
    assert latency.tolist() == [20.0]


def test_outputs_past_every_measurement_have_no_latency():
    latency = latency_ms(array(50, 201), array(7, 9), array(100, 200), array(1, 2))
    assert latency[0] == pytest.approx(6e-6)
    assert np.isnan(latency[1])
    assert np.isnan(latency_ms(array(1), array(1), array(), array())).all()
