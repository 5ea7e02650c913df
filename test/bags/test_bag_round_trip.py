# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Bags written and read back, by us and by rosbags itself; damaged ones; a real ROS 1 bag."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
import sqlite3

import numpy as np
import pytest
from rosbags import rosbag1
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
import yaml

from geoloc_ros.bags.info import bag_info
from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.typestore import BagMessages, bag_typestore
from geoloc_ros.bags.writer import BagWriter, Storage
from geoloc_ros.errors import DriveError
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.messages.inbound import gnss_fix, stamp_ns, twist_sample_from_odometry
from geoloc_ros.messages.outbound import nav_sat_fix, transform_stamped
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

START_NS = 1_700_000_000_000_000_001
SECOND_NS = 1_000_000_000
ROS1_BAG = Path(__file__).parents[3] / 'shared' / 'data' / 'ros1_bag' / 'test1.bag'
FACTORY = BagMessages()


def fix_at(index, lat_deg=48.0):
    return GnssFix(
        stamp_ns=START_NS + index * SECOND_NS - 50_000_000,
        frame_id='gps',
        position=GeodeticPosition(lat_deg + 0.001 * index, 11.0 - 0.002 * index, 500.0),
        covariance_enu_m2=np.diag((1.0, 2.0, 3.0 + index)),
        covariance_type=CovarianceType.DIAGONAL_KNOWN,
        status=FixStatus.FIX,
    )


@pytest.fixture(params=list(Storage))
def bag(request, tmp_path):
    """Five fixes at 1 Hz, received 50 ms late, and one static transform."""
    path = tmp_path / 'drive'
    with BagWriter(path, request.param) as writer:
        writer.describe('note', 'made by a test')
        gps = Pose3(np.array((1.0, 2.0, 3.0)), np.array((0.0, 0.0, 0.0, 1.0)))
        writer.write_static_transforms(
            [transform_stamped(START_NS, 'base_link', 'gps', gps, writer.messages)], START_NS
        )
        for index in range(5):
            writer.write(
                '/fix', nav_sat_fix(fix_at(index), writer.messages), START_NS + index * SECOND_NS
            )
    return path


def test_what_is_written_is_read(bag):
    with BagReader(bag) as reader:
        items = list(reader.messages(['/fix']))
        assert reader.count(['/fix']) == 5
        assert reader.count() == 6
        assert reader.start_ns == START_NS
        assert reader.storage in ('mcap', 'sqlite3')
    assert [item.receive_stamp_ns for item in items] == [
        START_NS + index * SECOND_NS for index in range(5)
    ]
    for index, item in enumerate(items):
        got, expected = gnss_fix(item.message), fix_at(index)
        assert got.stamp_ns == expected.stamp_ns
        assert got.position == expected.position
        np.testing.assert_array_equal(got.covariance_enu_m2, expected.covariance_enu_m2)


def test_rosbags_reads_it_with_its_qos(bag):
    with AnyReader([bag]) as reader:
        by_topic = {connection.topic: connection for connection in reader.connections}
        profile = by_topic['/tf_static'].ext.offered_qos_profiles[0]
        assert profile.durability is QosDurability.TRANSIENT_LOCAL
        assert by_topic['/fix'].ext.offered_qos_profiles[0].durability is QosDurability.VOLATILE
        assert reader.message_count == 6


def test_the_topics_tell_latched_from_volatile(bag):
    with BagReader(bag) as reader:
        latched = {topic.name: topic.transient_local for topic in reader.topics}
    assert latched == {'/fix': False, '/tf_static': True}


def test_a_description_stands_in_the_metadata(bag):
    metadata = yaml.safe_load((bag / 'metadata.yaml').read_text())
    assert metadata['rosbag2_bagfile_information']['custom_data'] == {'note': 'made by a test'}


def test_the_one_file_of_a_bag_reads_too(bag):
    (file,) = [entry for entry in bag.iterdir() if entry.suffix in ('.mcap', '.db3')]
    with BagReader(file) as reader:
        assert reader.count() == 6
        kind = reader.storage
    (bag / 'metadata.yaml').unlink()
    with BagReader(bag) as reader:
        assert reader.count() == 6
        assert reader.storage == kind


def test_serialized_messages_are_the_cdr_of_the_messages(bag):
    with BagReader(bag) as reader:
        serialized = list(reader.serialized_messages(['/fix']))
        decoded = list(reader.messages(['/fix']))
    for raw, item in zip(serialized, decoded, strict=True):
        assert raw.cdr == bytes(
            bag_typestore().serialize_cdr(item.message, 'sensor_msgs/msg/NavSatFix')
        )
        assert raw.receive_stamp_ns == item.receive_stamp_ns


def test_the_info_counts_and_measures(bag):
    info = bag_info(bag)
    assert (info.count, info.duration_s, info.start_ns) == (6, 4.0, START_NS)
    assert info.static_frames == ('base_link -> gps',)
    fixes, transforms = info.topics
    assert (fixes.name, fixes.count, fixes.rate_hz) == ('/fix', 5, 1.0)
    assert fixes.backward_stamps == 0
    assert fixes.max_delay_s == pytest.approx(0.05)
    assert fixes.fixes is not None
    assert fixes.fixes.valid == 5
    assert (fixes.fixes.south_deg, fixes.fixes.north_deg) == (48.0, 48.004)
    assert (fixes.fixes.west_deg, fixes.fixes.east_deg) == (10.992, 11.0)
    assert transforms.backward_stamps is None


def test_the_info_sees_stamps_that_go_back_and_leaves_out_no_fix(tmp_path):
    path = tmp_path / 'drive'
    with BagWriter(path) as writer:
        for place, index in enumerate((0, 2, 2, 1, 3)):
            message = nav_sat_fix(fix_at(index), writer.messages)
            if index == 3:
                message.status.status = -1
                message.latitude = 0.0
            writer.write('/fix', message, START_NS + place * SECOND_NS)
    (topic,) = bag_info(path).topics
    assert topic.backward_stamps == 1
    assert topic.fixes is not None
    assert (topic.fixes.valid, topic.fixes.south_deg) == (4, 48.0)


def test_a_missing_topic_is_named_with_those_there_are(bag):
    with BagReader(bag) as reader:
        reader.require(['/fix'])
        with pytest.raises(DriveError, match=r'no topic /gps; it has /fix, /tf_static'):
            reader.require(['/gps', '/fix'])
        assert list(reader.messages(['/gps'])) == []


def test_nothing_there(tmp_path):
    with pytest.raises(DriveError, match='no bag at'), BagReader(tmp_path / 'none'):
        pass


def test_a_folder_that_is_no_bag(tmp_path):
    with pytest.raises(DriveError, match=r'no metadata\.yaml'), BagReader(tmp_path):
        pass


@pytest.mark.parametrize('name', ['drive.mcap', 'drive.db3', 'drive.bag'])
def test_a_file_of_rubbish(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'this is no bag' * 100)
    with pytest.raises(DriveError, match='cannot be read'), BagReader(path):
        pass


def test_a_bag_cut_short(tmp_path):
    path = tmp_path / 'drive'
    with BagWriter(path) as writer:
        for index in range(50):
            writer.write('/fix', nav_sat_fix(fix_at(index), writer.messages), START_NS + index)
    file = path / 'drive.mcap'
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(DriveError, match='cannot be read'), BagReader(path) as reader:
        list(reader.messages())


def test_a_message_that_is_not_of_its_type(tmp_path):
    path = tmp_path / 'drive'
    with BagWriter(path) as writer:
        writer.add_topic('/fix', 'sensor_msgs/msg/NavSatFix')
        writer._writer.write(writer._connections['/fix'], START_NS, b'\x00\x01\x00\x00abc')
    with (
        pytest.raises(DriveError, match=r"message of '/fix' .* is no sensor_msgs/msg/NavSatFix"),
        BagReader(path) as reader,
    ):
        list(reader.messages())
    (topic,) = bag_info(path).topics
    assert (topic.count, topic.unreadable) == (1, 1)


def test_a_ros1_message_that_cannot_be_converted_is_named(tmp_path):
    path = tmp_path / 'drive.bag'
    noetic = get_typestore(Stores.ROS1_NOETIC)
    with rosbag1.Writer(path) as writer:
        known = writer.add_connection('/fix', 'sensor_msgs/msg/NavSatFix', typestore=noetic)
        typestore = get_typestore(Stores.EMPTY)
        typestore.register(get_types_from_msg('float64 x', 'foo_msgs/msg/Bar'))
        unknown = writer.add_connection('/bar', 'foo_msgs/msg/Bar', typestore=typestore)
        writer.write(known, START_NS, b'cut short')
        writer.write(unknown, START_NS, bytes(8))
    with BagReader(path) as reader:
        for topic in ('/fix', '/bar'):
            with pytest.raises(DriveError, match=f"message of '{topic}' .* is no "):
                list(reader.serialized_messages([topic]))


@pytest.mark.parametrize('storage', list(Storage))
def test_a_bag_cut_or_altered_anywhere_is_explained_or_read(tmp_path, storage):
    """Whatever bytes a bag holds, reading ends with messages or with a DriveError."""
    path = tmp_path / 'drive'
    with BagWriter(path, storage) as writer:
        for index in range(20):
            writer.write('/fix', nav_sat_fix(fix_at(index), writer.messages), START_NS + index)
    (file,) = [entry for entry in path.iterdir() if entry.suffix in ('.mcap', '.db3')]
    whole = file.read_bytes()
    random = np.random.default_rng(5)
    explanations = []
    for trial in range(60):
        data = bytearray(whole)
        if trial % 2:
            del data[random.integers(len(data)) :]
        else:
            for place in random.integers(len(data), size=20):
                data[place] = random.integers(256)
        file.write_bytes(data)
        try:
            with BagReader(path) as reader:
                list(reader.messages())
        except DriveError as error:
            explanations.append(str(error))
    assert len(explanations) > 20
    assert all(str(path) in explanation for explanation in explanations)


@pytest.mark.parametrize(
    ('whole', 'damaged'),
    [
        ('name: /fix', 'name: [1]'),
        ('type: sensor_msgs/msg/NavSatFix', 'type: 7'),
        ('- message_count: 1', '- message_count: x'),
        ('  message_count: 1', '  message_count: x'),
        (f'nanoseconds_since_epoch: {START_NS}', 'nanoseconds_since_epoch: x'),
        ('    nanoseconds: 0', '    nanoseconds: x'),
    ],
)
def test_metadata_with_words_for_numbers_are_explained(tmp_path, whole, damaged):
    path = tmp_path / 'drive'
    with BagWriter(path) as writer:
        writer.write('/fix', nav_sat_fix(fix_at(0), writer.messages), START_NS)
    text = (path / 'metadata.yaml').read_text()
    assert whole in text
    (path / 'metadata.yaml').write_text(text.replace(whole, damaged))
    with pytest.raises(DriveError, match='cannot be read'), BagReader(path):
        pass


def test_an_empty_bag(tmp_path):
    with BagWriter(tmp_path / 'drive') as writer:
        writer.add_topic('/fix', 'sensor_msgs/msg/NavSatFix')
    with pytest.raises(DriveError, match='no messages'), BagReader(tmp_path / 'drive'):
        pass


def test_a_bag_with_messages_of_no_topic(tmp_path):
    path = tmp_path / 'drive'
    with BagWriter(path, Storage.SQLITE3) as writer:
        writer.write('/fix', nav_sat_fix(fix_at(0), writer.messages), START_NS)
    (path / 'metadata.yaml').unlink()
    with closing(sqlite3.connect(path / 'drive.db3')) as database, database:
        database.execute('delete from topics')
    with pytest.raises(DriveError, match='no messages'), BagReader(path):
        pass


def test_nothing_is_overwritten(bag):
    with pytest.raises(DriveError, match='exists already'), BagWriter(bag):
        pass


def test_an_error_while_writing_leaves_nothing_behind(tmp_path):
    def write_half():
        with BagWriter(tmp_path / 'drive') as writer:
            writer.write('/fix', nav_sat_fix(fix_at(0), writer.messages), START_NS)
            raise RuntimeError('stop')

    with pytest.raises(RuntimeError, match='stop'):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_one_topic_carries_one_type(tmp_path):
    with BagWriter(tmp_path / 'drive') as writer:
        writer.write('/fix', nav_sat_fix(fix_at(0), writer.messages), START_NS)
        with pytest.raises(DriveError, match='one type a topic'):
            writer.write('/fix', writer.messages.new('sensor_msgs/msg/Imu'), START_NS)


def test_a_message_with_a_wrong_field(tmp_path):
    with BagWriter(tmp_path / 'drive') as writer:
        message = nav_sat_fix(fix_at(0), writer.messages)
        message.position_covariance = np.zeros(4)
        with pytest.raises(DriveError, match='every field'):
            writer.write('/fix', message, START_NS)


def test_every_message_type_we_could_need_is_made_and_serialized():
    typestore = bag_typestore()
    for package in ('sensor_msgs', 'nav_msgs', 'geometry_msgs', 'tf2_msgs', 'diagnostic_msgs'):
        for name in [name for name in typestore.fielddefs if name.startswith(package + '/')]:
            message = FACTORY.new(name)
            data = typestore.serialize_cdr(message, name)
            again = typestore.deserialize_cdr(data, name)
            assert bytes(typestore.serialize_cdr(again, name)) == bytes(data)


def test_new_messages_share_nothing():
    first, second = FACTORY.new('nav_msgs/msg/Odometry'), FACTORY.new('nav_msgs/msg/Odometry')
    first.pose.covariance[0] = 1.0
    first.header.stamp.sec = 5
    assert second.pose.covariance[0] == 0.0
    assert second.header.stamp.sec == 0
    assert first.pose.pose.orientation.w == 1.0


def test_an_unknown_type_is_named():
    with pytest.raises(DriveError, match='geographic_msgs/msg/GeoPoint'):
        FACTORY.new('geographic_msgs/msg/GeoPoint')


@pytest.mark.shared_data
@pytest.mark.skipif(not ROS1_BAG.exists(), reason=f'{ROS1_BAG.name} is not in ../shared/data')
def test_a_real_ros1_bag_reads():
    with BagReader(ROS1_BAG) as reader:
        assert reader.storage == 'rosbag1'
        reader.require(['/fix', '/imu/data', '/husky_velocity_controller/odom'])
        fixes = [gnss_fix(item.message) for item in reader.messages(['/fix'])]
        twists = [
            twist_sample_from_odometry(item.message)
            for item in reader.messages(['/husky_velocity_controller/odom'])
        ]
        first = next(reader.serialized_messages(['/fix']))
    assert len(fixes) == 989
    assert len(twists) == 3952
    assert all(42.37 < fix.position.lat_deg < 42.38 for fix in fixes)
    assert {fix.covariance_type for fix in fixes} == {CovarianceType.APPROXIMATED}
    assert max(abs(twist.speed_m_s) for twist in twists) < 2.0
    decoded = bag_typestore().deserialize_cdr(first.cdr, first.message_type)
    assert stamp_ns(decoded.header.stamp) == fixes[0].stamp_ns
    assert gnss_fix(decoded).position == fixes[0].position
