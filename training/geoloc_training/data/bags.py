# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 recording of one's own as a drive: pictures, camera, and where the vehicle was."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from geoloc_ros.bags.reader import BagReader
from geoloc_ros.cli.bag_trajectory import read_topic, read_truth, static_frames
from geoloc_ros.cli.static_frames import BASE_FRAME, StaticFrames
from geoloc_ros.errors import DriveError, EvaluationError
from geoloc_ros.evaluation.trajectory import Trajectory, moved_to_point, sample_at
from geoloc_ros.map_store.imagery import open_imagery
from geoloc_ros.messages.inbound import stamp_ns
from geoloc_ros.messages.pictures import camera_of, image_rgb_u8
from geoloc_training.data.prepared import DataSet, ImageryReferences
from geoloc_training.data.records import CameraModel, Drive, ImageU8, IntArray, thinned

_IMAGE = 'sensor_msgs/msg/Image'
_COMPRESSED = 'sensor_msgs/msg/CompressedImage'
_INFO = 'sensor_msgs/msg/CameraInfo'
#: Axes of the level optical frame that looks ahead (right, down, ahead) as columns in the body.
_BASE_FROM_FORWARD = np.array(((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)))
_JPEG_QUALITY = 95
#: Pictures nearer to the one before are not kept: a standing vehicle sees the same.
_LEAST_SPACING_M = 1.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class EncodedImages:
    """Images as files in memory."""

    files: tuple[bytes, ...]

    def __len__(self) -> int:
        """How many."""
        return len(self.files)

    def image(self, number: int) -> ImageU8:
        """RGB of one image, shape (height, width, 3)."""
        image = cv2.imdecode(np.frombuffer(self.files[number], dtype=np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise DriveError(f'image {number} cannot be decoded; expected JPEG or PNG')
        return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)


def bag_data_set(words: Sequence[str]) -> DataSet:
    """A bag with imagery: ``BAG,IMAGERY``, where it holds no truth ``,TOPIC``, then ``,IMAGES``.

    Args:
        words: path of the bag, path of the imagery, the topic that says where the vehicle was
            (Odometry, PoseWithCovarianceStamped, PoseStamped or NavSatFix; empty for the bag's
            truth), and the topic of the pictures, where the bag has several cameras.

    Raises:
        DriveError: there are not two to four words, or the bag has no pictures or camera.
        EvaluationError: nobody says where the vehicle was.
        MapError: the imagery cannot be read.
    """
    if len(words) not in (2, 3, 4):
        raise DriveError(
            f'bag data set {",".join(words)!r}; expected BAG,IMAGERY[,TOPIC[,IMAGES]]'
        )
    drive = read_bag_drive(Path(words[0]), *words[2:])
    imagery = Path(words[1])
    source = open_imagery(imagery)
    return DataSet((drive,), {drive.place: ImageryReferences(source, imagery)})


def read_bag_drive(path: Path, topic: str = '', images: str = '') -> Drive:
    """The pictures of a bag, with the pose of the camera at each; the camera's place is exact.

    Args:
        path: of the bag.
        topic: that says where the vehicle was; empty for the bag's truth.
        images: topic of the pictures; empty where the bag has one camera.

    Raises:
        DriveError: no pictures, several cameras, no camera info, or none of the pictures has a
            pose.
        EvaluationError: nobody says where the vehicle was.
    """
    with BagReader(path) as bag:
        images = images or _only_camera(bag)
        bag.require([images])
        infos = _info_of(bag, images)
        frames = static_frames(bag)
        way = read_topic(bag, topic, 'truth') if topic else None
        info = next(iter(bag.messages([infos]))).message
        way = way or read_truth(bag)
        if way is None:
            raise EvaluationError(
                f'bag {path} carries no truth; expected a topic that says where the vehicle was; '
                'name it, as bag:BAG,IMAGERY,/topic'
            )
        stamps, pictures = _kept_pictures(bag, images, way)
    forward_m, left_m, rotation = _mounting(frames, info.header.frame_id)
    samples = sample_at(way, stamps)
    from_point = (forward_m - way.lever_arm_m[0], left_m - way.lever_arm_m[1])
    positions = moved_to_point(samples, from_point)
    if way.datum is None:
        raise DriveError(f'{way.source} has no datum; expected one; give a topic with one')
    camera = CameraModel(camera_of(info), rotation)
    place = f'bag {path.resolve()}'
    return Drive(path.stem, place, 1, way.datum, positions, samples.yaw_enu_rad, camera, pictures)


def _topics(bag: BagReader, types: Sequence[str]) -> list[str]:
    """The topics of some types, by type, then by name."""
    found = [
        topic.name
        for wanted in types
        for topic in sorted(bag.topics, key=lambda topic: topic.name)
        if topic.message_type == wanted and topic.count > 0
    ]
    if not found:
        raise DriveError(
            f'bag {bag.path} has no topic of type {" or ".join(types)}; expected the pictures of '
            'a camera and its camera_info; record both'
        )
    return found


def _only_camera(bag: BagReader) -> str:
    """The topic of the pictures, compressed where there are both."""
    found = _topics(bag, (_COMPRESSED, _IMAGE))
    if len({_uncompressed(name) for name in found}) > 1:
        raise DriveError(
            f'bag {bag.path} has pictures of several cameras ({", ".join(found)}); expected one; '
            'name its topic, as bag:BAG,IMAGERY,TOPIC,IMAGES (TOPIC may be empty)'
        )
    return found[0]


def _info_of(bag: BagReader, images: str) -> str:
    """The camera info in the namespace of pictures, else that of their frame."""
    found = _topics(bag, (_INFO,))
    namespace = _uncompressed(images).rpartition('/')[0]
    near = [name for name in found if name.rpartition('/')[0] == namespace]
    if not near:
        frame = _frame(bag, images)
        near = [name for name in found if _frame(bag, name) == frame]
    if len(near) != 1:
        raise DriveError(
            f'bag {bag.path} has the camera infos {", ".join(found)}; expected one in the '
            f'namespace of {images}, or with its frame_id; record it'
        )
    return near[0]


def _uncompressed(topic: str) -> str:
    return topic.removesuffix('/compressed')


def _frame(bag: BagReader, topic: str) -> str:
    return str(next(iter(bag.messages([topic]))).message.header.frame_id)


def _kept_pictures(bag: BagReader, topic: str, way: Trajectory) -> tuple[IntArray, EncodedImages]:
    """Stamps and files of the pictures that have a pose, none too near to the one before."""
    stamps = np.array(
        [stamp_ns(item.message.header.stamp) for item in bag.messages([topic])], dtype=np.int64
    )
    samples = sample_at(way, stamps)
    posed = np.flatnonzero(samples.available)
    if len(posed) == 0:
        raise DriveError(
            f'none of {len(stamps)} pictures of {topic} is within {way.source}; expected both at '
            'the same times; check the stamps'
        )
    chosen = posed[thinned(samples.positions_enu_m[posed], _LEAST_SPACING_M)]
    wanted = set(chosen.tolist())
    files = [
        _encoded(item.message)
        for number, item in enumerate(bag.messages([topic]))
        if number in wanted
    ]
    return stamps[chosen], EncodedImages(tuple(files))


def _encoded(message: Any) -> bytes:
    """A picture as a file: its own where it is compressed."""
    if hasattr(message, 'format'):
        return bytes(message.data)
    rgb = image_rgb_u8(message)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, file = cv2.imencode('.jpg', np.ascontiguousarray(rgb[..., ::-1]), options)
    return bytes(file)


def _mounting(frames: StaticFrames, frame: str) -> tuple[float, float, tuple[float, ...]]:
    """(forward, left) of the camera, and its rotation; level at the origin where nobody says."""
    pose = frames.lookup(BASE_FRAME, frame)
    if pose is None:
        return 0.0, 0.0, ()
    rotation = pose.rotation().T @ _BASE_FROM_FORWARD
    forward_m, left_m = (float(part) for part in pose.translation_m[:2])
    return forward_m, left_m, tuple(float(part) for part in rotation.ravel())
