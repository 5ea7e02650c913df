# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``map_server_node``: says where ``map`` is, and shows the aerial image under the vehicle."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
import sys
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription
from sensor_msgs.msg import NavSatFix, PointCloud2

from geoloc_ros.errors import GeolocError, MeasurementError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.imagery import ImageryOptions, open_imagery
from geoloc_ros.map_store.records import ImagerySource
from geoloc_ros.messages.inbound import pose_measurement
from geoloc_ros.messages.map_raster import map_raster
from geoloc_ros.messages.outbound import datum_fix
from geoloc_ros.nodes.lifecycle import EndingNode, run_node, start
from geoloc_ros.ros.factory import RosMessages
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.matcher_settings import MapServerSettings
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.ros.qos import latched_qos, reliable_qos

NODE_NAME = 'map_server_node'
#: A new raster comes when the vehicle is this share of the radius off the middle.
_OFF_CENTRE = 0.4


class MapServerNode(EndingNode):
    """Configured, it has the map open and the datum told; active, it follows the vehicle."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._loader = ParameterLoader(self, MapServerSettings)
        self._frames = FrameTree(self)
        self._messages = RosMessages()
        self._datum: Datum | None = None
        self._imagery: ImagerySource | None = None
        self._centre_m: tuple[float, float] | None = None
        self._raster: Publisher | None = None
        self._datum_out: Publisher | None = None
        self._listening: list[Subscription] = []
        if self._loader.settings.autostart:
            start(self)

    def _prepare(self) -> None:
        """Open map and imagery, and tell where ``map`` is."""
        settings = self._loader.settings
        self._imagery = (
            open_imagery(Path(settings.imagery), ImageryOptions()) if settings.imagery else None
        )
        self._datum = self._place(settings)
        self._raster = self.create_publisher(PointCloud2, 'map/raster', latched_qos())
        self._tell_place(self._datum, settings)
        self._centre_m = None
        self._show((0.0, 0.0))

    def _start_listening(self) -> None:
        """Follow the vehicle."""
        self._listening = [
            self.create_subscription(
                PoseWithCovarianceStamped, 'pose', self._take_pose, reliable_qos(1)
            )
        ]

    def _place(self, settings: MapServerSettings) -> Datum:
        """Where ``map`` is: as the map says, else the middle of the imagery."""
        if settings.map:
            return DescriptorStore.open(Path(settings.map)).datum
        if self._imagery is not None:
            return Datum(self._imagery.bounds.centre)
        raise GeolocError(
            'parameters map and imagery are empty; expected at least one of them; set '
            '-p map:=FOLDER or -p imagery:=FILE'
        )

    def _tell_place(self, datum: Datum, settings: MapServerSettings) -> None:
        now_ns = self.get_clock().now().nanoseconds
        if settings.publish_datum:
            self._datum_out = self.create_publisher(NavSatFix, 'datum', latched_qos())
            self._datum_out.publish(
                datum_fix(datum.origin, now_ns, settings.map_frame, self._messages)
            )
        if settings.publish_tf:
            rotation, translation_m = datum.ecef_from_enu()
            pose = Pose3.from_rotation(rotation, translation_m)
            self._frames.publish_static(now_ns, settings.earth_frame, settings.map_frame, pose)

    def _take_pose(self, message: PoseWithCovarianceStamped) -> None:
        try:
            pose = pose_measurement(message)
        except MeasurementError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        if not (math.isfinite(pose.x_m) and math.isfinite(pose.y_m)):
            return
        if message.header.frame_id.lstrip('/') != self._loader.settings.map_frame:
            return
        centre = self._centre_m
        off_m = math.inf if centre is None else math.dist(centre, (pose.x_m, pose.y_m))
        if off_m > _OFF_CENTRE * self._loader.settings.radius_m:
            self._show((pose.x_m, pose.y_m))

    def _show(self, centre_m: tuple[float, float]) -> None:
        """Publish the raster about a place."""
        if self._imagery is None or self._datum is None or self._raster is None:
            return
        self._centre_m = centre_m
        settings = self._loader.settings
        try:
            message = map_raster(
                self._imagery,
                self._datum,
                centre_m,
                settings.radius_m,
                settings.pixel_m,
                -settings.below_m,
                self.get_clock().now().nanoseconds,
                settings.map_frame,
                self._messages,
            )
        except GeolocError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        if message is not None:
            self._raster.publish(message)

    def _stop_listening(self) -> None:
        for subscription in self._listening:
            self.destroy_subscription(subscription)
        self._listening = []

    def _forget(self) -> None:
        for publisher in (self._raster, self._datum_out):
            if publisher is not None:
                self.destroy_publisher(publisher)
        self._raster = self._datum_out = None
        self._datum = self._imagery = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end."""
    return run_node(MapServerNode, NODE_NAME, __doc__ or '', arguments)


if __name__ == '__main__':
    sys.exit(main())
