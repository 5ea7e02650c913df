# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``cross_view_node``: scores camera images against a map of aerial descriptors."""

from __future__ import annotations

import geoloc_ros.nodes.thread_pools  # noqa: F401  # isort: skip  (before numpy)

from collections.abc import Mapping, Sequence
from pathlib import Path
import sys
import time
from typing import Any, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.clock import Clock, ClockType
from rclpy.timer import Timer
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, NavSatFix

from geoloc_ros.errors import GeolocError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.messages import inbound
from geoloc_ros.messages.beliefs import believed_fix, believed_pose
from geoloc_ros.messages.pictures import camera_of
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.nodes.inbox import Inbox
from geoloc_ros.nodes.lifecycle import EndingNode, run_node, start
from geoloc_ros.nodes.match_health import MatchHealth, Silence
from geoloc_ros.nodes.match_outputs import MatchOutputs
from geoloc_ros.nodes.match_worker import MatchWorker
from geoloc_ros.nodes.warning_log import WarningLog
from geoloc_ros.observations.cross_view import CrossViewMatcher
from geoloc_ros.observations.map_matcher import open_matcher
from geoloc_ros.observations.search_area import SearchArea
from geoloc_ros.observations.sight import CameraCabinet, Task, level_camera, look
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.images import calm_opencv, decoded_for
from geoloc_ros.ros.matcher_settings import CrossViewNodeSettings
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.ros.qos import latched_qos, reliable_qos, sensor_qos
from geoloc_ros.types import seconds_between

NODE_NAME = 'cross_view_node'
_DIAGNOSTICS_PERIOD_S = 1.0
_SILENCE_S = 10.0
#: What carries images, by ``camera.transport``.
_IMAGE_TOPICS: Mapping[str, tuple[Any, str]] = {
    'raw': (Image, 'image'),
    'compressed': (CompressedImage, 'image/compressed'),
}


class _Job(NamedTuple):
    """An image and what to do with it."""

    image: Any
    task: Task


class CrossViewNode(EndingNode):
    """Configured, it has map and network loaded; active, it matches images in a thread."""

    #: Also there where a refused parameter ends the construction: rclpy destroys such a node too.
    _worker: MatchWorker[_Job] | None = None

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._loader = ParameterLoader(self, CrossViewNodeSettings, self._rebuild)
        settings = self._loader.settings
        self._warnings = WarningLog(self.get_logger().warning, settings.warning_period_s)
        self._frames = FrameTree(self)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._matcher: CrossViewMatcher | None = None
        self._inbox: Inbox | None = None
        self._timer: Timer | None = None
        self._camera: Camera | None = None
        self._datum: Datum | None = None
        if settings.autostart:
            start(self)

    def _prepare(self) -> None:
        """Load map and network, and run both once."""
        calm_opencv()
        settings = self._loader.settings
        matcher = self._loaded(settings)
        matcher.warm_up()
        imagery = (
            open_imagery(Path(settings.imagery), ImageryOptions()) if settings.imagery else None
        )
        contract = matcher.network.contract
        self._cabinet = CameraCabinet(matcher)
        self._area = SearchArea(settings.search)
        self._health = MatchHealth()
        self._outputs = MatchOutputs(
            self, settings.map_frame, contract.patch_size_m, imagery, self._publish_failed
        )
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', reliable_qos())
        self._matcher = matcher
        self._warn_of_domain(matcher, settings.input_domain)
        store = matcher.store
        if not store.complete:
            self.get_logger().warning(f'map {store.path} is unfinished; {store.missing}')

    def _start_listening(self) -> None:
        """Listen, and match in a thread."""
        settings = self._loader.settings
        self._worker = MatchWorker(self._match, self._match_failed, settings.camera.queue)
        self._inbox = inbox = Inbox(self, self._warnings, lambda: None)
        kind, topic = _IMAGE_TOPICS[settings.camera.transport]
        inbox.subscribe(kind, topic, self._take_image, sensor_qos(settings.camera.queue))
        inbox.subscribe(CameraInfo, 'camera_info', self._take_camera, sensor_qos(5))
        inbox.subscribe(PoseWithCovarianceStamped, 'pose', self._take_pose, reliable_qos(50))
        inbox.subscribe(NavSatFix, 'fix', self._take_fix, sensor_qos())
        inbox.subscribe(NavSatFix, 'datum', self._take_datum, latched_qos())
        self._timer = self.create_timer(_DIAGNOSTICS_PERIOD_S, self._report, clock=self._steady)
        self._silence = Silence(_SILENCE_S)
        self._tell_start(settings)

    def destroy_node(self) -> None:
        """End the thread before the node."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        super().destroy_node()

    def _loaded(self, settings: CrossViewNodeSettings) -> CrossViewMatcher:
        if not settings.map:
            raise GeolocError(
                'parameter map is empty; expected the folder of a map (geoloc map build); set it '
                'with -p map:=...'
            )
        network = settings.network
        return open_matcher(
            Path(settings.map),
            network.weights,
            network.backend,  # type: ignore[arg-type]  # one of the choices
            settings,
            provider=network.provider,
            threads=network.threads,
        )

    def _rebuild(self, settings: CrossViewNodeSettings) -> None:
        before = self._matcher
        if before is not None:
            self._matcher = CrossViewMatcher(before.network, before.store, settings)
            self._area = SearchArea(settings.search)
            self._warn_of_domain(self._matcher, settings.input_domain)

    def _warn_of_domain(self, matcher: CrossViewMatcher, input_domain: str) -> None:
        if matcher.is_calibrated:
            return
        why = (
            f'the weights were trained on {matcher.network.domain!r} and the pictures are '
            f'{input_domain!r}'
            if matcher.calibration is None
            else f'on {matcher.calibration.drive} the scores were no likelihoods'
        )
        self._warnings.warn(
            WarningKind.UNCALIBRATED,
            f'{why}: filters leave the scores out; run "geoloc calibrate" on a drive of your own '
            'with this map',
        )

    def _tell_start(self, settings: CrossViewNodeSettings) -> None:
        assert self._matcher is not None
        network = self._matcher.network
        image, info, scores = (
            self.resolve_topic_name(name)
            for name in (self._image_topic, 'camera_info', 'cross_view/scores')
        )
        trust = 'calibrated' if self._matcher.is_calibrated else 'not calibrated'
        self.get_logger().info(
            f'matching {image} (camera: {info}) with map {settings.map} by '
            f'{network.contract.name} (sha256 {network.sha256[:12]}, {trust} for '
            f'{settings.input_domain}); scores go out on {scores}'
        )

    @property
    def _image_topic(self) -> str:
        return _IMAGE_TOPICS[self._loader.settings.camera.transport][1]

    def _stop_listening(self) -> None:
        if self._inbox is not None:
            self._inbox.close()
            self._inbox = None
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _forget(self) -> None:
        if self._matcher is None:
            return
        self._outputs.close()
        self.destroy_publisher(self._diagnostics)
        self._matcher = self._camera = None

    def _take_camera(self, message: CameraInfo) -> None:
        self._camera = camera_of(message, rectified=self._loader.settings.camera.rectified)

    def _take_pose(self, message: PoseWithCovarianceStamped) -> None:
        expected = self._loader.settings.map_frame
        if message.header.frame_id.lstrip('/') != expected:
            raise MeasurementError(
                f'pose is in frame {message.header.frame_id!r}; expected {expected!r} (map_frame)'
            )
        self._area.note_belief(believed_pose(message))

    def _take_fix(self, message: NavSatFix) -> None:
        if self._datum is not None:
            pose = believed_fix(inbound.gnss_fix(message), self._datum)
            if pose is not None:
                self._area.note_fix(pose)

    def _take_datum(self, message: NavSatFix) -> None:
        datum = Datum(inbound.gnss_fix(message, 'datum').position)
        if datum != self._datum:
            self._datum = datum
            self._area.clear()

    def _take_image(self, message: Image | CompressedImage) -> None:
        self._health.received += 1
        self._silence.end()
        stamp_ns = inbound.stamp_ns(message.header.stamp)
        task = self._task(stamp_ns, message.header.frame_id)
        if task is None or self._worker is None:
            return
        dropped = self._worker.put(_Job(message, task))
        if dropped:
            self._health.dropped += dropped
            self._warnings.warn(
                WarningKind.FELL_BEHIND,
                'images come faster than they are matched; the oldest are left out (camera.queue)',
            )

    def _task(self, stamp_ns: int, frame_id: str) -> Task | None:
        """What to do with an image of this instant; ``None``, said why, where that is nothing."""
        if self._datum is None:
            self._warnings.warn(
                WarningKind.NOT_INITIALIZED, 'images wait for the datum (topic datum)'
            )
            return None
        if self._camera is None:
            self._warnings.warn(
                WarningKind.NO_CAMERA, 'no usable camera_info has come; images are left out'
            )
            return None
        circle = self._area.circle(stamp_ns)
        if circle is None:
            self._warnings.warn(
                WarningKind.NO_PRIOR,
                'neither pose nor fix says where to look; images are left out',
            )
            return None
        settings = self._loader.settings
        mounting = self._frames.pose(settings.base_frame, frame_id) if frame_id else None
        if mounting is None:
            self._warnings.warn(
                WarningKind.NO_LEVER_ARM,
                f'tf does not say where the camera {frame_id!r} is on {settings.base_frame!r}; '
                'camera.forward_m and camera.left_m are used, looking level and straight ahead',
            )
            mounting = level_camera(settings.camera.forward_m, settings.camera.left_m)
        return Task(stamp_ns, circle, self._datum, self._cabinet.get(self._camera, mounting))

    def _match(self, job: _Job) -> None:
        """Match one image and publish; runs in the worker's thread."""
        matcher = self._matcher
        if matcher is None:
            return
        began_s = time.perf_counter()
        camera = job.task.camera
        pixels = decoded_for(job.image, camera.camera, camera.reduction)
        sighting = look(matcher, pixels.rgb_u8, job.task, pixels.reduction)
        if sighting is None:
            circle = job.task.circle
            self._warnings.warn(
                WarningKind.NO_MAP,
                f'the map has no data within {circle.radius_m:.0f} m of ({circle.x_m:.0f}, '
                f'{circle.y_m:.0f}) m; build a larger one, or check the datum',
            )
            return
        self._outputs.publish(sighting, job.task)
        now_ns = self.get_clock().now().nanoseconds
        self._health.note(
            sighting.match,
            time.perf_counter() - began_s,
            seconds_between(job.task.stamp_ns, now_ns),
        )

    def _match_failed(self, error: Exception) -> None:
        if isinstance(error, GeolocError):
            self._warnings.warn(WarningKind.UNREADABLE, f'image: {error}')
            return
        self.get_logger().error(
            f'an image was left out after an unexpected {type(error).__name__}: {error}; please '
            'report this',
            throttle_duration_sec=5.0,
        )

    def _report(self) -> None:
        if self._matcher is None:
            return
        if self._silence.is_noticed():
            self._warnings.warn(
                WarningKind.NO_IMAGE,
                f'no image on {self.resolve_topic_name(self._image_topic)} for '
                f'{self._silence.limit_s:g} s; expected those of the camera: check its topic '
                f'(-r {self._image_topic}:=...) and camera.transport',
            )
        now_ns = self.get_clock().now().nanoseconds
        name = self.get_fully_qualified_name()
        array = self._health.report(self._matcher, self._warnings, name, now_ns)
        try:
            self._diagnostics.publish(array)
        except RuntimeError as error:
            self._publish_failed('/diagnostics', error)

    def _publish_failed(self, topic: str, error: Exception) -> None:
        self._warnings.warn(
            WarningKind.PUBLISH_FAILED, f'{topic!r} could not be published: {error}'
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end."""
    return run_node(CrossViewNode, NODE_NAME, __doc__ or '', arguments)


if __name__ == '__main__':
    sys.exit(main())
