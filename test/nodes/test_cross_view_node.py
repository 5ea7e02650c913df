# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The matcher node, run for real: what it publishes is what the same matcher gives offline."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
import shutil
import sys

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import OccupancyGrid
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, NavSatFix, PointCloud2

from geoloc_ros.cli.map_network import MapNetwork
from geoloc_ros.errors import GeolocError
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.map_store.build import BuildOptions
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.map_record import MapRecord
from geoloc_ros.map_store.records import GeodeticBounds
from geoloc_ros.map_store.tile_grid import grid_over
from geoloc_ros.messages.beliefs import believed_fix
from geoloc_ros.messages.inbound import gnss_fix
from geoloc_ros.messages.outbound import datum_fix, set_header
from geoloc_ros.messages.pictures import camera_of
from geoloc_ros.messages.scores import heat_of_cells, score_lattice
from geoloc_ros.networks.weights import load_network
from geoloc_ros.nodes.match_health import Silence
from geoloc_ros.observations.calibration import Calibration, write_calibration
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.search_area import SearchArea
from geoloc_ros.observations.sight import Task, level_camera, look
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.images import image_message
from geoloc_ros.ros.qos import latched_qos, sensor_qos

_spec = importlib.util.spec_from_file_location(
    'nodes_conftest', Path(__file__).with_name('conftest.py')
)
bench = importlib.util.module_from_spec(_spec)
sys.modules['nodes_conftest'] = bench
_spec.loader.exec_module(bench)
DATUM, ORIGIN, stamp, wait_for = bench.DATUM, bench.ORIGIN, bench.stamp, bench.wait_for
fix_message = bench.fix_message

torch = pytest.importorskip('torch', reason='the network under test runs on torch')
pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Untrained weights of the compact network: what they say of a place means nothing."""
    from geoloc_ros.networks.azimuth import AzimuthNetwork
    from geoloc_ros.networks.torch_backend import save_weights

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'untrained.pt'
    save_weights(path, 'azimuth', AzimuthNetwork(), 'simulation')
    return path


@pytest.fixture(scope='module')
def map_path(weights, tmp_path_factory):
    """A map of 120 m with descriptors at random, as if built with those weights."""
    network = MapNetwork(load_network(weights, 'torch', provider='cpu', threads=1))
    low, high = DATUM.geodetic_from_enu(-60.0, -60.0), DATUM.geodetic_from_enu(60.0, 60.0)
    grid = grid_over(GeodeticBounds(low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg), 5.0)
    record = MapRecord(
        grid, ORIGIN, network.name, network.sha256, network.descriptor_shape,
        network.patch_size_m, network.patch_size_px, BuildOptions().yaws_rad,
    )  # fmt: skip
    store = DescriptorStore.create(tmp_path_factory.mktemp('maps') / 'map', record)
    rng = np.random.default_rng(5)
    for row in range(record.block_shape[0]):
        for column in range(record.block_shape[1]):
            _, _, nx, ny = store.block_cells(row, column)
            made = rng.normal(0.0, 0.1, (ny, nx, *record.descriptor_shape)).astype(np.float32)
            store.write_block(row, column, made, np.ones((ny, nx)))
    return store.path


@pytest.fixture
def run(ros, weights, map_path):
    spinner = bench.Spinner()

    def running(**parameters):
        from geoloc_ros.nodes.cross_view_node import CrossViewNode

        given = {
            'map': str(map_path), 'network.weights': str(weights), 'network.backend': 'torch',
            'network.threads': 1, 'input_domain': 'simulation', 'camera.forward_m': 1.5,
            **parameters,
        }  # fmt: skip
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        node = CrossViewNode(parameter_overrides=overrides)
        talker = bench.Talker()
        for one in (node, talker):
            spinner.add(one)
        return node, talker

    yield running
    spinner.stop()


def camera_info(seconds=0.0):
    info = CameraInfo(width=320, height=160, distortion_model='plumb_bob')
    set_header(info.header, stamp(seconds), 'camera_optical')
    info.k = np.array((160.0, 0.0, 159.5, 0.0, 160.0, 79.5, 0.0, 0.0, 1.0))
    info.d = [0.0] * 5
    return info


def image(seconds, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, (160, 320, 3), dtype=np.uint8)
    message = image_message(pixels, 'rgb8')
    set_header(message.header, stamp(seconds), 'camera_optical')
    return message, pixels


def tell_place(talker, x_m=10.0, y_m=-5.0):
    talker.say('datum', datum_fix(ORIGIN, stamp(0.0), 'map', RosMessages()), latched_qos())
    talker.say('camera_info', camera_info(), sensor_qos())
    talker.say('fix', fix_message(0.0, x_m, y_m, sigma_m=6.0), sensor_qos())


def offline(weights, map_path, pixels, seconds, settings, x_m=10.0, y_m=-5.0):
    network = load_network(weights, 'torch', provider='cpu', threads=1)
    matcher = CrossViewMatcher(network, DescriptorStore.open(map_path), settings)
    area = SearchArea(settings.search)
    area.note_fix(believed_fix(gnss_fix(fix_message(0.0, x_m, y_m, sigma_m=6.0)), DATUM))
    camera = GroundCamera(camera_of(camera_info()), level_camera(1.5, 0.0), network)
    return look(matcher, pixels, Task(stamp(seconds), area.circle(stamp(seconds)), DATUM, camera))


def test_scores_are_those_of_the_matcher_offline(run, weights, map_path):
    node, talker = run()
    talker.listen(PointCloud2, 'cross_view/scores')
    talker.listen(OccupancyGrid, 'cross_view/heatmap')
    wait_for(lambda: talker.count_publishers('cross_view/heatmap'), 'the heat map')
    wait_for(lambda: node.count_subscribers('cross_view/heatmap'), 'its subscriber')
    tell_place(talker)
    for k in range(3):
        message, pixels = image(1.0 + k / 10.0, seed=k)
        talker.say('image', message, sensor_qos())
        wait_for(lambda k=k: len(talker.received['cross_view/scores']) > k, f'scores {k}')
        cloud = talker.received['cross_view/scores'][k]
        expected = offline(
            weights, map_path, pixels, 1.0 + k / 10.0, CrossViewSettings(input_domain='simulation')
        ).match.lattice
        got = score_lattice(cloud)
        assert cloud.header.frame_id == 'map'
        assert got.stamp_ns == stamp(1.0 + k / 10.0)
        assert got.calibrated
        np.testing.assert_array_equal(got.log_likelihood, expected.log_likelihood)
        np.testing.assert_allclose(got.yaws_rad, expected.yaws_rad, atol=1e-6)
        for name in ('origin_x_m', 'origin_y_m', 'spacing_m', 'sensor_forward_m'):
            assert getattr(got, name) == pytest.approx(getattr(expected, name), abs=1e-4), name
        assert got.sensor_forward_m == pytest.approx(1.5, abs=1e-4)
    heat = wait_for(lambda: talker.received['cross_view/heatmap'], 'a heat map')[-1]
    np.testing.assert_array_equal(
        np.array(heat.data).reshape(heat.info.height, heat.info.width), heat_of_cells(expected)
    )


def test_compressed_images_and_the_rule_of_domains(run, weights, map_path):
    import cv2

    _, talker = run(input_domain='real', **{'camera.transport': 'compressed'})
    talker.listen(PointCloud2, 'cross_view/scores')
    talker.listen(DiagnosticArray, '/diagnostics')
    tell_place(talker)
    _, pixels = image(1.0)
    message = CompressedImage(format='png')
    message.data = cv2.imencode('.png', pixels[..., ::-1])[1].tobytes()
    set_header(message.header, stamp(1.0), 'camera_optical')
    talker.say('image/compressed', message, sensor_qos())
    got = score_lattice(wait_for(lambda: talker.received['cross_view/scores'], 'scores')[0])
    assert not got.calibrated
    expected = offline(weights, map_path, pixels, 1.0, CrossViewSettings())
    np.testing.assert_array_equal(got.log_likelihood, expected.match.lattice.log_likelihood)

    def told():
        for array in talker.received['/diagnostics']:
            for status in array.status:
                values = {item.key: item.value for item in status.values}
                if values.get('matched') == '1':
                    return status, values
        return None

    status, values = wait_for(told, 'diagnostics of the match')
    assert 'not calibrated' in status.message
    assert values['calibrated'] == 'false'
    assert values['domain'] == 'simulation'
    assert float(values['map_coverage']) == 1.0
    assert float(values['entropy_bits']) == pytest.approx(expected.match.entropy_bits, abs=0.01)
    assert int(values['warning.uncalibrated']) >= 1


def test_what_cannot_be_matched_is_named_and_survived(run):
    node, talker = run()
    talker.listen(PointCloud2, 'cross_view/scores')
    counts = node._warnings.counts

    def warned(kind):
        return lambda: any(k.value == kind for k in node._warnings.counts)

    talker.say('image', image(0.5)[0], sensor_qos())
    wait_for(warned('not_initialized'), 'a warning: no datum')
    talker.say('datum', datum_fix(ORIGIN, stamp(0.0), 'map', RosMessages()), latched_qos())
    wait_for(lambda: node._datum is not None, 'the datum')
    talker.say('image', image(0.5)[0], sensor_qos())
    wait_for(warned('no_camera'), 'a warning: no camera info')
    uncalibrated = camera_info()
    uncalibrated.k = np.zeros(9)
    talker.say('camera_info', uncalibrated, sensor_qos())
    wait_for(warned('unreadable'), 'a warning: K of zeros')
    talker.say('camera_info', camera_info(), sensor_qos())
    wait_for(lambda: node._camera is not None, 'the camera')
    talker.say('image', image(0.5)[0], sensor_qos())
    wait_for(warned('no_prior'), 'a warning: nobody knows where')
    talker.say('fix', fix_message(0.0, 5000.0, 0.0), sensor_qos())
    wait_for(lambda: node._area.circle(stamp(0.6)) is not None, 'the fix')
    talker.say('image', image(0.6)[0], sensor_qos())
    wait_for(warned('no_map'), 'a warning: off the map')
    small = image_message(np.zeros((4, 4, 3), np.uint8), 'rgb8')
    set_header(small.header, stamp(0.7), 'camera_optical')
    before = node._warnings.counts
    talker.say('image', small, sensor_qos())
    wait_for(lambda: node._warnings.counts != before, 'a warning: wrong size')
    talker.say('fix', fix_message(0.8, 0.0, 0.0), sensor_qos())
    wait_for(lambda: node._area.circle(stamp(0.9)).x_m < 100.0, 'the new fix')
    talker.say('image', image(0.9)[0], sensor_qos())
    wait_for(lambda: talker.received['cross_view/scores'], 'scores after all that')
    assert math.isfinite(len(counts))


def test_a_node_without_map_or_weights_says_what_to_set(ros, weights, map_path):
    from geoloc_ros.nodes.cross_view_node import CrossViewNode

    for given in ({'map': str(map_path)}, {'network.weights': str(weights)}):
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        with pytest.raises(GeolocError, match='configure'):
            CrossViewNode(parameter_overrides=overrides)


def test_an_unfinished_map_is_said_in_the_log(run, map_path, tmp_path, capfd):
    begun = DescriptorStore.create(tmp_path / 'begun', DescriptorStore.open(map_path).record)
    run(map=str(begun.path))
    assert f'map {begun.path} is unfinished; {begun.missing}' in capfd.readouterr().err


def test_the_map_names_its_weights_and_is_complained_of_first(run, capfd):
    for given, expected in (
        ({'network.weights': ''}, 'which is none of'),
        ({'network.weights': '', 'map': 'nope'}, 'nope is no map'),
    ):
        with pytest.raises(GeolocError, match='configure'):
            run(**given)
        assert expected in capfd.readouterr().err


def test_a_node_says_what_it_listens_to_and_that_nothing_comes(run, capfd, monkeypatch):
    monkeypatch.setattr('geoloc_ros.nodes.cross_view_node._SILENCE_S', 0.5)
    node, _ = run(**{'camera.transport': 'compressed'})
    wait_for(lambda: node._warnings.counts.get(WarningKind.NO_IMAGE), 'a warning: no image')
    said = capfd.readouterr().err
    assert 'matching /image/compressed (camera: /camera_info) with map' in said
    assert 'calibrated for simulation); scores go out on /cross_view/scores' in said
    assert '[no_image] no image on /image/compressed for 0.5 s' in said


def test_silence_is_noticed_once_a_while_and_ends_with_what_comes():
    now_s = [0.0]
    silence = Silence(10.0, lambda: now_s[0])
    noticed = []
    for now_s[0] in (9.0, 10.0, 11.0, 20.0):
        noticed.append(silence.is_noticed())
    assert noticed == [False, True, False, True]
    now_s[0] = 29.0
    silence.end()
    now_s[0] = 31.0
    assert not silence.is_noticed()


def test_fixes_of_the_topic_are_read_as_recorded():
    fix = gnss_fix(fix_message(1.0, 12.0, -7.0, sigma_m=3.0))
    pose = believed_fix(fix, DATUM)
    assert isinstance(fix_message(0.0, 0.0, 0.0), NavSatFix)
    assert (pose.x_m, pose.y_m, pose.sigma_m) == pytest.approx((12.0, -7.0, 3.0), abs=1e-6)


def test_a_change_to_another_domain_is_warned_of_by_its_name(run, capfd):
    node, _ = run()
    assert node.set_parameters([Parameter('input_domain', value='moon')])[0].successful
    assert "the pictures are 'moon'" in capfd.readouterr().err


def test_a_calibration_that_failed_is_warned_of_by_its_drive(run, map_path, tmp_path, capfd):
    store = DescriptorStore.open(shutil.copytree(map_path, tmp_path / 'map'))
    sha256 = store.record.network_sha256
    write_calibration(
        store.path, Calibration(sha256, 'simulation', 'my drive', 100, 0.4, 0.1, 0.2, -1.0)
    )
    run(map=str(store.path))
    assert 'on my drive the scores were no likelihoods' in capfd.readouterr().err


def test_a_change_over_a_damaged_calibration_is_refused(run, map_path, tmp_path):
    shutil.copytree(map_path, tmp_path / 'map')
    node, _ = run(map=str(tmp_path / 'map'))
    (tmp_path / 'map' / 'calibration.json').write_text('{')
    before, matcher = node._loader.settings, node._matcher
    result = node.set_parameters([Parameter('search.min_radius_m', value=44.0)])[0]
    assert not result.successful
    assert 'calibration.json cannot be read' in result.reason
    assert node._loader.settings is before
    assert node._matcher is matcher
    (tmp_path / 'map' / 'calibration.json').unlink()
    assert node.set_parameters([Parameter('search.min_radius_m', value=44.0)])[0].successful
    assert node._loader.settings.search.min_radius_m == 44.0


def test_a_node_that_could_not_be_configured_can_be_shut_down(ros, weights, map_path):
    from geoloc_ros.nodes.cross_view_node import CrossViewNode

    given = {
        'map': str(map_path), 'network.weights': str(weights), 'network.backend': 'torch',
        'network.threads': 1, 'imagery': 'nope.tif', 'autostart': False,
    }  # fmt: skip
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    node = CrossViewNode(parameter_overrides=overrides)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert node.trigger_shutdown() == TransitionCallbackReturn.SUCCESS
    node.destroy_node()
