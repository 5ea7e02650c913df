# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What ``cross_view_nodes.py`` measured, as figures; it says what each latency is."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any

from node_probe import IMAGE, POSE, SCORES
import numpy as np

COMPRESSED, RAW, INFO = '/camera/image/compressed', '/camera/image', '/camera/camera_info'
_QUANTILES = {'p50': 50.0, 'p90': 90.0, 'p99': 99.0, 'max': 100.0}


@dataclasses.dataclass(frozen=True)
class Case:
    """What the camera sends, and how often the filter publishes.

    Attributes:
        transport: ``compressed`` (JPEG) or ``raw``.
        width_px: columns; pictures are enlarged to it.
        height_px: rows.
        output_hz: the filter's ``output.rate_hz``.
    """

    transport: str
    width_px: int
    height_px: int
    output_hz: float

    @property
    def image_topic(self) -> str:
        """In the bag."""
        return COMPRESSED if self.transport == 'compressed' else RAW

    @property
    def image_type(self) -> str:
        """Of its messages."""
        name = 'CompressedImage' if self.transport == 'compressed' else 'Image'
        return f'sensor_msgs/msg/{name}'


@dataclasses.dataclass(frozen=True)
class Played:
    """What one run left behind.

    Attributes:
        sent: images that the replaying process handed to the middleware.
        refused: messages that the middleware refused.
        heard: of the listener: topics and statuses.
        taken: of the filter: stamp, verdict and time of scores.
        busy: (time s, cores busy by process and in all) over the run.
    """

    sent: int
    refused: int
    heard: dict[str, Any]
    taken: list[tuple[int, str, int]]
    busy: dict[str, float]


def latencies_ms(played: Played) -> dict[str, list[float]]:
    """Latencies by where they end, as the module says."""
    topics = played.heard['topics']
    published = {stamp_ns: sent_ns for stamp_ns, sent_ns, _ in topics[IMAGE]}
    poses = sorted(topics[POSE], key=lambda pose: pose[1])
    found: dict[str, list[float]] = {'scores': [], 'filter': [], 'pose': [], 'pose, used': []}
    for stamp_ns, sent_ns, _ in topics[SCORES]:
        if stamp_ns in published:
            found['scores'].append((sent_ns - published[stamp_ns]) / 1e6)
    for stamp_ns, verdict, taken_ns in played.taken:
        begin_ns = published.get(stamp_ns)
        if begin_ns is None:
            continue
        found['filter'].append((taken_ns - begin_ns) / 1e6)
        pose = next((p for p in poses if p[1] >= taken_ns and p[0] >= stamp_ns), None)
        if pose is not None:
            found['pose'].append((pose[2] - begin_ns) / 1e6)
            if verdict == 'accepted':
                found['pose, used'].append((pose[2] - begin_ns) / 1e6)
    return found


def record_of(case: Case, played: Played) -> dict[str, object]:
    """One case for the results file."""
    statuses = played.heard['statuses']
    found = (one for name, one in statuses.items() if name.endswith('matcher'))
    matcher: dict[str, str] = next(found, {})
    verdicts: dict[str, int] = {}
    for _, verdict, _ in played.taken:
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    received = int(matcher.get('received', 0))
    matched, dropped = int(matcher.get('matched', 0)), int(matcher.get('dropped', 0))
    return {
        'case': dataclasses.asdict(case),
        'images': {
            'sent': played.sent,
            'messages_refused_by_middleware': played.refused,
            'received_by_cross_view_node': received,
            'lost_by_middleware': played.sent - received,
            'matched': matched,
            'dropped_by_camera_queue': dropped,
            'not_matched_for_other_reasons': received - matched - dropped,
            'warnings': {k: int(v) for k, v in matcher.items() if k.startswith('warning.')},
            'heard_by_listener': len(played.heard['topics'][IMAGE]),
        },
        'scores': {
            'published': len(played.heard['topics'][SCORES]),
            'by_verdict_of_filter': verdicts,
        },
        'latency_ms': {
            name: _quantiles(values) for name, values in latencies_ms(played).items() if values
        },
        'busy_cores': {name: round(cores, 3) for name, cores in played.busy.items()},
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    figures = {name: float(np.percentile(values, at)) for name, at in _QUANTILES.items()}
    return {'count': len(values), **{name: round(one, 2) for name, one in figures.items()}}


def print_record(name: str, record: dict[str, Any]) -> None:
    """One case as a table."""
    case, images, scores = record['case'], record['images'], record['scores']
    print(
        f'\n{name}: {case["transport"]} {case["width_px"]} x {case["height_px"]}, poses at '
        f'{case["output_hz"]:g} Hz\n'
        f'images sent {images["sent"]}, lost by the middleware {images["lost_by_middleware"]}, '
        f'dropped by camera.queue {images["dropped_by_camera_queue"]}, left out for other reasons '
        f'{images["not_matched_for_other_reasons"]}, matched {images["matched"]}\n'
        f'scores published {scores["published"]}; in the filter '
        + ', '.join(f'{word} {count}' for word, count in scores['by_verdict_of_filter'].items())
    )
    print(f'{"camera in to, ms":18s} {"n":>5s} ' + ' '.join(f'{q:>7s}' for q in _QUANTILES))
    for end, figures in record['latency_ms'].items():
        row = ' '.join(f'{figures[q]:7.1f}' for q in _QUANTILES)
        print(f'{end:18s} {figures["count"]:5d} {row}')
    print('busy cores: ' + ', '.join(f'{k} {v:.2f}' for k, v in record['busy_cores'].items()))
