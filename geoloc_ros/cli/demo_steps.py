# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Steps that the demos share: what is run, recorded, and read back."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import importlib.util
from pathlib import Path
import shutil
import sys
import time

import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.bag_trajectory import read_topic
from geoloc_ros.cli.comparison import RecordedDrive, describe
from geoloc_ros.cli.latency import arrivals, latency_ms
from geoloc_ros.cli.processes import ProcessGroup
from geoloc_ros.cli.ros_command import ros_command
from geoloc_ros.cli.ros_environment import (
    RosEnvironmentError,
    project_folder,
    ros_environment,
)
from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation.reference import about_datum
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.ros.node_settings import KalmanNodeSettings, ParticleNodeSettings
from geoloc_ros.types import GeodeticPosition

SENSOR_TOPICS = ('/fix', '/odom', '/imu')
#: Of an ordinary car; a Python executor takes some 500 messages a second on a busy core.
SENSOR_RATES = ('odometry.wheel_rate_hz=25', 'odometry.imu_rate_hz=50')
SIMULATED_NOTE = 'the drive is simulated: these figures say nothing about real streets'
LATENCY_NOTE = (
    'latency: wall-clock time from the arrival of the first measurement at or past the stamp of '
    'an estimate to the arrival of the estimate'
)
DRAIN_S = 1.0
PATIENCE_S = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class DemoNode:
    """A filter node of the demo: its namespace, its trajectory's name, whether it gets scores."""

    namespace: str
    module: str
    trajectory: str
    settings: ParticleNodeSettings | KalmanNodeSettings
    publishes_tf: bool
    sees: bool = False


def say(started_s: float, text: str) -> None:
    """Print with the time since the start."""
    print(f'[{time.monotonic() - started_s:5.1f} s] {text}', flush=True)


def simulation_folder() -> Path:
    """Where the simulation lies in a checkout."""
    return project_folder() / 'simulation'


def check_prerequisites(*, simulated: bool) -> None:
    """Refuse to begin without what the demo needs.

    Raises:
        RosEnvironmentError: the simulation or rclpy is missing.
    """
    if simulated and not (simulation_folder() / 'geoloc_sim').is_dir():
        raise RosEnvironmentError(
            f'the demo needs the simulation, which is not at {simulation_folder()}: it is part '
            'of the project, not of the installed package; run "make demo" in a checkout, or '
            '"geoloc localize" on a drive of your own'
        )
    if importlib.util.find_spec('rclpy') is None:
        raise RosEnvironmentError(
            'the demo needs rclpy, which this Python has not; run "make demo", which installs it, '
            'or source a ROS distribution'
        )


def environment() -> dict[str, str]:
    """Of the processes that a demo starts."""
    folders = [str(project_folder()), str(simulation_folder()), *filter(None, sys.path)]
    return {**ros_environment(), 'PYTHONPATH': ':'.join(folders)}


def remove_bag(folder: Path) -> None:
    """Remove the bag that an earlier demo left, and nothing else.

    Raises:
        RosEnvironmentError: something else is there.
    """
    if (folder / 'metadata.yaml').is_file():
        shutil.rmtree(folder)
    elif folder.exists():
        raise RosEnvironmentError(f'{folder} is in the way and is no bag; remove it')


def filter_command(node: DemoNode) -> list[str]:
    """Command line of a filter node."""
    parameters = {
        'use_sim_time': True,
        'seed': node.settings.seed,
        'publish_tf': node.publishes_tf,
    }
    rules = [f'__ns:=/{node.namespace}', *(f'{topic[1:]}:={topic}' for topic in SENSOR_TOPICS)]
    return ros_command(node.module, parameters, rules)


def recorder_command(
    recording: Path, nodes: Sequence[DemoNode], others: Sequence[str] = ()
) -> list[str]:
    """Command line of the recorder: inputs, poses, datums and others (as it takes them)."""
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
    return ros_command(
        'geoloc_ros.nodes.recorder_node',
        {'path': str(recording), 'topics': [*topics, *others]},
    )


def replay_command(
    bag: Path,
    nodes: Sequence[DemoNode],
    rate: float,
    *,
    played: Sequence[str] = (),
    awaited: Sequence[str] = (),
) -> list[str]:
    """Command line of the player of the sensors and ``played``, once all listen."""
    waited = [f'/{node.namespace}/{topic}' for node in nodes for topic in ('initialpose', 'pose')]
    topics = [*SENSOR_TOPICS, '/tf_static', *played]
    return ros_command(
        'geoloc_ros.nodes.replay_node',
        {
            'bag': str(bag),
            'rate': rate,
            'topics': topics,
            'wait_for': [*waited, *awaited],
        },
    )


def play(
    processes: ProcessGroup, command: Sequence[str], drive: RecordedDrive, rate: float
) -> None:
    """Play a drive to nodes that run, to its end."""
    player = processes.start('replay', command)
    first_ns, last_ns = drive.received[0], drive.received[-1]
    duration_s = (last_ns.receive_stamp_ns - first_ns.receive_stamp_ns) / 1e9
    processes.wait_for(player, duration_s / rate + PATIENCE_S)
    time.sleep(DRAIN_S)


def recorded(
    recording: Path,
    nodes: Sequence[DemoNode],
    drive: RecordedDrive,
    datum: GeodeticPosition,
) -> list[Trajectory]:
    """The trajectories that the nodes published, with their latencies, about one datum.

    Raises:
        EvaluationError: a node published none.
    """
    found = []
    with BagReader(recording) as bag:
        inputs = arrivals(bag, SENSOR_TOPICS)
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
            seen = ', camera' if node.sees else ''
            source = f'{describe(node.settings, drive.received)}{seen}; published by the node'
            found.append(
                dataclasses.replace(trajectory, latency_ms=np.array(latencies), source=source)
            )
    return found
