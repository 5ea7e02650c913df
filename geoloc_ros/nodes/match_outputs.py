# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the matcher node publishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from sensor_msgs.msg import Image, PointCloud2

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.map_store.records import ImagerySource, PatchRequest
from geoloc_ros.messages.match_picture import PATCH_PX, best_match_picture
from geoloc_ros.messages.outbound import set_header
from geoloc_ros.messages.scores import heat_map, score_cloud
from geoloc_ros.observations.cross_view import ImageU8
from geoloc_ros.observations.sight import Sighting, Task
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.images import image_message
from geoloc_ros.ros.qos import reliable_qos


class MatchOutputs:
    """Publishes scores, and for people a heat map and the best match.

    Args:
        node: gets the publishers.
        map_frame: frame of the scores.
        patch_size_m: side of the aerial patch shown.
        imagery: where it is cut from; ``None`` for no best match.
        failed: told of a message that the middleware refused.
    """

    def __init__(
        self,
        node: Node,
        map_frame: str,
        patch_size_m: float,
        imagery: ImagerySource | None,
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._node = node
        self._frame = map_frame
        self._patch_size_m = patch_size_m
        self._imagery = imagery
        self._failed = failed
        self._messages = RosMessages()
        qos = reliable_qos(50)
        self._scores = node.create_publisher(PointCloud2, 'cross_view/scores', qos)
        self._heat = node.create_publisher(OccupancyGrid, 'cross_view/heatmap', reliable_qos(1))
        self._best = node.create_publisher(Image, 'cross_view/best_match', reliable_qos(1))

    def close(self) -> None:
        """Take the publishers away."""
        for publisher in (self._scores, self._heat, self._best):
            self._node.destroy_publisher(publisher)

    def publish(self, sighting: Sighting, task: Task) -> None:
        """Publish what a picture matched; what is for people only when somebody looks."""
        lattice = sighting.match.lattice
        self._send(self._scores, score_cloud(lattice, self._frame, self._messages))
        if self._heat.get_subscription_count() > 0:
            self._send(self._heat, heat_map(lattice, self._frame, self._messages))
        if self._imagery is not None and self._best.get_subscription_count() > 0:
            shown = image_message(best_match_picture(sighting, task, self._aerial), 'rgb8')
            set_header(shown.header, task.stamp_ns, self._frame)
            self._send(self._best, shown)

    def _aerial(self, x_m: float, y_m: float, yaw_rad: float, datum: Datum) -> ImageU8:
        assert self._imagery is not None
        place = datum.geodetic_at_altitude(x_m, y_m, datum.origin.alt_m)
        up_yaw_rad = yaw_rad - true_north_yaw_rad(datum, place)
        request = PatchRequest(place, self._patch_size_m, PATCH_PX, up_yaw_rad)
        return self._imagery.patch(request).rgb

    def _send(self, publisher: Any, message: Any) -> None:
        try:
            publisher.publish(message)
        except RuntimeError as error:  # rclpy's RCLError: the middleware's queue is full
            self._failed(publisher.topic_name, error)
