# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A drive with a camera through a world of shades: matched offline, calibrated, localized."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from shade_network import BINS, SEEN, ShadeNetwork, shade_map

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.bags.writer import BagWriter
from geoloc_ros.cli.bag_trajectory import read_truth
from geoloc_ros.cli.calibrate import CalibrationOptions, calibration_text, scored_frames, true_pose
from geoloc_ros.cli.comparison import localize_drive
from geoloc_ros.cli.drive_input import node_topics, read_drive
from geoloc_ros.cli.localize import load_matcher_settings, load_node_settings
from geoloc_ros.cli.main import main
from geoloc_ros.cli.sight import OfflineSight, RecordedCamera, find_camera
from geoloc_ros.errors import DriveError, SettingError
from geoloc_ros.evaluation.trajectory import sample_at
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.outbound import set_header, set_quaternion
from geoloc_ros.networks.distances import first_columns
from geoloc_ros.observations.calibration import calibrate, write_calibration
from geoloc_ros.observations.cross_view import CrossViewMatcher
from geoloc_ros.observations.sight import level_camera
from geoloc_ros.ros.matcher_settings import CrossViewNodeSettings
from geoloc_ros.ros.node_settings import ParticleNodeSettings, SourceSettings
from geoloc_ros.types import CovarianceType, FixStatus, GeodeticPosition, GnssFix

SIMULATED = CrossViewNodeSettings(input_domain='simulation', temperature=0.1)
FORWARD_M, LEFT_M = 1.6, -0.2
BIAS_M = np.array((5.0, -4.0))


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    return shade_map(tmp_path_factory.mktemp('maps') / 'shades', radius_m=220.0, ground_m=110.0)


@pytest.fixture
def bag(circle, store, tmp_path):
    """A circle of 80 m, a receiver that is 6.4 m off all day, and a camera at 4 Hz."""
    circle.yaw_rate_rad_s, circle.sigma_m = 0.1, 5.0
    plain_fix = circle.fix_at
    circle.fix_at = lambda elapsed_s, noise_m=(0.0, 0.0): plain_fix(elapsed_s, noise_m + BIAS_M)
    circle.write_bag(tmp_path / 'blind', 40)
    rng = np.random.default_rng(3)
    with BagWriter(tmp_path / 'drive') as out, BagReader(tmp_path / 'blind') as blind:
        pictures = iter(_pictures(circle, store, out.messages, rng))
        upcoming = next(pictures)
        for item in blind.messages():
            while upcoming is not None and upcoming[1] <= item.receive_stamp_ns:
                out.write(*upcoming[::2], upcoming[1])
                upcoming = next(pictures, None)
            message = item.message
            if item.topic == '/tf_static':
                message.transforms.append(_mounting(out.messages))
                out.write_static_transforms(message.transforms, item.receive_stamp_ns)
            else:
                out.write(item.topic, message, item.receive_stamp_ns)
    return tmp_path / 'drive'


def _mounting(messages):
    transform = messages.new('geometry_msgs/msg/TransformStamped')
    set_header(transform.header, 1, 'base_link')
    transform.child_frame_id = 'camera_optical'
    transform.transform.translation.x = FORWARD_M
    transform.transform.translation.y = LEFT_M
    set_quaternion(transform.transform.rotation, level_camera(0.0, 0.0).quat_xyzw)
    return transform


def _pictures(circle, store, messages, rng):
    """(topic, arrival, message): what a camera sees of the cell it is in and where it looks."""
    datum = Datum(circle.origin)
    yaws = ShadeNetwork().contract.yaws_rad
    for k in range(160):
        elapsed_s = 0.25 * k
        x, y, yaw = (float(v) for v in circle.true_pose(elapsed_s))
        cosine, sine = math.cos(yaw), math.sin(yaw)
        place = datum.geodetic_from_enu(
            x + cosine * FORWARD_M - sine * LEFT_M, y + sine * FORWARD_M + cosine * LEFT_M
        )
        ix, iy = (round(v) for v in store.grid.cell_of(place))
        shades = store.read_window(ix, iy, 1, 1).descriptors[0, 0]
        turns = [abs(math.remainder(yaw - one, 2.0 * math.pi)) for one in yaws]
        first = first_columns(BINS, SEEN)[int(np.argmin(turns))]
        seen = shades[(first + np.arange(SEEN)) % BINS]
        seen = seen + rng.normal(0.0, 0.06, seen.shape) * np.abs(seen).max()
        columns = np.clip(np.rint(128.0 + 80.0 * seen / np.abs(seen).max()), 0, 255)
        pixels = np.repeat(columns.astype(np.uint8), 32, axis=0)[None].repeat(48, axis=0)
        stamp_ns = circle.start_ns + round(elapsed_s * 1e9)
        info = messages.new('sensor_msgs/msg/CameraInfo')
        set_header(info.header, stamp_ns, 'camera_optical')
        info.width, info.height, info.distortion_model = 64, 48, 'plumb_bob'
        info.k = np.array((32.0, 0.0, 31.5, 0.0, 32.0, 23.5, 0.0, 0.0, 1.0))
        info.d = np.zeros(5)
        yield '/camera/camera_info', stamp_ns + 10_000_000, info
        image = messages.new('sensor_msgs/msg/Image')
        set_header(image.header, stamp_ns, 'camera_optical')
        image.height, image.width, image.encoding, image.step = 48, 64, 'rgb8', 192
        image.data = pixels.ravel()
        yield '/camera/image', stamp_ns + 30_000_000, image


def sight_of(bag, store, settings=SIMULATED):
    matcher = CrossViewMatcher(ShadeNetwork(), store, settings)
    with BagReader(bag) as reader:
        topics = find_camera(reader)
    return OfflineSight(matcher, RecordedCamera(bag, topics, settings), settings)


@pytest.mark.parametrize(
    ('settings', 'share'),
    [(ParticleLocalizerSettings(), 0.3), (KalmanLocalizerSettings(), 0.8)],
)
def test_the_camera_takes_away_what_the_receiver_is_off(bag, store, settings, share):
    """Six numbers a picture fit several cells: half of the fields are no Gaussian for Kalman."""
    drive = read_drive(bag, node_topics(SourceSettings()))
    result = localize_drive(drive, settings, 1, sight=sight_of(bag, store))
    errors = {one.name: _mean_error_m(one, result.truth) for one in result.trajectories}
    assert list(errors) == ['gps', 'gps_filtered', 'no_camera', 'fused']
    assert errors['no_camera'] > 5.0
    assert errors['fused'] < share * errors['no_camera']
    assert '159 images matched' in ' '.join(result.notes) or '160' in ' '.join(result.notes)


def _mean_error_m(trajectory, truth):
    samples = sample_at(truth, trajectory.stamps_ns)
    gaps = (trajectory.positions_enu_m - samples.positions_enu_m)[samples.available]
    return float(np.hypot(*gaps.T).mean())


def test_the_same_drive_gives_the_same_bits(bag, store):
    drive = read_drive(bag, node_topics(SourceSettings()))
    fused = [
        localize_drive(drive, ParticleLocalizerSettings(), 1, sight=sight_of(bag, store))
        .trajectories[-1].positions_enu_m
        for _ in range(2)
    ]  # fmt: skip
    np.testing.assert_array_equal(*fused)


def test_scores_of_another_domain_wait_for_a_calibration(bag, store):
    """The rule of domains: left out at first, used once a drive has shown what they are worth."""
    drive = read_drive(bag, node_topics(SourceSettings()))
    settings = CrossViewNodeSettings()

    def fused():
        sight = sight_of(bag, store, settings)
        return sight, localize_drive(drive, KalmanLocalizerSettings(), 1, sight=sight)

    sight, before = fused()
    assert any('uncalibrated' in note for note in before.notes)
    blind, seeing = before.trajectories[-2:]
    np.testing.assert_array_equal(blind.positions_enu_m, seeing.positions_enu_m)
    with BagReader(bag) as reader:
        truth = read_truth(reader)
    frames = scored_frames(sight, sight.images(), truth, CalibrationOptions(40.0))
    # One frame each 5 m of 320 m, the first without a camera info or not.
    assert 50 <= len(frames) <= 65
    found = calibrate(frames, sight.matcher.network.sha256, sight.domain, 'drive')
    assert found.is_good, calibration_text(found)
    assert 'good' in calibration_text(found)
    try:
        write_calibration(store.path, found)
        sight, after = fused()
        assert sight.matcher.temperature == 1.5 * found.temperature
        assert not any('uncalibrated' in note for note in after.notes)
        error = np.hypot(*(after.trajectories[-1].positions_enu_m[50:] - 0.0).T)
        assert np.isfinite(error).all()
        assert np.abs(
            after.trajectories[-1].positions_enu_m - blind.positions_enu_m
        ).max() > 3.0  # fmt: skip
    finally:
        (store.path / 'calibration.json').unlink(missing_ok=True)


def test_an_unfinished_map_is_said(bag, store, tmp_path, monkeypatch, capsys):
    """Localizing goes on with a note; a temperature is not fitted on half a map."""
    begun = DescriptorStore.create(tmp_path / 'begun', store.record)
    sight = sight_of(bag, begun)
    assert f'{begun.path} is UNFINISHED; {begun.missing}' in sight.notes()[-1]
    assert len(sight_of(bag, store).notes()) == 1
    monkeypatch.setattr('geoloc_ros.cli.calibrate.open_sight', lambda options: sight)
    assert main(['calibrate', str(bag), '--map', str(begun.path), '--quiet']) == 1
    assert f'is unfinished; {begun.missing}' in capsys.readouterr().err


def test_a_read_only_map_is_said_before_the_work(bag, store, monkeypatch, capsys):
    sight = sight_of(bag, store)
    monkeypatch.setattr('geoloc_ros.cli.calibrate.open_sight', lambda options: sight)
    monkeypatch.setattr('geoloc_ros.cli.calibrate.scored_frames', pytest.fail)
    monkeypatch.setattr('os.access', lambda path, mode: False)
    assert main(['calibrate', str(bag), '--map', str(store.path), '--quiet']) == 1
    assert 'is read-only' in capsys.readouterr().err


def test_true_poses_have_the_heading_of_the_course_where_none_is_stated(circle):
    truth = circle.truth(10)
    stamp = circle.start_ns + 5_010_000_000
    stated = true_pose(truth, stamp)
    course = true_pose(dataclasses.replace(truth, yaw_enu_rad=None), stamp)
    assert course == pytest.approx(stated, abs=0.01)
    assert true_pose(truth, circle.start_ns - 10**9) is None


def test_topics_of_the_camera_are_found_or_asked_for(bag, circle, tmp_path):
    with BagReader(bag) as reader:
        assert find_camera(reader).image == '/camera/image'
        assert find_camera(reader).camera_info == '/camera/camera_info'
    circle.write_bag(tmp_path / 'none', 5)
    with BagReader(tmp_path / 'none') as reader, pytest.raises(DriveError, match='--image'):
        find_camera(reader)


@pytest.mark.parametrize(
    ('raw', 'compressed', 'expected'),
    [
        ('/front/image_raw', '/front/image_raw/compressed', '/front/image_raw/compressed'),
        ('/front/image_raw', '/depth/image_rect/compressedDepth', None),
        ('/front/image_raw', None, '/front/image_raw'),
        (None, '/pictures', '/pictures'),
    ],
)
def test_compressed_pictures_are_taken_where_they_are_of_the_same_camera(
    tmp_path, raw, compressed, expected
):
    kinds = {raw: 'Image', compressed: 'CompressedImage', '/front/camera_info': 'CameraInfo'}
    with BagWriter(tmp_path / 'bag') as out:
        for topic, kind in kinds.items():
            if topic is not None:
                out.add_topic(topic, f'sensor_msgs/msg/{kind}')
                out.write(topic, out.messages.new(f'sensor_msgs/msg/{kind}'), 1)
    with BagReader(tmp_path / 'bag') as bag:
        if expected is None:
            with pytest.raises(DriveError, match=f'2 topics.*{raw}'):
                find_camera(bag)
            assert find_camera(bag, raw).camera_info == '/front/camera_info'
        else:
            assert find_camera(bag).image == expected


def test_commands_say_what_is_missing(bag, tmp_path, capsys):
    words = ['--map', str(tmp_path / 'no_map'), '--quiet']
    assert main(['calibrate', str(bag), *words]) == 1
    assert 'geoloc map build' in capsys.readouterr().err
    assert main(['localize', str(bag), '--out', str(tmp_path / 'out'), *words]) == 1
    assert 'no_map' in capsys.readouterr().err


def test_settings_of_the_matcher_come_from_the_same_file(tmp_path):
    path = tmp_path / 'params.yaml'
    path.write_text(json.dumps({'particle_filter_node': {'ros__parameters': {'seed': 3}}}))
    assert load_matcher_settings([path], None) == CrossViewNodeSettings()
    both = {'cross_view_node': {'ros__parameters': {'search': {'min_radius_m': 44.0}}}}
    path.write_text(json.dumps(both))
    settings = load_matcher_settings([path], 'simulation')
    assert (settings.search.min_radius_m, settings.input_domain) == (44.0, 'simulation')
    # and from a file of its own, as config/ has it; the filter's need not be there
    assert load_node_settings([path], 'particle') == ParticleNodeSettings()
    other = tmp_path / 'filter.yaml'
    other.write_text(json.dumps({'particle_filter_node': {'ros__parameters': {'seed': 3}}}))
    assert load_node_settings([path, other], 'particle').seed == 3
    assert load_matcher_settings([other, path], None).search.min_radius_m == 44.0
    with pytest.raises(SettingError, match='kalman_filter_node'):
        load_node_settings([path, other], 'kalman')


def test_the_note_of_the_camera_gives_the_temperature_as_calibrate_does(bag, store):
    sight = sight_of(bag, store, dataclasses.replace(SIMULATED, temperature=0.25))
    assert 'temperature 0.25 x 1.5' in sight.notes()[0]


def test_a_place_beyond_the_reach_of_the_grid_is_off_the_map(bag, store):
    sight = sight_of(bag, store)
    datum = store.datum
    picture = next(image for image in sight.images() if image.camera is not None)
    taken_ns = stamp_ns(picture.message.header.stamp)
    opposite = GeodeticPosition(0.0, datum.origin.lon_deg + 92.0, 0.0)
    fix = GnssFix(taken_ns, 'gnss', opposite, np.eye(3), CovarianceType.KNOWN, FixStatus.FIX)
    sight.note_fix(fix, datum)
    assert sight.scores(picture, datum) is None
    assert 'camera: 1 images were taken off the map' in sight.notes()


def test_images_of_another_size_are_left_out_of_a_calibration_and_counted(
    bag, store, monkeypatch, capsys
):
    sight = sight_of(bag, store)
    images = list(sight.images())
    for image in images[80:84]:  # 8 m: one of them is due
        image.message.height, image.message.data = 40, image.message.data[: 40 * 192]
    for image in images[100:104]:
        image.message.height = image.message.width = 0
    monkeypatch.setattr(sight, 'images', lambda: iter(images))
    monkeypatch.setattr('geoloc_ros.cli.calibrate.open_sight', lambda options: sight)
    words = ['--map', str(store.path), '--radius', '40', '--quiet', '--dry-run']
    assert main(['calibrate', str(bag), *words]) == 0
    said = capsys.readouterr().err
    assert 'images could not be used (picture has shape (40, 64, 3)' in said
    assert 'images could not be used (image of 0 x 0 pixels is empty' in said
