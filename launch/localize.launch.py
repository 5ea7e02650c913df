# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A filter node, and on request the camera's matcher with its map, RViz and a bag.

ros2 launch geoloc_ros localize.launch.py filter:=kalman fix:=/gnss/fix rviz:=true
ros2 launch geoloc_ros localize.launch.py cross_view:=true map:=/maps/town weights:=NAME \
    imagery:=/maps/town.tif image:=/camera/image_raw camera_info:=/camera/camera_info
"""

from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
    PythonExpression,
)
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

#: Topics of the node that can be given another name, and what they carry.
TOPICS = {
    'fix': 'NavSatFix of the receiver',
    'fix_corrected': 'NavSatFix that takes the place of the fix of the same stamp',
    'odom': 'Odometry, used as motion',
    'twist': 'TwistWithCovarianceStamped, used as motion',
    'imu': 'Imu, for its yaw rate',
}
#: Topics of the camera.
CAMERA_TOPICS = {
    'image': 'Image of the camera',
    'image_compressed': 'CompressedImage of the camera (camera.transport compressed)',
    'camera_info': 'CameraInfo of the camera',
}
PACKAGE = FindPackageShare('geoloc_ros')


def arguments() -> list[DeclareLaunchArgument]:
    """What can be set, each with its meaning."""
    default_params = [
        PathJoinSubstitution([PACKAGE, 'config', '']),
        LaunchConfiguration('filter'),
        '_filter.yaml',
    ]
    own = [
        DeclareLaunchArgument(
            'filter',
            default_value='particle',
            choices=['particle', 'kalman'],
            description='which filter node',
        ),
        DeclareLaunchArgument(
            'params_file', default_value=default_params, description='parameters of the node'
        ),
        DeclareLaunchArgument(
            'namespace',
            default_value='',
            description='of every node here, and of the topics of the bag; with one, give the '
            'topics without a leading slash (fix:=gnss/fix)',
        ),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', description='take time from /clock'
        ),
        DeclareLaunchArgument('rviz', default_value='false', description='open RViz'),
        DeclareLaunchArgument(
            'bag', default_value='', description='a rosbag2 to play (set use_sim_time too)'
        ),
        DeclareLaunchArgument('rate', default_value='1.0', description='speed of the bag'),
        DeclareLaunchArgument(
            'log_level', default_value='info', description='debug, info, warn or error'
        ),
    ]
    topics = [
        DeclareLaunchArgument(name, default_value=name.replace('_', '/'), description=meaning)
        for name, meaning in {**TOPICS, **CAMERA_TOPICS}.items()
        if name != 'camera_info'
    ]
    return [*own, *topics, *camera_arguments()]


def camera_arguments() -> list[DeclareLaunchArgument]:
    """What the matcher needs."""
    return [
        DeclareLaunchArgument(
            'cross_view',
            default_value='false',
            description='match the camera against a map; the map then places the origin of map',
        ),
        DeclareLaunchArgument(
            'map', default_value='', description='folder made by "geoloc map build"'
        ),
        DeclareLaunchArgument(
            'weights', default_value='', description='name or path of the weights of the map'
        ),
        DeclareLaunchArgument(
            'imagery', default_value='', description='aerial imagery to show in RViz'
        ),
        DeclareLaunchArgument(
            'input_domain', default_value='real', description='what the images show'
        ),
        DeclareLaunchArgument(
            'camera_info', default_value='camera_info', description='CameraInfo of the camera'
        ),
        DeclareLaunchArgument(
            'cross_view_params_file',
            default_value=PathJoinSubstitution([PACKAGE, 'config', 'cross_view.yaml']),
            description='parameters of the matcher',
        ),
    ]


def filter_node(*, with_map: bool) -> Node:
    """The node the argument ``filter`` names; with a map, that one says where ``map`` is."""
    cross_view = LaunchConfiguration('cross_view')
    return Node(
        condition=IfCondition(cross_view) if with_map else UnlessCondition(cross_view),
        package='geoloc_ros',
        executable=[LaunchConfiguration('filter'), '_filter_node'],
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            LaunchConfiguration('params_file'),
            {'use_sim_time': LaunchConfiguration('use_sim_time')},
            *([{'datum.source': 'topic'}] if with_map else []),
        ],
        remappings=[(name.replace('_', '/'), LaunchConfiguration(name)) for name in TOPICS],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def cross_view_node() -> Node:
    """The camera's matcher. Thread pools of BLAS and of the network would fight."""
    return Node(
        condition=IfCondition(LaunchConfiguration('cross_view')),
        package='geoloc_ros',
        executable='cross_view_node',
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            LaunchConfiguration('cross_view_params_file'),
            {
                'use_sim_time': LaunchConfiguration('use_sim_time'),
                'map': LaunchConfiguration('map'),
                'imagery': LaunchConfiguration('imagery'),
                'network.weights': LaunchConfiguration('weights'),
                'input_domain': LaunchConfiguration('input_domain'),
            },
        ],
        remappings=[
            (name.replace('image_', 'image/'), LaunchConfiguration(name))
            for name in ('fix', *CAMERA_TOPICS)
        ],
        additional_env={'OPENBLAS_NUM_THREADS': '1'},
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def map_server_node() -> Node:
    """Where ``map`` is, and the aerial image for RViz."""
    return Node(
        condition=IfCondition(LaunchConfiguration('cross_view')),
        package='geoloc_ros',
        executable='map_server_node',
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            PathJoinSubstitution([PACKAGE, 'config', 'map_server.yaml']),
            {
                'use_sim_time': LaunchConfiguration('use_sim_time'),
                'map': LaunchConfiguration('map'),
                'imagery': LaunchConfiguration('imagery'),
            },
        ],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def rviz_node() -> Node:
    """RViz with our displays."""
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', PathJoinSubstitution([PACKAGE, 'config', 'localize.rviz'])],
        parameters=[{'use_sim_time': LaunchConfiguration('use_sim_time')}],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )


def replay() -> IncludeLaunchDescription:
    """The bag, when one is named.

    Its topics go out under the namespace, where the filter listens; ``wait_for`` is a name in the
    node's namespace and hence the same.
    """
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([PACKAGE, 'launch', 'replay.launch.py'])
        ),
        launch_arguments={
            'bag': LaunchConfiguration('bag'),
            'rate': LaunchConfiguration('rate'),
            'namespace': LaunchConfiguration('namespace'),
            'prefix': LaunchConfiguration('namespace'),
            'wait_for': LaunchConfiguration('fix'),
            'log_level': LaunchConfiguration('log_level'),
        }.items(),
        condition=IfCondition(PythonExpression(["'", LaunchConfiguration('bag'), "' != ''"])),
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
            filter_node(with_map=False),
            filter_node(with_map=True),
            cross_view_node(),
            map_server_node(),
            rviz_node(),
            replay(),
        ]
    )
