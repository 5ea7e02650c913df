# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Real filter nodes over real DDS: values, frames, stamps, services, parameters."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
import sys
import time

from geometry_msgs.msg import PoseArray, TransformStamped
from lifecycle_msgs.msg import State
from nav_msgs.msg import Odometry
from nav_msgs.msg import Path as PathMessage
import numpy as np
import pytest
from rclpy.parameter import Parameter
from sensor_msgs.msg import NavSatFix
from std_srvs.srv import Trigger

from geoloc_ros.messages.outbound import set_header
from geoloc_ros.nodes.kalman_filter_node import KalmanFilterNode
from geoloc_ros.nodes.particle_filter_node import ParticleFilterNode
from geoloc_ros.ros.frames import FrameTree, StaticTransformBroadcaster, TransformBroadcaster
from geoloc_ros.settings import specs

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)

NODES = [ParticleFilterNode, KalmanFilterNode]


@pytest.mark.parametrize('kind', NODES)
def test_a_straight_drive_comes_out_in_map_at_round_stamps(run_filter, latched, kind):
    session = run_filter(kind)
    talker = session.talker
    talker.listen(Odometry, 'odometry/global')
    talker.listen(NavSatFix, 'fix/fused')
    talker.listen(NavSatFix, 'datum', latched())
    talker.listen(PathMessage, 'path')
    talker.listen(PathMessage, 'path/raw')
    talker.listen(PoseArray, 'particles')
    frames = FrameTree(talker)
    pose = session.drive(0, 12)
    assert pose.header.frame_id == 'map'
    assert bench.stamp_of(pose) == bench.stamp(12)
    assert bench.position(pose) == pytest.approx((120.0, 0.0), abs=1.5)
    yaw_rad = 2 * math.atan2(pose.pose.pose.orientation.z, pose.pose.pose.orientation.w)
    assert yaw_rad == pytest.approx(0.0, abs=0.1)
    covariance = np.array(pose.pose.covariance).reshape(6, 6)
    assert 0.01 < covariance[0, 0] < 9.0
    assert covariance[2, 2] == covariance[3, 3] == covariance[4, 4] == 0.0
    odometry = bench.wait_for(lambda: talker.received['odometry/global'])[-1]
    assert (odometry.header.frame_id, odometry.child_frame_id) == ('map', 'base_link')
    assert odometry.twist.twist.linear.x == pytest.approx(10.0, abs=0.5)
    fused = talker.received['fix/fused'][-1]
    enu_m = bench.DATUM.enu_from_geodetic(
        type(bench.ORIGIN)(fused.latitude, fused.longitude, fused.altitude)
    )
    assert enu_m[:2] == pytest.approx(bench.position(pose), abs=0.01)
    assert fused.header.frame_id == 'base_link'
    datum = bench.wait_for(lambda: talker.received['datum'])[0]
    assert (datum.latitude, datum.longitude, datum.altitude) == (49.0, 8.4, 100.0)
    map_from_base = bench.wait_for(
        lambda: frames.pose('map', 'base_link', bench.stamp(12)), 'map from base_link'
    )
    assert map_from_base.translation_m[:2] == pytest.approx(bench.position(pose), abs=1e-9)
    earth_from_map = bench.wait_for(lambda: frames.pose('earth', 'map'), 'earth from map')
    assert earth_from_map.translation_m == pytest.approx(bench.DATUM.ecef_from_enu()[1])
    for topic in ('path', 'path/raw', 'particles'):
        messages = talker.received[topic]
        bench.wait_for(lambda m=messages: m and len(m[-1].poses) >= 10, topic)
        assert messages[-1].header.frame_id == 'map'
    session.wait_for_status(': source fix', received='13', accepted='13')
    session.wait_for_status(': localizer', state='GPS_ONLY')


def test_a_corrected_fix_takes_the_place_of_the_fix(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 6)
    for tick in range(121, 180):
        seconds = tick / 20
        session.talker.say('odom', bench.odometry_message(seconds, 10.0))
        if seconds in (6.5, 7.0, 7.5, 8.0):
            way_m = 10 * seconds
            session.talker.say('fix/corrected', bench.fix_message(seconds, way_m, 0.0, 0.5))
            time.sleep(0.02)
            session.talker.say('fix', bench.fix_message(seconds, way_m, 6.0, 0.5))
        time.sleep(0.003)
    pose = session.pose_at(8.5)
    assert abs(bench.position(pose)[1]) < 1.0
    session.wait_for_status(': source fix', rejected__replaced='4')


def test_an_initial_pose_starts_the_filter_there(run_filter):
    session = run_filter(ParticleFilterNode)
    session.drive(0, 3)
    session.talker.say('initialpose', bench.pose_message(3, 500.0, 300.0, 1.0))
    for tick in range(61, 80):
        session.talker.say('odom', bench.odometry_message(tick / 20, 0.0))
    pose = session.pose_at(3.9)
    assert bench.position(pose) == pytest.approx((500.0, 300.0), abs=1.5)


def test_an_initial_pose_in_another_frame_is_named_and_left_out(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    wrong = bench.pose_message(3, 500.0, 300.0, 1.0, frame_id='odom')
    session.talker.say('initialpose', wrong)
    session.wait_for_status(': localizer', warning__wrong_frame='1')
    assert bench.position(session.drive(3.05, 5)) == pytest.approx((50.0, 0.0), abs=2.0)


def test_a_pose_observation_is_used(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 4)
    for second in (4.1, 4.2, 4.3, 4.4):
        session.talker.say('odom', bench.odometry_message(second, 10.0))
        session.talker.say(
            'pose_observation', bench.pose_message(second, 10 * second, 1.0, 0.0, 0.05)
        )
    session.wait_for_status(': source pose_observation', received='4', accepted='4')


@pytest.mark.parametrize('service', ['reset', 'relocalize'])
def test_services_start_anew(run_filter, service):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 5)
    client = session.talker.create_client(Trigger, service)
    assert client.wait_for_service(5.0)
    future = client.call_async(Trigger.Request())
    bench.wait_for(future.done, service)
    assert future.result().success
    session.wait_for_status(': localizer', state='INITIALIZING')
    pose = session.drive(6, 12, start=(1000.0, 0.0))
    assert bench.position(pose) == pytest.approx((1120.0, 0.0), abs=2.5)


def test_the_lever_arm_of_the_antenna_comes_from_tf(run_filter):
    session = run_filter(KalmanFilterNode)
    broadcaster = StaticTransformBroadcaster(session.talker)
    mounting = TransformStamped(child_frame_id='antenna')
    mounting.header.frame_id = 'base_link'
    mounting.transform.translation.x = 3.0
    mounting.transform.rotation.w = 1.0
    broadcaster.sendTransform(mounting)
    bench.wait_for(lambda: session.node._frames.pose('base_link', 'antenna'), 'the mounting')
    for tick in range(241):
        seconds = tick / 20
        session.talker.say('odom', bench.odometry_message(seconds, 10.0))
        if tick % 20 == 0:
            fix = bench.fix_message(seconds, 10 * seconds + 3.0, 0.0, 0.5, 'antenna')
            session.talker.say('fix', fix)
        time.sleep(0.001)
    assert bench.position(session.pose_at(12))[0] == pytest.approx(120.0, abs=0.8)


def test_an_antenna_that_tf_does_not_know_is_named(run_filter):
    session = run_filter(KalmanFilterNode)
    session.talker.say('fix', bench.fix_message(0, 0.0, 0.0, frame_id='nowhere'))
    session.wait_for_status(': localizer', warning__no_lever_arm='1')


def test_map_to_odom_where_somebody_owns_odom_to_base(run_filter):
    session = run_filter(KalmanFilterNode)
    broadcaster = TransformBroadcaster(session.talker)
    frames = FrameTree(session.talker)
    for tick in range(140):
        odom_from_base = TransformStamped(child_frame_id='base_link')
        set_header(odom_from_base.header, bench.stamp(tick / 20), 'odom')
        odom_from_base.transform.translation.x = 10 * tick / 20 + 77.0
        odom_from_base.transform.rotation.w = 1.0
        broadcaster.sendTransform(odom_from_base)
    node_frames = session.node._frames
    bench.wait_for(
        lambda: node_frames.pose('odom', 'base_link', bench.stamp(6.9)), 'odom from base_link'
    )
    pose = session.drive(0, 6)
    map_from_odom = bench.wait_for(
        lambda: frames.pose('map', 'odom', bench.stamp(6)), 'map from odom'
    )
    composed_m = map_from_odom.translation_m[0] + math.cos(0) * (60.0 + 77.0)
    assert composed_m == pytest.approx(bench.position(pose)[0], abs=0.5)
    map_from_base = frames.pose('map', 'base_link', bench.stamp(6))
    assert map_from_base.translation_m[:2] == pytest.approx(bench.position(pose), abs=1e-6)


def test_fixes_wait_for_the_datum_of_another_node(run_filter, latched):
    session = run_filter(KalmanFilterNode, {'datum.source': 'topic'})
    session.talker.say('fix', bench.fix_message(0, 0.0, 0.0))
    session.wait_for_status(': localizer', warning__not_initialized='1', state='INITIALIZING')
    place = bench.fix_message(0, 0.0, 0.0)
    place.latitude, place.longitude, place.altitude = 49.0, 8.4, 100.0
    session.talker.say('datum', place, latched())
    bench.wait_for(lambda: session.node.localizer.datum, 'the datum')
    assert bench.position(session.drive(1, 8)) == pytest.approx((80.0, 0.0), abs=2.0)


@pytest.mark.parametrize(
    ('change', 'kind'),
    [
        ({'status': -1}, 'no_fix'),
        ({'latitude': math.nan}, 'unreadable'),
        ({'latitude': 95.0}, 'unreadable'),
        ({'latitude': 0.0, 'longitude': 0.0}, 'unreadable'),
    ],
)
def test_a_datum_without_a_valid_position_is_named_and_left_out(run_filter, latched, change, kind):
    session = run_filter(KalmanFilterNode, {'datum.source': 'topic'})
    place = bench.fix_message(0, 0.0, 0.0)
    for name, value in change.items():
        setattr(place.status if name == 'status' else place, name, value)
    session.talker.say('datum', place, latched())
    session.wait_for_status(': localizer', **{f'warning__{kind}': '1'})
    assert session.node.localizer.datum is None


def test_another_datum_clears_the_paths(run_filter, latched):
    session = run_filter(KalmanFilterNode, {'datum.source': 'topic'})
    session.talker.say('datum', bench.fix_message(0, 0.0, 0.0), latched())
    bench.wait_for(lambda: session.node.localizer.datum, 'the datum')
    session.drive(0, 4)
    outputs, before = session.node._outputs, session.node.localizer.datum
    paths = (outputs.fused_path, outputs.raw_path)
    assert all(len(path.message(0).poses) > 2 for path in paths)
    moved = bench.fix_message(0, 500.0, 0.0)
    moved.altitude = math.nan
    session.talker.say('datum', moved, latched())
    bench.wait_for(lambda: session.node.localizer.datum != before, 'the other datum')
    bench.wait_for(lambda: not any(path.message(0).poses for path in paths), 'empty paths')
    assert session.node.localizer.datum.origin.alt_m == 0.0


def test_a_lifecycle_manager_can_start_it(run_filter):
    session = run_filter(KalmanFilterNode, {**bench.AT_ORIGIN, 'autostart': False})
    machine = session.node._state_machine
    assert machine.current_state[0] == State.PRIMARY_STATE_UNCONFIGURED
    assert session.talker.count_subscribers('/fix') == 0
    session.spinner.executor.create_task(session.node.trigger_configure)
    bench.wait_for(lambda: machine.current_state[0] == State.PRIMARY_STATE_INACTIVE)
    session.spinner.executor.create_task(session.node.trigger_activate)
    bench.wait_for(lambda: session.talker.count_subscribers('/fix') == 1)
    before = bench.position(session.drive(0, 3))
    assert before == pytest.approx((30.0, 0.0), abs=2.5)
    session.spinner.executor.create_task(session.node.trigger_deactivate)
    bench.wait_for(lambda: session.talker.count_subscribers('/fix') == 0)
    session.spinner.executor.create_task(session.node.trigger_cleanup)
    bench.wait_for(lambda: session.talker.count_publishers('/pose') == 0)


@pytest.mark.parametrize('stop_first', [False, True])
def test_a_shutdown_ends_timers_subscriptions_and_publishers(run_filter, stop_first):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    node, tasks = session.node, session.spinner.executor
    if stop_first:
        tasks.create_task(node.trigger_deactivate)
        bench.wait_for(lambda: session.talker.count_subscribers('/fix') == 0)
    done = tasks.create_task(node.trigger_shutdown)
    bench.wait_for(done.done, 'the shutdown')
    assert node._state_machine.current_state[0] == State.PRIMARY_STATE_FINALIZED
    assert not list(node.timers)
    bench.wait_for(lambda: session.talker.count_subscribers('/fix') == 0, 'fix unheard')
    bench.wait_for(lambda: session.talker.count_publishers('/pose') == 0, 'pose unpublished')


def test_a_node_that_never_was_configured_can_be_shut_down(run_filter):
    session = run_filter(KalmanFilterNode, {**bench.AT_ORIGIN, 'autostart': False})
    done = session.spinner.executor.create_task(session.node.trigger_shutdown)
    bench.wait_for(done.done, 'the shutdown')
    machine = session.node._state_machine
    assert machine.current_state[0] == State.PRIMARY_STATE_FINALIZED


@pytest.mark.parametrize('kind', NODES)
def test_every_parameter_is_described_and_bounded(run_filter, kind):
    node = run_filter(kind).node
    for spec in specs(type(node._loader.settings)):
        found = node.describe_parameter(spec.name)
        assert spec.info.description in found.description
        assert found.read_only == spec.info.read_only
        if spec.value_type is float and spec.info.minimum is not None:
            assert found.floating_point_range[0].from_value == spec.info.minimum


def test_a_parameter_can_change_while_the_belief_goes_on(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 5)
    results = session.node.set_parameters([Parameter('gnss.sigma_floor_m', value=3.5)])
    assert results[0].successful
    assert session.node._loader.settings.gnss.sigma_floor_m == 3.5
    for tick in range(101, 120):
        session.talker.say('odom', bench.odometry_message(tick / 20, 10.0))
    assert bench.position(session.pose_at(5.9)) == pytest.approx((59.0, 0.0), abs=2.5)


def test_the_belief_goes_on_after_two_changes_in_a_row(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 5)
    for sigma_m in (3.5, 3.0):
        change = Parameter('gnss.sigma_floor_m', value=sigma_m)
        assert session.node.set_parameters([change])[0].successful
    for tick in range(101, 120):
        session.talker.say('odom', bench.odometry_message(tick / 20, 10.0))
    assert bench.position(session.pose_at(5.9)) == pytest.approx((59.0, 0.0), abs=2.5)


def test_a_reset_between_two_changes_forgets_the_belief(run_filter):
    session = run_filter(KalmanFilterNode)
    session.drive(0, 3)
    session.node.set_parameters([Parameter('gnss.sigma_floor_m', value=3.5)])
    session.node._reset(None, Trigger.Response())
    session.node.set_parameters([Parameter('gnss.sigma_floor_m', value=3.0)])
    for tick in range(61, 80):
        session.talker.say('odom', bench.odometry_message(tick / 20, 10.0))
    bench.wait_for(lambda: session.node.localizer.statistics(), 'the odometry')
    assert session.node.localizer.estimate() is None


@pytest.mark.parametrize(
    ('name', 'value', 'text'),
    [
        ('gnss.sigma_floor_m', -1.0, 'range'),
        ('datum.source', 'topic', 'read'),
        ('motion.yaw_rate_source', 'wheel', 'expected one of auto, imu, odom'),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(run_filter, name, value, text):
    session = run_filter(KalmanFilterNode)
    before = session.node._loader.settings
    result = session.node.set_parameters([Parameter(name, value=value)])[0]
    assert not result.successful
    assert text in result.reason
    assert session.node._loader.settings is before
