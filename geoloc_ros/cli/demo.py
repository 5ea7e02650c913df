# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``geoloc demo``: a drive through the real nodes over DDS, compared with the truth.

The drive is one through a simulated city: with a camera where weights are shipped
(``demo_sight``). Without them, without a camera or on a bag the simulation writes a bag, and
``replay_node`` plays it to ``particle_filter_node`` and ``kalman_filter_node``, while
``recorder_node`` writes down what they publish and when.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
import signal
import time
from types import FrameType

import numpy as np

from geoloc_ros.cli import demo_sight
from geoloc_ros.cli.comparison import FUSED_NAME, RecordedDrive, localize_drive
from geoloc_ros.cli.demo_steps import (
    LATENCY_NOTE,
    PATIENCE_S,
    SIMULATED_NOTE,
    DemoNode,
    check_prerequisites,
    environment,
    filter_command,
    play,
    recorded,
    recorder_command,
    remove_bag,
    replay_command,
    say,
)
from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.processes import ProcessGroup
from geoloc_ros.cli.subparsers import (
    Subparsers,
    command_line,
    positive_number,
    whole_number,
)
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.output import FIGURE_NAME, write_output
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.evaluation.sight_plot import write_sight_plot
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.ros.node_settings import KalmanNodeSettings, ParticleNodeSettings


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
        description='Simulates a drive through a city with a camera, builds the map of its '
        'aerial image, replays the drive to the nodes over DDS, and compares everything with the '
        'truth. Without weights in models/, or with --no-camera or --bag, the particle and the '
        'Kalman filter node localize without a camera.',
    )
    parser.add_argument('--out', type=Path, default=Path('out/demo'), help='folder to write')
    parser.add_argument(
        '--seed', type=whole_number, default=1, help='of the drive, its day, the filters'
    )
    parser.add_argument(
        '--distance-m', type=float, default=700.0, help='length of the drive (default: 700)'
    )
    parser.add_argument(
        '--city',
        choices=sorted(demo_sight.WORLDS),
        default='known',
        help='one that the weights were trained on (the day is new), or one they never saw',
    )
    parser.add_argument(
        '--weights', default='', help='name in models/manifest.json or file (default: shipped)'
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--no-camera', action='store_true', help='the same city and day, without a camera'
    )
    source.add_argument(
        '--bag', type=Path, help='a recorded drive (fix, odom, imu) instead of a simulated one'
    )
    parser.add_argument(
        '--rate',
        type=positive_number,
        default=2.0,
        help='of the replay over real time (default: 2)',
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out ``demo``."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        if options.bag is None and not options.no_camera:
            weights = options.weights or demo_sight.shipped_weights()
            if weights:
                return demo_sight.run(options, weights)
        return _run_without_camera(options)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _run_without_camera(options: argparse.Namespace) -> int:
    started_s = time.monotonic()
    out: Path = options.out
    simulated = options.bag is None
    bag, recording = out / 'drive' if simulated else options.bag, out / 'recording'
    check_prerequisites(simulated=simulated)
    out.mkdir(parents=True, exist_ok=True)
    for folder in (bag, recording) if simulated else (recording,):
        remove_bag(folder)
    with ProcessGroup(out / 'logs', environment()) as processes:
        if simulated:
            say(started_s, f'driving {options.distance_m:g} m through a simulated city')
            demo_sight.simulate(bag, _imagery(options), options, pictures=False)
        drive = read_drive(bag, node_topics(_nodes(options.seed)[0].settings.sources))
        say(started_s, f'replaying it to the nodes, {options.rate:g} times real time')
        _replay(processes, bag, recording, drive, options)
    say(started_s, 'localizing the same drive offline')
    _evaluate(drive, recording, options)
    say(started_s, f'done; see {out / "report.md"}')
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite request to end as Ctrl-C, so that the children are ended too."""
    del number, frame
    raise KeyboardInterrupt


def _imagery(options: argparse.Namespace) -> Path:
    """Where the aerial image of the city is drawn."""
    return Path(options.out) / 'imagery.tif'


def _replay(
    processes: ProcessGroup,
    bag: Path,
    recording: Path,
    drive: RecordedDrive,
    options: argparse.Namespace,
) -> None:
    """Play the bag to the nodes and record what they say."""
    nodes = _nodes(options.seed)
    recorder = processes.start('recorder', recorder_command(recording, nodes))
    children = [processes.start(node.namespace, filter_command(node)) for node in nodes]
    for node in nodes:
        processes.wait_for_words(recorder, f'hearing /{node.namespace}/pose', PATIENCE_S)
    play(processes, replay_command(bag, nodes, options.rate), drive, options.rate)
    for child in (*children, recorder):
        processes.check_running(child)
    for child in (recorder, *children):
        processes.stop(child)


def _evaluate(drive: RecordedDrive, recording: Path, options: argparse.Namespace) -> None:
    """Compare what was recorded, and the same offline, with the truth."""
    nodes = _nodes(options.seed)
    offline = localize_drive(drive, nodes[0].settings, options.seed)
    raw, filtered, fused_offline = offline.trajectories
    published = recorded(recording, nodes, drive, raw.datum)
    fused_offline = dataclasses.replace(
        fused_offline,
        name='fused_offline',
        source=f'{fused_offline.source}; the same core offline ("geoloc localize")',
    )
    trajectories = [raw, filtered, *published, fused_offline]
    report = make_report(
        _title(options),
        trajectories,
        offline.truth,
        command=command_line(),
        notes=[
            *([] if options.bag else [SIMULATED_NOTE]),
            f'replayed {options.rate:g} times as fast as real time',
            LATENCY_NOTE,
            *(_agreement(one, fused_offline) for one in published if one.name == FUSED_NAME),
            *offline.notes,
        ],
    )
    write_output(options.out, report, trajectories, offline.truth)
    if options.bag is None:
        imagery = open_imagery(_imagery(options))
        write_sight_plot(
            options.out / FIGURE_NAME, trajectories, offline.truth, report.drive, imagery, None
        )
    print(tables.terminal_report(report))


def _title(options: argparse.Namespace) -> str:
    if options.bag is not None:
        return f'{Path(options.bag).name}, through the nodes, seed {options.seed}'
    return f'demo, simulated drive through a city, without a camera, seed {options.seed}'


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
