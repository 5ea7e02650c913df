# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Plays a bag, with the Fast DDS profile that carries images between processes.

ros2 launch geoloc_ros replay.launch.py bag:=drive.mcap rate:=2.0
"""

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

PACKAGE = FindPackageShare('geoloc_ros')


def arguments() -> list[DeclareLaunchArgument]:
    """What can be set, each with its meaning."""
    return [
        DeclareLaunchArgument('bag', description='rosbag2 folder, .mcap or .db3 file'),
        DeclareLaunchArgument('rate', default_value='1.0', description='speed over real time'),
        DeclareLaunchArgument('loop', default_value='false', description='start over at the end'),
        DeclareLaunchArgument(
            'prefix', default_value='', description='put before every topic but /tf'
        ),
        DeclareLaunchArgument(
            'replay_params_file',
            default_value=PathJoinSubstitution([PACKAGE, 'config', 'replay.yaml']),
            description='parameters of the node',
        ),
        DeclareLaunchArgument('namespace', default_value='', description='of the node'),
        DeclareLaunchArgument(
            'log_level', default_value='info', description='debug, info, warn or error'
        ),
    ]


def replay_node() -> Node:
    """The node that plays."""
    return Node(
        package='geoloc_ros',
        executable='replay_node',
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            LaunchConfiguration('replay_params_file'),
            {
                'bag': ParameterValue(LaunchConfiguration('bag'), value_type=str),
                'rate': ParameterValue(LaunchConfiguration('rate'), value_type=float),
                'loop': ParameterValue(LaunchConfiguration('loop'), value_type=bool),
                'prefix': ParameterValue(LaunchConfiguration('prefix'), value_type=str),
            },
        ],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def generate_launch_description() -> LaunchDescription:
    """The description that ``ros2 launch`` asks for."""
    profile = PathJoinSubstitution([PACKAGE, 'config', 'fastdds_profile.xml'])
    return LaunchDescription(
        [
            *arguments(),
            SetEnvironmentVariable('FASTRTPS_DEFAULT_PROFILES_FILE', profile),
            replay_node(),
        ]
    )
