# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""How long estimates take, from a bag in which inputs and outputs were recorded together.

An estimate is due when the first measurement stamped at or after it has arrived: until then
nobody knows what happened up to its stamp. Its latency is the time from that arrival to its own,
both by the wall clock of one recorder, so the replay's rate does not enter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.evaluation.trajectory import StampArray
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.types import FloatArray

_NANOSECONDS_PER_MILLISECOND = 1e6


def arrivals(bag: BagReader, topics: Sequence[str]) -> tuple[StampArray, StampArray]:
    """Stamps of the messages of some topics and when they arrived, in order of arrival.

    Returns:
        Header stamps and receive stamps, nanoseconds, each shape (n,).
    """
    pairs = [
        (stamp_ns(item.message.header.stamp), item.receive_stamp_ns)
        for item in bag.messages(topics)
    ]
    table = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    return table[:, 0], table[:, 1]


def latency_ms(
    output_stamps_ns: StampArray,
    output_arrivals_ns: StampArray,
    input_stamps_ns: StampArray,
    input_arrivals_ns: StampArray,
) -> FloatArray:
    """Latency of each output, shape (n,), NaN where no input is stamped at or after it.

    Args:
        output_stamps_ns: what the estimates hold at, shape (n,).
        output_arrivals_ns: when they arrived, shape (n,).
        input_stamps_ns: stamps of the measurements, shape (m,), in order of arrival.
        input_arrivals_ns: when they arrived, shape (m,), not decreasing.
    """
    newest_ns = np.maximum.accumulate(input_stamps_ns) if len(input_stamps_ns) else input_stamps_ns
    first = np.searchsorted(newest_ns, output_stamps_ns, side='left')
    known = first < len(input_stamps_ns)
    result = np.full(len(output_stamps_ns), np.nan)
    due_ns = input_arrivals_ns[first[known]]
    result[known] = (output_arrivals_ns[known] - due_ns) / _NANOSECONDS_PER_MILLISECOND
    return result
