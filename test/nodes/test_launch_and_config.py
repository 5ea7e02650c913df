# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Launch files, parameter files, RViz config and Fast DDS profile against what the nodes are."""

from __future__ import annotations

import ast
import importlib.util
import os
from pathlib import Path
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest
import rclpy
from rclpy.parameter import Parameter
import yaml

from geoloc_ros.cli.config_file import load_settings
from geoloc_ros.nodes import config_files
from geoloc_ros.nodes.cross_view_node import CrossViewNode
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.map_server_node import MapServerNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.nodes.replay_node import ReplayNode
from geoloc_ros.ros.transport import transport_environment

ROOT = Path(__file__).resolve().parents[2]
NODES = {
    'particle_filter_node': ParticleFilterNode,
    'kalman_filter_node': KalmanFilterNode,
    'cross_view_node': CrossViewNode,
    'map_server_node': MapServerNode,
    'replay_node': ReplayNode,
}
#: Displays of RViz by the message type they show.
DISPLAYS = {
    'rviz_default_plugins/Path': 'nav_msgs/msg/Path',
    'rviz_default_plugins/PoseWithCovariance': 'geometry_msgs/msg/PoseWithCovarianceStamped',
    'rviz_default_plugins/PoseArray': 'geometry_msgs/msg/PoseArray',
    'rviz_default_plugins/PointCloud2': 'sensor_msgs/msg/PointCloud2',
    'rviz_default_plugins/Map': 'nav_msgs/msg/OccupancyGrid',
    'rviz_default_plugins/Image': 'sensor_msgs/msg/Image',
}
#: Displays of what the camera's nodes publish; their own tests say that they do.
OF_THE_CAMERA = {
    'map/raster': 'sensor_msgs/msg/PointCloud2',
    'cross_view/heatmap': 'nav_msgs/msg/OccupancyGrid',
    'cross_view/best_match': 'sensor_msgs/msg/Image',
}
OF_RCLPY = ('use_sim_time', 'start_type_description_service', 'qos_overrides')


@pytest.fixture(scope='module', autouse=True)
def ros_is_up():
    rclpy.init()
    yield
    rclpy.try_shutdown()


def flat(tree, prefix=''):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f'{prefix}{name}.')
        else:
            yield prefix + name, value


@pytest.mark.parametrize('file', config_files.CONFIG_FILES, ids=lambda file: file.name)
def test_the_parameter_file_is_what_the_declarations_say(file):
    text = (ROOT / 'config' / file.name).read_text(encoding='utf-8')
    assert text == config_files.text_of(file), (
        'config/ has drifted; run: python -m geoloc_ros.nodes.config_files config '
        'docs/parameters.md'
    )
    assert load_settings(ROOT / 'config' / file.name, file.node_name, file.settings_type) == (
        file.settings_type()
    )


@pytest.mark.parametrize('file', config_files.CONFIG_FILES, ids=lambda file: file.name)
def test_the_keys_of_the_file_are_the_parameters_of_the_node(file):
    document = yaml.safe_load((ROOT / 'config' / file.name).read_text(encoding='utf-8'))
    keys = {name for name, _ in flat(document[f'/**/{file.node_name}']['ros__parameters'])}
    off = [Parameter('autostart', value=False)]
    node = NODES[file.node_name](parameter_overrides=off)
    declared = {
        name for name in node.get_parameters_by_prefix('') if not name.startswith(OF_RCLPY)
    }
    node.destroy_node()
    assert keys == declared


def test_the_table_of_parameters_is_what_the_declarations_say():
    assert (ROOT / 'docs' / 'parameters.md').read_text(encoding='utf-8') == config_files.tables()


def test_ros_itself_reads_the_parameter_file(tmp_path):
    """A changed copy reaches a node started in a namespace."""
    text = (ROOT / 'config' / 'kalman_filter.yaml').read_text(encoding='utf-8')
    changed = tmp_path / 'changed.yaml'
    changed.write_text(text.replace('path_poses: 2000', 'path_poses: 123'), encoding='utf-8')
    code = (
        'import rclpy; rclpy.init(args=sys.argv)\n'
        'from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode\n'
        'node = KalmanFilterNode()\n'
        'print(node.get_fully_qualified_name(), node._loader.settings.display.path_poses)\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', f'import sys; sys.argv = ["x", "--ros-args", "--params-file", '
         f'{str(changed)!r}, "-r", "__ns:=/car"]\n' + code],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ['/car/kalman_filter_node', '123'], done.stderr


def kinds_by_topic(ends_of, topics):
    """Types of the end points of topics, as soon as each is known.

    A node learns of its own end points as discovery tells it, which takes a while under load.
    Asked topic by topic: an earlier node of the same name may not be forgotten yet.
    """
    deadline_s = time.monotonic() + 40.0
    found = {}
    while not topics <= found.keys() and time.monotonic() < deadline_s:
        for topic in topics - found.keys():
            ends = ends_of(topic)
            if ends:
                found[topic] = sorted({end.topic_type for end in ends})
        time.sleep(0.02)
    return found


@pytest.mark.parametrize('name', ['particle_filter_node', 'kalman_filter_node'])
def test_rviz_shows_topics_that_the_node_publishes(name):
    config = yaml.safe_load((ROOT / 'config' / 'localize.rviz').read_text(encoding='utf-8'))
    manager = config['Visualization Manager']
    assert manager['Global Options']['Fixed Frame'] == 'map'
    node = NODES[name]()
    every = [one for one in manager['Displays'] if 'Topic' in one]
    shown = [one for one in every if one['Topic']['Value'] not in OF_THE_CAMERA]
    camera = [one for one in every if one['Topic']['Value'] in OF_THE_CAMERA]
    assert {one['Topic']['Value']: DISPLAYS[one['Class']] for one in camera} == OF_THE_CAMERA
    (pose_tool,) = [tool for tool in manager['Tools'] if 'Topic' in tool]
    awaited = {'/' + one['Topic']['Value'] for one in shown} | {'/tf'}
    published = kinds_by_topic(node.get_publishers_info_by_topic, awaited)
    heard = kinds_by_topic(
        node.get_subscriptions_info_by_topic, {'/' + pose_tool['Topic']['Value']}
    )
    node.destroy_node()
    assert {one['Topic']['Value'] for one in shown} == {
        'pose', 'path', 'path/raw', 'path/truth', 'particles',
    }  # fmt: skip
    for display in shown:
        kinds = published.get('/' + display['Topic']['Value'])
        assert kinds == [DISPLAYS[display['Class']]], display['Name']
    classes = {one['Class'] for one in manager['Displays']}
    assert 'rviz_default_plugins/TF' in classes
    assert published['/tf'] == ['tf2_msgs/msg/TFMessage']
    assert list(heard.values()) == [['geometry_msgs/msg/PoseWithCovarianceStamped']]


def test_the_transport_profile_has_the_segment_and_the_buffers():
    (path,) = transport_environment({'ROS_DISTRO': 'kilted'}).values()
    text = Path(path).read_text(encoding='utf-8')
    root = ElementTree.fromstring(text)
    found = {element.tag.rsplit('}')[-1]: element.text for element in root.iter()}
    assert found['segment_size'] == str(64 * 1024 * 1024)
    assert found['receiveBufferSize'] == found['sendBufferSize'] == str(4 * 1024 * 1024)


def test_a_profile_of_the_user_is_kept_and_old_distributions_get_the_old_name():
    assert transport_environment({'FASTRTPS_DEFAULT_PROFILES_FILE': 'mine.xml'}) == {}
    assert list(transport_environment({'ROS_DISTRO': 'humble'})) == [
        'FASTRTPS_DEFAULT_PROFILES_FILE'
    ]
    assert list(transport_environment({})) == ['FASTDDS_DEFAULT_PROFILES_FILE']


@pytest.mark.parametrize('name', ['localize', 'replay'])
def test_launch_files_only_wire(name):
    tree = ast.parse((ROOT / 'launch' / f'{name}.launch.py').read_text(encoding='utf-8'))
    modules = {
        (node.module or '').split('.')[0] if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert modules == {'launch', 'launch_ros'}
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert 'generate_launch_description' in functions


def test_a_bag_is_played_under_the_namespace_of_the_filter():
    tree = ast.parse((ROOT / 'launch' / 'localize.launch.py').read_text(encoding='utf-8'))
    (replay,) = [one for one in tree.body if getattr(one, 'name', '') == 'replay']
    given = {
        key.value: ast.unparse(value)
        for node in ast.walk(replay)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
    }
    assert given['prefix'] == given['namespace'] == "LaunchConfiguration('namespace')"
    assert given['wait_for'] == "LaunchConfiguration('fix')"


@pytest.mark.parametrize(
    ('name', 'wanted'),
    [
        (
            'localize',
            {'params_file', 'filter', 'namespace', 'use_sim_time', 'rviz', 'bag', 'log_level',
             'fix', 'odom', 'imu', 'cross_view', 'map', 'weights', 'imagery', 'image',
             'camera_info'},
        ),
        ('replay', {'bag', 'rate', 'loop', 'log_level'}),
    ],
)  # fmt: skip
def test_launch_files_load_in_the_real_launch(name, wanted):
    if importlib.util.find_spec('launch_ros') is None:
        pytest.skip('launch and launch_ros are not installed here (they come with a distribution)')
    path = ROOT / 'launch' / f'{name}.launch.py'
    spec = importlib.util.spec_from_file_location(f'{name}_launch', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    arguments = module.generate_launch_description().get_launch_arguments()
    assert wanted <= {argument.name for argument in arguments}
    assert all(argument.description for argument in arguments)
