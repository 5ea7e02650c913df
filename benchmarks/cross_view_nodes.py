# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""From camera to pose through the real nodes: ``python benchmarks/cross_view_nodes.py``.

A drive in a simulated city on a test day is replayed in real time to ``cross_view_node`` and
``particle_filter_node``, each a process of its own, without ``/clock``, as in a vehicle. Beside
them runs one listener. The drive and the map are drawn once and kept.

Latency of an image begins when the middleware takes it from the replaying process. ``scores``:
until the middleware takes its scores from ``cross_view_node``. ``filter``: until the filter has
put them into its belief, or found them too near to the last used. ``pose``: until the listener
has received the first pose whose stamp is at or after the image's and that was published after
that; the filter publishes at its own rate (``output.rate_hz``), so half a period of it and more
is waiting for the next pose. ``pose, used``: of the images whose scores changed the belief only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import json
import os
from pathlib import Path
import re
import sys
import time
from typing import Any

from cross_view import MapTask, city_map, start_building
from cross_view_days import HEIGHT_PX, WIDTH_PX, Place
from cross_view_latency import COMPRESSED, INFO, RAW, Case, Played, print_record, record_of
import cv2
from measuring import machine_record
from node_probe import IMAGE, POSE, READY, SCORES
import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.cli.demo_sight import shipped_weights
from geoloc_ros.cli.demo_steps import SENSOR_RATES, SENSOR_TOPICS, environment
from geoloc_ros.cli.processes import Child, ProcessGroup
from geoloc_ros.cli.ros_command import ros_command, ros_words
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.pictures import image_rgb_u8
from geoloc_ros.networks.weights import load_network

DEFAULT_OUT = Path('benchmarks/results/cross_view_nodes.json')
HERE = Path(__file__).parent
NAMESPACE = '/vehicle'
_PATIENCE_S, _FILM_TIMEOUT_S, _DRAIN_S, _POLL_S = 180.0, 1800.0, 2.5, 0.25
_STARTED_S = time.monotonic()


CASES = {
    'jpeg': Case('compressed', WIDTH_PX, HEIGHT_PX, 10.0),
    'jpeg_50hz': Case('compressed', WIDTH_PX, HEIGHT_PX, 50.0),
    'raw': Case('raw', WIDTH_PX, HEIGHT_PX, 50.0),
    'raw_large': Case('raw', 4 * WIDTH_PX, 4 * HEIGHT_PX, 50.0),
}


def say(text: str) -> None:
    """Print with the time since the start."""
    print(f'[{time.monotonic() - _STARTED_S:5.1f} s] {text}', flush=True)


def film(bag: Path, options: argparse.Namespace) -> None:
    """Drive through the city with a camera."""
    say(f'filming {options.distance_m:g} m at {options.camera_hz:g} Hz')
    command = [
        *(sys.executable, '-m', 'geoloc_sim', 'drive', '--world', str(options.city)),
        *('--out', str(bag), '--day', str(options.day), '--seed', str(options.day)),
        *('--distance-m', str(options.distance_m), '--rate-hz', f'{options.camera_hz:g}'),
        *('--size', str(WIDTH_PX), str(HEIGHT_PX), '--set', *SENSOR_RATES),
    ]
    with ProcessGroup(options.folder / 'logs', environment()) as processes:
        processes.run('simulation', command, _FILM_TIMEOUT_S)


def unpack(bag: Path, raw: Path, case: Case) -> None:
    """Copy a bag with its JPEG pictures as raw ones of another size."""
    say(f'unpacking its pictures to {case.width_px} x {case.height_px}')
    scale = case.width_px / WIDTH_PX
    with BagReader(bag) as source, BagWriter(raw) as target:
        for topic in source.topics:
            if topic.name != COMPRESSED:
                target.add_topic(topic.name, topic.message_type, latched=topic.transient_local)
        for item in source.messages():
            message = item.message
            if item.topic == COMPRESSED:
                size = (case.width_px, case.height_px)
                pixels = cv2.resize(image_rgb_u8(message), size, interpolation=cv2.INTER_LINEAR)
                image = target.messages.new('sensor_msgs/msg/Image')
                stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
                set_header(image.header, stamp_ns, message.header.frame_id)
                image.height, image.width = case.height_px, case.width_px
                image.encoding, image.is_bigendian = 'rgb8', 0
                image.step, image.data = 3 * case.width_px, pixels.reshape(-1)
                target.write(RAW, image, item.receive_stamp_ns)
                continue
            if item.topic == INFO:
                message = dataclasses.replace(
                    message,
                    width=case.width_px,
                    height=case.height_px,
                    k=_scaled(message.k, 3, scale),
                    p=_scaled(message.p, 4, scale),
                )
            target.write(item.topic, message, item.receive_stamp_ns)


def _scaled(matrix: Any, columns: int, scale: float) -> Any:
    """Intrinsics of the same picture enlarged; pixel centres are integers."""
    larger = np.array(matrix, dtype=np.float64).reshape(3, columns)
    larger[:2] *= scale
    larger[0, 2] += 0.5 * scale - 0.5
    larger[1, 2] += 0.5 * scale - 0.5
    return larger.reshape(-1)


def drive_of(case: Case, options: argparse.Namespace) -> Path:
    """The bag of a case, made unless it is there."""
    name = f'city_{options.city}_day_{options.day}_{options.distance_m:g}m_{options.camera_hz:g}hz'
    bag: Path = options.folder / name
    if not bag.exists():
        options.folder.mkdir(parents=True, exist_ok=True)
        film(bag, options)
    if case.transport == 'compressed':
        return bag
    raw = options.folder / f'{name}_{case.width_px}x{case.height_px}'
    if not raw.exists():
        unpack(bag, raw, case)
    return raw


def map_of(options: argparse.Namespace) -> Path:
    """The map of the city, built unless it is there (shared with ``cross_view.py``)."""
    place = Place(options.city, options.city_folder / f'city_{options.city}', say)
    network = load_network(options.weights, options.backend, threads=1)
    path: Path = city_map(place, network)
    say(f'map {path}: building what is not there')
    datum = place.world.layout.datum
    start_building(options.backend)(MapTask(place.imagery(), options.weights, path, datum))
    return path


class CpuMeter:
    """Busy cores of processes and of the whole machine since the start, from ``/proc``."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._tick_s = 1.0 / os.sysconf('SC_CLK_TCK')
        self._first = self._last = self._read()

    def update(self) -> None:
        """Take the time now as the end."""
        self._last = self._read()

    def busy(self) -> dict[str, float]:
        """Cores busy by process, ``others`` and ``machine``."""
        (begin_s, begin), (end_s, end) = self._first, self._last
        cores = {name: (end[name] - begin[name]) / (end_s - begin_s) for name in end}
        ours = sum(cores[child.name] for child in self._children)
        return {**cores, 'others': max(cores['machine'] - ours, 0.0)}

    def _read(self) -> tuple[float, dict[str, float]]:
        used = {}
        for child in self._children:
            text = Path(f'/proc/{child.process.pid}/stat').read_text()
            fields = text.rpartition(')')[2].split()
            used[child.name] = (int(fields[11]) + int(fields[12])) * self._tick_s
        whole = [
            int(word) for word in Path('/proc/stat').read_text().split('\n', 1)[0].split()[1:]
        ]
        idle = whole[3] + whole[4]
        used['machine'] = (sum(whole[:8]) - idle) * self._tick_s
        return time.monotonic(), used


def play(case: Case, bag: Path, map_path: Path, options: argparse.Namespace) -> Played:
    """Replay a drive to the nodes in real time."""
    logs = options.folder / 'logs'
    listener_path, filter_path = options.folder / 'listener.json', options.folder / 'filter.json'
    probe = [sys.executable, str(HERE / 'node_probe.py')]
    with ProcessGroup(logs, environment()) as processes:
        listener = processes.start(
            'listener', [*probe, 'listener', str(listener_path), *_listener_words(case)]
        )
        watched = [
            processes.start('filter', [*probe, 'filter', str(filter_path), *_filter_words(case)]),
            processes.start('matcher', _matcher_command(case, map_path, options)),
        ]
        processes.wait_for_words(listener, READY, _PATIENCE_S)
        replay = processes.start('replay', _replay_command(case, bag))
        processes.wait_for_words(replay, 'playing ', _PATIENCE_S)
        meter = CpuMeter([*watched, replay, listener])
        while 'played ' not in replay.log_path.read_text():
            for child in (*watched, listener):
                processes.check_running(child)
            meter.update()
            time.sleep(_POLL_S)
        processes.wait_for(replay, _PATIENCE_S)
        time.sleep(_DRAIN_S)
        for child in (listener, *watched):
            processes.check_running(child)
            processes.stop(child)
        said = replay.log_path.read_text()
    sent = re.search(rf'{case.image_topic} (\d+)', said)
    refused = re.search(r'(\d+) could not be published', said)
    heard = json.loads(listener_path.read_text())
    taken = [(one[0], one[1], one[2]) for one in json.loads(filter_path.read_text())['scores']]
    return Played(
        int(sent[1]) if sent else 0, int(refused[1]) if refused else 0, heard, taken, meter.busy()
    )


def _listener_words(case: Case) -> list[str]:
    names = {
        IMAGE: case.image_topic,
        SCORES: f'{NAMESPACE}/{SCORES}',
        POSE: f'{NAMESPACE}/{POSE}',
    }
    rules = [f'{inside}:={outside}' for inside, outside in names.items()]
    return ros_words({'image_type': case.image_type}, rules)


def _filter_words(case: Case) -> list[str]:
    rules = [f'__ns:={NAMESPACE}', *(f'{topic[1:]}:={topic}' for topic in SENSOR_TOPICS)]
    return ros_words({'output.rate_hz': case.output_hz}, rules)


def _matcher_command(case: Case, map_path: Path, options: argparse.Namespace) -> list[str]:
    parameters = {
        'map': str(map_path),
        'network.weights': options.weights,
        'network.backend': options.backend,
        'network.threads': options.threads,
        'input_domain': 'simulation',
        'camera.transport': case.transport,
    }
    image = 'image/compressed' if case.transport == 'compressed' else 'image'
    rules = [
        f'__ns:={NAMESPACE}',
        'fix:=/fix',
        f'{image}:={case.image_topic}',
        f'camera_info:={INFO}',
    ]
    return ros_command('geoloc_ros.nodes.cross_view_node', parameters, rules)


def _replay_command(case: Case, bag: Path) -> list[str]:
    played = [*SENSOR_TOPICS, '/tf_static', case.image_topic, INFO]
    waited = [*SENSOR_TOPICS, case.image_topic, INFO]
    return ros_command(
        'geoloc_ros.nodes.replay_node',
        {
            'bag': str(bag),
            'publish_clock': False,
            'topics': played,
            'wait_for': waited,
        },
    )


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--weights', default=shipped_weights(), help='of models/manifest.json, or a file'
    )
    parser.add_argument('--backend', default='auto')
    parser.add_argument('--threads', type=int, default=1, help='of the network')
    parser.add_argument('--cases', nargs='*', choices=list(CASES), default=list(CASES))
    parser.add_argument('--city', type=int, default=0)
    parser.add_argument('--day', type=int, default=1000, help='never trained on')
    parser.add_argument('--distance-m', type=float, default=300.0)
    parser.add_argument('--camera-hz', type=float, default=10.0)
    parser.add_argument('--folder', type=Path, default=Path('out/cross_view_nodes'))
    parser.add_argument('--city-folder', type=Path, default=Path('out/cross_view'))
    parser.add_argument('--out', type=Path, default=DEFAULT_OUT)
    options = parser.parse_args()
    if not options.weights:
        parser.error('models/ holds no weights; name a file with --weights')
    return options


def main() -> None:
    """Run every case, print tables, write the results file."""
    options = parse()
    map_path = map_of(options)
    network = load_network(options.weights, options.backend, threads=1)
    cases = {}
    for name in options.cases:
        case = CASES[name]
        bag = drive_of(case, options)
        say(f'replaying {bag.name} for {name}')
        cases[name] = record_of(case, play(case, bag, map_path, options))
        print_record(name, cases[name])
    results = {
        **machine_record(('numpy', 'numba', 'onnxruntime', 'torch', 'ros-rclpy'), options.day),
        'seeds': {'city': options.city, 'day': options.day, 'filter': 0},
        'cores': os.cpu_count(),
        'network': {
            'name': network.contract.name,
            'sha256': network.sha256,
            'class': type(network).__name__,
            'threads': options.threads,
        },
        'drive': {'distance_m': options.distance_m, 'camera_hz': options.camera_hz, 'rate': 1.0},
        'cases': cases,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + '\n')
    say(f'written to {options.out}')


if __name__ == '__main__':
    main()
