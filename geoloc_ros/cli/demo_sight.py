# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The demo with a camera: a day in a simulated city, its map, and the nodes that see.

The simulation draws the aerial image and, on a day of its own, films a drive. From the image a map
is built around the fixes. ``replay_node`` plays the drive to ``cross_view_node`` and to two
``particle_filter_node``: ``fused`` hears what the camera scores, ``no_camera`` does not.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.comparison import FUSED_NAME, RecordedDrive, localize_drive
from geoloc_ros.cli.demo_steps import (
    LATENCY_NOTE,
    PATIENCE_S,
    SENSOR_RATES,
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
from geoloc_ros.cli.map_network import MapNetwork
from geoloc_ros.cli.processes import ProcessGroup
from geoloc_ros.cli.ros_command import ros_command
from geoloc_ros.cli.subparsers import command_line
from geoloc_ros.errors import EvaluationError, NetworkError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.metrics import position_errors
from geoloc_ros.evaluation.output import FIGURE_NAME, write_output
from geoloc_ros.evaluation.report import make_report
from geoloc_ros.evaluation.sight_plot import Query, write_sight_plot
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.map_store.build import BuildOptions, build_map
from geoloc_ros.map_store.descriptor_store import remove_map
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.pictures import image_rgb_u8
from geoloc_ros.messages.scores import heat_of_cells, score_lattice
from geoloc_ros.networks.weights import MANIFEST_NAME, load_network, models_folder, read_manifest
from geoloc_ros.ros.node_settings import ParticleNodeSettings

#: Seeds of the simulated cities by what the shipped weights know of them.
WORLDS = {'known': 0, 'unseen': 100}
#: Days from this one on are never trained on.
FIRST_TEST_DAY = 1000
IMAGE_TOPICS = ('/camera/image/compressed', '/camera/camera_info')
SCORES_TOPIC = '/particle/cross_view/scores'
_IMAGE_RATE_HZ = 5.0
_SIMULATION_TIMEOUT_S = 400.0
_COARSE_GSD_M = 0.5
_MAP_MARGIN_M = 60.0
_GLOBAL = 'global'


def shipped_weights(*, of_global_training: bool = False) -> str:
    """Name of the first weights in the manifest of one training or the other; empty for none."""
    try:
        folder = models_folder()
    except NetworkError:
        return ''
    entries = read_manifest(folder / MANIFEST_NAME)
    fitting = (name for name in entries if (_GLOBAL in name) == of_global_training)
    return next(fitting, '')


def run(options: argparse.Namespace, weights: str) -> int:
    """Carry out the demo with a camera."""
    started_s = time.monotonic()
    out: Path = options.out
    bag, recording, map_folder = out / 'drive', out / 'recording', out / 'map'
    imagery = out / 'imagery.tif'
    check_prerequisites(simulated=True)
    network = MapNetwork(load_network(weights, threads=1))
    out.mkdir(parents=True, exist_ok=True)
    for folder in (bag, recording):
        remove_bag(folder)
    if map_folder.exists():
        remove_map(map_folder)
    say(
        started_s,
        f'filming a drive of {options.distance_m:g} m on day {_day(options)} in city '
        f'{WORLDS[options.city]}, and drawing the city from above',
    )
    simulate(bag, imagery, options)
    drive = read_drive(bag, node_topics(_nodes(options.seed)[0].settings.sources))
    say(started_s, f'building the map with {weights}')
    _build(imagery, map_folder, network, drive)
    say(started_s, f'replaying the drive to the nodes, {options.rate:g} times real time')
    with ProcessGroup(out / 'logs', environment()) as processes:
        _replay(processes, bag, recording, map_folder, weights, drive, options)
    say(started_s, 'comparing with the truth')
    _evaluate(drive, bag, recording, imagery, options)
    say(started_s, f'done; see {out / "report.md"}')
    return 0


def _nodes(seed: int) -> tuple[DemoNode, ...]:
    module, settings = 'geoloc_ros.nodes.particle_filter_node', ParticleNodeSettings(seed=seed)
    return (
        DemoNode('no_camera', module, 'no_camera', settings, publishes_tf=False),
        DemoNode('particle', module, FUSED_NAME, settings, publishes_tf=True, sees=True),
    )


def _day(options: argparse.Namespace) -> int:
    return FIRST_TEST_DAY + int(options.seed)


def simulate(
    bag: Path, imagery: Path, options: argparse.Namespace, *, pictures: bool = True
) -> None:
    """Drive through the city and draw its aerial image, side by side.

    Args:
        bag: to be written; filmed by a camera where ``pictures``.
        imagery: GeoTIFF to be written.
        options: of the command.
        pictures: whether there is a camera; without one the aerial image is a coarse one.
    """
    logs, variables = options.out / 'logs', environment()
    world = ['--world', str(WORLDS[options.city])]
    begin = [sys.executable, '-m', 'geoloc_sim']
    drive = [
        *(*begin, 'drive', *world, '--out', str(bag), '--day', str(_day(options))),
        *('--seed', str(_day(options)), '--distance-m', str(options.distance_m)),
        *('--rate-hz', f'{_IMAGE_RATE_HZ:g}', '--set', *SENSOR_RATES),
    ]
    aerial = [*begin, 'aerial', *world, '--out', str(imagery)]
    if not pictures:
        drive.append('--no-pictures')
        aerial += ['--gsd', f'{_COARSE_GSD_M:g}']
    with ProcessGroup(logs, variables) as filming, ProcessGroup(logs, variables) as flying:
        film = filming.start('simulation', drive)
        flight = flying.start('aerial', aerial)
        flying.wait_for(flight, _SIMULATION_TIMEOUT_S)
        filming.wait_for(film, _SIMULATION_TIMEOUT_S)


def _build(imagery: Path, folder: Path, network: MapNetwork, drive: RecordedDrive) -> None:
    """Build the map of the surroundings of the fixes."""
    source = open_imagery(imagery)
    fixes = [fix.position for fix in drive.fixes() if np.isfinite(fix.position.lat_deg)]
    if not fixes:
        raise EvaluationError(f'drive {drive.name} has no fix; expected some; take another seed')
    grid = grid_over(_surroundings(fixes[0].lat_deg, drive, source.bounds))
    options = BuildOptions(
        yaws_rad=network.reference_yaws_rad(16),
        ahead_m=network.network.contract.ahead_m,
        min_covered_share=0.5,
        datum=fixes[0],
    )
    with contextlib.closing(tqdm(total=grid.cell_count, unit='cell', disable=None)) as bar:
        build_map(
            source,
            grid,
            network,
            folder,
            lambda done, total: _show(bar, done, total),
            options=options,
        )


def _show(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


def _surroundings(lat_deg: float, drive: RecordedDrive, imagery: GeodeticBounds) -> GeodeticBounds:
    """What the fixes span and a margin, as far as there is imagery."""
    places = [fix.position for fix in drive.fixes() if np.isfinite(fix.position.lat_deg)]
    lats = [place.lat_deg for place in places]
    lons = [place.lon_deg for place in places]
    north = _MAP_MARGIN_M / 111_000.0
    east = north / float(np.cos(np.radians(lat_deg)))
    return GeodeticBounds(
        max(min(lons) - east, imagery.west_deg),
        max(min(lats) - north, imagery.south_deg),
        min(max(lons) + east, imagery.east_deg),
        min(max(lats) + north, imagery.north_deg),
    )


def _replay(
    processes: ProcessGroup,
    bag: Path,
    recording: Path,
    map_folder: Path,
    weights: str,
    drive: RecordedDrive,
    options: argparse.Namespace,
) -> None:
    """Play the bag to the nodes and record what they say."""
    nodes = _nodes(options.seed)
    others = [f'{SCORES_TOPIC} sensor_msgs/msg/PointCloud2 reliable']
    recorder = processes.start('recorder', recorder_command(recording, nodes, others))
    children = [processes.start(node.namespace, filter_command(node)) for node in nodes]
    children.append(processes.start('cross_view', _matcher_command(map_folder, weights)))
    for topic in (*(f'/{node.namespace}/pose' for node in nodes), SCORES_TOPIC):
        processes.wait_for_words(recorder, f'hearing {topic}', PATIENCE_S)
    command = replay_command(
        bag, nodes, options.rate, played=IMAGE_TOPICS, awaited=(*IMAGE_TOPICS, SCORES_TOPIC)
    )
    play(processes, command, drive, options.rate)
    for child in (*children, recorder):
        processes.check_running(child)
    for child in (recorder, *children):
        processes.stop(child)


def _matcher_command(map_folder: Path, weights: str) -> list[str]:
    return ros_command(
        'geoloc_ros.nodes.cross_view_node',
        {
            'use_sim_time': True,
            'map': str(map_folder),
            'network.weights': weights,
            'network.threads': 1,
            'input_domain': 'simulation',
            'camera.transport': 'compressed',
        },
        [
            '__ns:=/particle',
            'fix:=/fix',
            'image/compressed:=/camera/image/compressed',
            'camera_info:=/camera/camera_info',
        ],
    )


def _evaluate(
    drive: RecordedDrive, bag: Path, recording: Path, imagery: Path, options: argparse.Namespace
) -> None:
    """Compare what was recorded with the truth, in a table and a picture."""
    nodes = _nodes(options.seed)
    offline = localize_drive(drive, nodes[0].settings, options.seed)
    raw, filtered, _ = offline.trajectories
    trajectories = [raw, filtered, *recorded(recording, nodes, drive, raw.datum)]
    words = 'the weights know' if options.city == 'known' else 'the weights never saw'
    title = f'demo, simulated day {_day(options)} in a city that {words}, seed {options.seed}'
    report = make_report(
        title,
        trajectories,
        offline.truth,
        command=command_line(),
        notes=[
            SIMULATED_NOTE,
            'no_camera is the same filter node without the scores of the camera',
            f'replayed {options.rate:g} times as fast as real time',
            LATENCY_NOTE,
            *offline.notes,
        ],
    )
    write_output(options.out, report, trajectories, offline.truth)
    write_sight_plot(
        options.out / FIGURE_NAME,
        trajectories,
        offline.truth,
        title,
        open_imagery(imagery),
        _query(bag, recording, raw, offline.truth),
    )
    print(tables.terminal_report(report))


def _query(bag: Path, recording: Path, raw: Trajectory, truth: Trajectory | None) -> Query | None:
    """The picture, and its scores, where the fix is worst among those that were matched."""
    with BagReader(recording) as recorded_bag:
        lattices = {
            lattice.stamp_ns: lattice
            for lattice in (
                score_lattice(item.message) for item in recorded_bag.messages([SCORES_TOPIC])
            )
        }
    if not lattices:
        raise EvaluationError(
            'cross_view_node published no scores; expected some; its log is '
            f'{recording.parent}/logs/cross_view.log'
        )
    stamps = np.array(sorted(lattices), dtype=np.int64)
    wanted = int(stamps[len(stamps) // 2])
    if truth is not None:
        errors = position_errors(raw, truth, stamps)
        if not np.all(np.isnan(errors)):
            wanted = int(stamps[int(np.nanargmax(errors))])
    with BagReader(bag) as played:
        for item in played.messages([IMAGE_TOPICS[0]]):
            if stamp_ns(item.message.header.stamp) == wanted:
                return Query(
                    image_rgb_u8(item.message),
                    lattices[wanted],
                    heat_of_cells(lattices[wanted]),
                )
    return None
