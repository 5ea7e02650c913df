# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Plays a bag, with the Fast DDS profile that carries images between processes.

ros2 launch geoloc_ros replay.launch.py bag:=drive.mcap rate:=2.0
"""

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
    PythonExpression,
)
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
        DeclareLaunchArgument(
            'wait_for', default_value="''", description='topic that must be listened to first'
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
                'wait_for': ParameterValue(
                    ['[', LaunchConfiguration('wait_for'), ']'], value_type=list[str]
                ),
            },
        ],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def profile_variable() -> PythonExpression:
    """Name of the variable Fast DDS reads: another one up to Jazzy than since Kilted."""
    distribution = EnvironmentVariable('ROS_DISTRO', default_value='kilted')
    old = "('humble', 'iron', 'jazzy')"
    return PythonExpression(
        [
            "('FASTRTPS' if '",
            distribution,
            f"' in {old} else 'FASTDDS') + '_DEFAULT_PROFILES_FILE'",
        ]
    )


def generate_launch_description() -> LaunchDescription:
    """The description that ``ros2 launch`` asks for."""
    profile = PathJoinSubstitution([PACKAGE, 'config', 'fastdds_profile.xml'])
    return LaunchDescription(
        [
            *arguments(),
            SetEnvironmentVariable(profile_variable(), profile),
            replay_node(),
        ]
    )
