# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The camera of a recorded drive: what ``cross_view_node`` does, offline."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
from pathlib import Path
from typing import Any

from geoloc_ros.bags.reader import BagReader, BagTopic
from geoloc_ros.cli.bag_trajectory import static_frames
from geoloc_ros.cli.offline import ReceivedImage
from geoloc_ros.cli.static_frames import BASE_FRAME, StaticFrames
from geoloc_ros.errors import DriveError, GeodesyError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.localizer.result import StepResult
from geoloc_ros.messages.beliefs import believed_estimate, believed_fix
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.pictures import camera_of, decoded_for
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.observations.cross_view import CrossViewMatcher, GroundCamera
from geoloc_ros.observations.search_area import SearchArea
from geoloc_ros.observations.sight import CameraCabinet, Sighting, Task, level_camera, look
from geoloc_ros.ros.matcher_settings import CrossViewNodeSettings
from geoloc_ros.types import GeodeticPosition, GnssFix, ScoreLattice

_IMAGE_TYPES = ('sensor_msgs/msg/CompressedImage', 'sensor_msgs/msg/Image')
_INFO_TYPE = 'sensor_msgs/msg/CameraInfo'


@dataclasses.dataclass(frozen=True, slots=True)
class CameraTopics:
    """Where a bag has the pictures and the model of its camera."""

    image: str
    camera_info: str


def find_camera(bag: BagReader, image: str = '', camera_info: str = '') -> CameraTopics:
    """The camera's topics; names left out are found where only one fits.

    Of the pictures of one camera, the only compressed ones are taken, else the only raw ones.

    Raises:
        DriveError: none fits, or several do.
    """
    topics = [topic for topic in bag.topics if topic.count > 0]
    found = image or _only(bag, topics, _IMAGE_TYPES, '--image', '')
    return CameraTopics(
        found, camera_info or _only(bag, topics, (_INFO_TYPE,), '--camera-info', _camera_of(found))
    )


def _camera_of(topic: str) -> str:
    """What the topics of one camera begin with."""
    return topic.rsplit('/image', 1)[0]


def _only(
    bag: BagReader, topics: list[BagTopic], types: tuple[str, ...], option: str, prefix: str
) -> str:
    fitting = {
        kind: [topic.name for topic in topics if topic.message_type == kind] for kind in types
    }
    every = [name for names in fitting.values() for name in names]
    is_one_camera = len(set(map(_camera_of, every))) == 1
    for kind in types:
        near = [name for name in fitting[kind] if prefix and name.startswith(prefix)]
        names = near or fitting[kind]
        if len(names) == 1 and (near or is_one_camera):
            return names[0]
    raise DriveError(
        f'bag {bag.path} has {len(every)} topics of type {" or ".join(types)} '
        f'({", ".join(every) or "none"}); expected one; name it with {option}'
    )


class RecordedCamera:
    """The images of a bag in order of arrival, with the camera as it was known by then.

    Args:
        path: the bag.
        topics: where it has them.
        settings: mounting where ``/tf_static`` does not say it.
        base_frame: body frame of the vehicle.
    """

    def __init__(
        self,
        path: Path,
        topics: CameraTopics,
        settings: CrossViewNodeSettings,
        base_frame: str = BASE_FRAME,
    ) -> None:
        self._path = path
        self._topics = topics
        self._settings = settings.camera
        self._base_frame = base_frame
        with BagReader(path) as bag:
            bag.require([topics.image, topics.camera_info])
            self._frames: StaticFrames = static_frames(bag)
            self.count = bag.count([topics.image])

    def images(self) -> Iterator[ReceivedImage]:
        """The images, one at a time; those before the first camera info have no camera."""
        camera: Camera | None = None
        with BagReader(self._path) as bag:
            for item in bag.messages([self._topics.image, self._topics.camera_info]):
                if item.topic == self._topics.camera_info:
                    camera = self._camera(item.message, camera)
                else:
                    yield ReceivedImage(item.receive_stamp_ns, item.message, camera)

    def mounted(self, camera: Camera, frame_id: str, cabinet: CameraCabinet) -> GroundCamera:
        """The camera where ``/tf_static``, else the settings, say it is."""
        mounting = self._frames.lookup(self._base_frame, frame_id) if frame_id else None
        if mounting is None:
            mounting = level_camera(self._settings.forward_m, self._settings.left_m)
        return cabinet.get(camera, mounting)

    def _camera(self, message: Any, before: Camera | None) -> Camera | None:
        try:
            return camera_of(message, rectified=self._settings.rectified)
        except MeasurementError:
            return before


class OfflineSight:
    """Scores the images of a drive as the node would, told of the same beliefs.

    Args:
        matcher: scores them.
        recorded: has them.
        settings: where to look.
    """

    def __init__(
        self,
        matcher: CrossViewMatcher,
        recorded: RecordedCamera,
        settings: CrossViewNodeSettings,
    ) -> None:
        self.matcher = matcher
        self.recorded = recorded
        self.domain = settings.input_domain
        self._temperature_factor = settings.temperature_factor
        self._area = SearchArea(settings.search)
        self._cabinet = CameraCabinet(matcher)
        self._unmatched: dict[str, int] = {}
        self._matched = 0
        self.last: Sighting | None = None

    @property
    def datum(self) -> GeodeticPosition:
        """Origin of ``map`` that the map suggests."""
        return self.matcher.store.record.datum

    def images(self) -> Iterator[ReceivedImage]:
        """The images in order of arrival."""
        return self.recorded.images()

    def note(self, result: StepResult) -> None:
        """Remember what the filter believes."""
        for estimate in result.estimates:
            self._area.note_belief(believed_estimate(estimate))

    def note_fix(self, fix: GnssFix, datum: Datum | None) -> None:
        """Remember where the receiver was."""
        if datum is not None and fix.source == 'fix':
            pose = believed_fix(fix, datum)
            if pose is not None:
                self._area.note_fix(pose)

    def scores(self, image: ReceivedImage, datum: Datum | None) -> ScoreLattice | None:
        """What an image says; ``None``, counted, where that is nothing."""
        stamp = stamp_ns(image.message.header.stamp)
        circle = self._area.circle(stamp)
        if datum is None or circle is None or image.camera is None:
            self.leave_out(
                'came before camera info' if image.camera is None else 'had no place to look'
            )
            return None
        frame_id = image.message.header.frame_id
        camera = self.recorded.mounted(image.camera, frame_id, self._cabinet)
        try:
            pixels = decoded_for(image.message, camera.camera, camera.reduction)
            task = Task(stamp, circle, datum, camera)
            sighting = look(self.matcher, pixels.rgb_u8, task, pixels.reduction)
        except MeasurementError as error:
            self.leave_out(f'could not be used ({error})')
            return None
        except GeodesyError:  # further away than the map's CRS reaches
            sighting = None
        if sighting is None:
            self.leave_out('were taken off the map')
            return None
        self.last = sighting
        self._matched += 1
        return sighting.match.lattice

    def notes(self) -> tuple[str, ...]:
        """What a reader of the report must know."""
        matcher, network = self.matcher, self.matcher.network
        trust = 'calibrated' if matcher.is_calibrated else 'not calibrated for this input'
        stated = matcher.temperature / self._temperature_factor
        text = (
            f'camera: {self._matched} images matched with {network.contract.name} (sha256 '
            f'{network.sha256[:12]}, trained on {network.domain}; temperature '
            f'{stated:.4g} x {self._temperature_factor:g}, {trust})'
        )
        more = list(self.left_out)
        if not matcher.store.complete:
            more.append(f'map {matcher.store.path} is UNFINISHED; {matcher.store.missing}')
        return (text, *more)

    @property
    def left_out(self) -> tuple[str, ...]:
        """How many images were left out, and why."""
        return tuple(f'camera: {n} images {why}' for why, n in self._unmatched.items())

    def leave_out(self, why: str) -> None:
        """Count an image that could not be matched."""
        self._unmatched[why] = self._unmatched.get(why, 0) + 1
