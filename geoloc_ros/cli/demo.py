# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc demo``: a simulated drive through the real nodes over DDS, and offline.

Six processes: the simulation writes a bag; ``replay_node`` plays it to ``particle_filter_node``
and ``kalman_filter_node``, while ``recorder_node`` writes down what they publish and when.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import importlib.util
from pathlib import Path
import shutil
import signal
import sys
import time
from types import FrameType

import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.bag_trajectory import read_topic
from geoloc_ros.cli.comparison import FUSED_NAME, RecordedDrive, describe, localize_drive
from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.latency import arrivals, latency_ms
from geoloc_ros.cli.processes import ProcessGroup
from geoloc_ros.cli.ros_environment import (
    RosEnvironmentError,
    project_folder,
    ros_environment,
)
from geoloc_ros.cli.subparsers import Subparsers, command_line
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.output import write_output
from geoloc_ros.evaluation.reference import about_datum
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.ros.node_settings import KalmanNodeSettings, ParticleNodeSettings
from geoloc_ros.types import GeodeticPosition

_SIMULATION_TIMEOUT_S = 120.0
_SENSOR_TOPICS = ('/fix', '/odom', '/imu')
#: Of an ordinary car; a Python executor takes some 500 messages a second on a busy core.
_SIMULATED_NOTE = 'the drive is simulated: these figures say nothing about real streets'
_SENSOR_RATES = ('odometry.wheel_rate_hz=25', 'odometry.imu_rate_hz=50')
_DRAIN_S = 1.0
_PATIENCE_S = 60.0
_LATENCY_NOTE = (
    'latency: wall-clock time from the arrival of the first measurement at or past the stamp of '
    'an estimate to the arrival of the estimate'
)


@dataclasses.dataclass(frozen=True, slots=True)
class DemoNode:
    """A filter node of the demo: its namespace and what its trajectory is called."""

    namespace: str
    module: str
    trajectory: str
    settings: ParticleNodeSettings | KalmanNodeSettings
    publishes_tf: bool


def _nodes(seed: int) -> tuple[DemoNode, ...]:
    return (
        DemoNode(
            'particle',
            'geoloc_ros.nodes.particle_filter_node',
            FUSED_NAME,
            ParticleNodeSettings(seed=seed),
            publishes_tf=True,
        ),
        DemoNode(
            'kalman',
            'geoloc_ros.nodes.kalman_filter_node',
            'fused_kalman',
            KalmanNodeSettings(seed=seed),
            publishes_tf=False,
        ),
    )


def add_parser(subparsers: Subparsers) -> None:
    """Add ``demo``."""
    parser = subparsers.add_parser(
        'demo',
        help='a simulated drive through the real nodes',
        description='Simulates a drive (or takes a bag), replays it to the particle and the '
        'Kalman filter node over DDS, runs the same offline, and compares everything with the '
        'truth.',
    )
    parser.add_argument('--out', type=Path, default=Path('out/demo'), help='folder to write')
    parser.add_argument('--seed', type=int, default=1, help='of the drive and the filters')
    parser.add_argument(
        '--distance-m', type=float, default=700.0, help='length of the drive (default: 700)'
    )
    parser.add_argument(
        '--bag', type=Path, help='a recorded drive (fix, odom, imu) instead of a simulated one'
    )
    parser.add_argument(
        '--rate', type=float, default=2.0, help='of the replay over real time (default: 2)'
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``demo``."""
    started_s = time.monotonic()
    out: Path = options.out
    simulated = options.bag is None
    bag, recording = out / 'drive' if simulated else options.bag, out / 'recording'
    _check_prerequisites(simulated=simulated)
    out.mkdir(parents=True, exist_ok=True)
    for folder in (bag, recording) if simulated else (recording,):
        _remove_bag(folder)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ProcessGroup(out / 'logs', _environment()) as processes:
            if simulated:
                _say(started_s, f'simulating a drive of {options.distance_m:g} m')
                processes.run('simulation', _simulation(bag, options), _SIMULATION_TIMEOUT_S)
            drive = read_drive(bag, node_topics(_nodes(options.seed)[0].settings.sources))
            _say(started_s, f'replaying it to the nodes, {options.rate:g} times real time')
            _replay(processes, bag, recording, drive, options)
    finally:
        signal.signal(signal.SIGTERM, previous)
    _say(started_s, 'localizing the same drive offline')
    _evaluate(drive, recording, options)
    _say(started_s, f'done; see {out / "report.md"}')
    return 0


def _say(started_s: float, text: str) -> None:
    print(f'[{time.monotonic() - started_s:5.1f} s] {text}', flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite request to end as Ctrl-C, so that the children are ended too."""
    del number, frame
    raise KeyboardInterrupt


def _simulation_folder() -> Path:
    return project_folder() / 'simulation'


def _check_prerequisites(*, simulated: bool) -> None:
    if simulated and not (_simulation_folder() / 'geoloc_sim').is_dir():
        raise RosEnvironmentError(
            f'the demo needs the simulation, which is not at {_simulation_folder()}: it is part '
            'of the project, not of the installed package; run "make demo" in a checkout, or '
            '"geoloc localize" on a drive of your own'
        )
    if importlib.util.find_spec('rclpy') is None:
        raise RosEnvironmentError(
            'the demo needs rclpy, which this Python has not; run "make demo", which installs it, '
            'or source a ROS distribution'
        )


def _environment() -> dict[str, str]:
    folders = [str(project_folder()), str(_simulation_folder()), *filter(None, sys.path)]
    return {**ros_environment(), 'PYTHONPATH': ':'.join(folders)}


def _remove_bag(folder: Path) -> None:
    """Remove the bag that an earlier demo left, and nothing else."""
    if (folder / 'metadata.yaml').is_file():
        shutil.rmtree(folder)
    elif folder.exists():
        raise RosEnvironmentError(f'{folder} is in the way and is no bag; remove it')


def _simulation(bag: Path, options: argparse.Namespace) -> list[str]:
    return [
        *(sys.executable, '-m', 'geoloc_sim', 'drive', '--out', str(bag)),
        *('--seed', str(options.seed), '--distance-m', str(options.distance_m)),
        *('--set', *_SENSOR_RATES),
    ]


def _replay(
    processes: ProcessGroup,
    bag: Path,
    recording: Path,
    drive: RecordedDrive,
    options: argparse.Namespace,
) -> None:
    """Play the bag to the nodes and record what they say."""
    nodes = _nodes(options.seed)
    recorder = processes.start('recorder', _recorder_command(recording, nodes))
    children = [processes.start(node.namespace, _filter_command(node)) for node in nodes]
    for node in nodes:
        processes.wait_for_words(recorder, f'hearing /{node.namespace}/pose', _PATIENCE_S)
    player = processes.start('replay', _replay_command(bag, nodes, options.rate))
    first_ns, last_ns = drive.received[0], drive.received[-1]
    duration_s = (last_ns.receive_stamp_ns - first_ns.receive_stamp_ns) / 1e9
    processes.wait_for(player, duration_s / options.rate + _PATIENCE_S)
    time.sleep(_DRAIN_S)
    for child in (*children, recorder):
        processes.check_running(child)
    for child in (recorder, *children):
        processes.stop(child)


def _ros(module: str, parameters: dict[str, str], rules: Sequence[str] = ()) -> list[str]:
    """Command line of a node with parameters (YAML text) and remapping rules."""
    words = [sys.executable, '-m', module, '--ros-args']
    for name, value in parameters.items():
        words += ['-p', f'{name}:={value}']
    for rule in rules:
        words += ['-r', rule]
    return words


def _filter_command(node: DemoNode) -> list[str]:
    parameters = {
        'use_sim_time': 'true',
        'seed': str(node.settings.seed),
        'publish_tf': 'true' if node.publishes_tf else 'false',
    }
    rules = [f'__ns:=/{node.namespace}', *(f'{topic[1:]}:={topic}' for topic in _SENSOR_TOPICS)]
    return _ros(node.module, parameters, rules)


def _recorder_command(recording: Path, nodes: Sequence[DemoNode]) -> list[str]:
    topics = [
        '/fix sensor_msgs/msg/NavSatFix sensor',
        '/odom nav_msgs/msg/Odometry sensor',
        '/imu sensor_msgs/msg/Imu sensor',
    ]
    for node in nodes:
        topics.append(
            f'/{node.namespace}/pose geometry_msgs/msg/PoseWithCovarianceStamped reliable'
        )
        topics.append(f'/{node.namespace}/datum sensor_msgs/msg/NavSatFix latched')
    listed = ', '.join(f"'{topic}'" for topic in topics)
    return _ros(
        'geoloc_ros.nodes.recorder_node', {'path': str(recording), 'topics': f'[{listed}]'}
    )


def _replay_command(bag: Path, nodes: Sequence[DemoNode], rate: float) -> list[str]:
    awaited = [f'/{node.namespace}/{topic}' for node in nodes for topic in ('initialpose', 'pose')]
    played = [*_SENSOR_TOPICS, '/tf_static']
    return _ros(
        'geoloc_ros.nodes.replay_node',
        {
            'bag': str(bag),
            'rate': f'{rate:.6f}',
            'topics': f'[{", ".join(played)}]',
            'wait_for': f'[{", ".join(awaited)}]',
        },
    )


def _evaluate(drive: RecordedDrive, recording: Path, options: argparse.Namespace) -> None:
    """Compare what was recorded, and the same offline, with the truth."""
    nodes = _nodes(options.seed)
    offline = localize_drive(drive, nodes[0].settings, options.seed)
    raw, filtered, fused_offline = offline.trajectories
    recorded = _recorded(recording, nodes, drive, raw.datum)
    fused_offline = dataclasses.replace(
        fused_offline,
        name='fused_offline',
        source=f'{fused_offline.source}; the same core offline ("geoloc localize")',
    )
    trajectories = [raw, filtered, *recorded, fused_offline]
    report = make_report(
        _title(options),
        trajectories,
        offline.truth,
        command=command_line(),
        notes=[
            *([] if options.bag else [_SIMULATED_NOTE]),
            f'replayed {options.rate:g} times as fast as real time',
            _LATENCY_NOTE,
            *(_agreement(one, fused_offline) for one in recorded if one.name == FUSED_NAME),
            *offline.notes,
        ],
    )
    write_output(options.out, report, trajectories, offline.truth)
    print(tables.terminal_report(report))


def _title(options: argparse.Namespace) -> str:
    if options.bag is not None:
        return f'{Path(options.bag).name}, through the nodes, seed {options.seed}'
    return f'demo, simulated drive, seed {options.seed}'


def _recorded(
    recording: Path,
    nodes: Sequence[DemoNode],
    drive: RecordedDrive,
    datum: GeodeticPosition,
) -> list[Trajectory]:
    """The trajectories that the nodes published, with their latencies, about one datum."""
    found = []
    with BagReader(recording) as bag:
        inputs = arrivals(bag, _SENSOR_TOPICS)
        for node in nodes:
            topic = f'/{node.namespace}/pose'
            outputs = arrivals(bag, [topic])
            if len(outputs[0]) == 0:
                raise EvaluationError(
                    f'{node.namespace} published no pose; its log is {recording.parent}/logs/'
                    f'{node.namespace}.log'
                )
            trajectory = about_datum(read_topic(bag, topic, node.trajectory), datum)
            by_stamp = dict(zip(outputs[0].tolist(), latency_ms(*outputs, *inputs), strict=True))
            latencies = [by_stamp[stamp] for stamp in trajectory.stamps_ns.tolist()]
            source = f'{describe(node.settings, drive.received)}; published by the node'
            found.append(
                dataclasses.replace(trajectory, latency_ms=np.array(latencies), source=source)
            )
    return found


def _agreement(node: Trajectory, offline: Trajectory) -> str:
    """How far the node and the offline run are apart at common stamps."""
    common, ours, theirs = np.intersect1d(node.stamps_ns, offline.stamps_ns, return_indices=True)
    if len(common) == 0:
        return 'node and offline run have no stamp in common'
    apart = node.positions_enu_m[ours] - offline.positions_enu_m[theirs]
    distance = np.hypot(apart[:, 0], apart[:, 1])
    return (
        f'node and offline run, at {len(common)} common stamps: median '
        f'{1000.0 * float(np.median(distance)):.3f} mm apart, at most '
        f'{1000.0 * float(np.max(distance)):.3f} mm'
    )
