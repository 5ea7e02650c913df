# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a filter node listens to, and how each message becomes a measurement."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, TwistWithCovarianceStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, NavSatFix, PointCloud2

from geoloc_ros.errors import MeasurementError
from geoloc_ros.localizer.preparation import Measurement
from geoloc_ros.localizer.result import WarningKind
from geoloc_ros.messages import inbound
from geoloc_ros.messages.scores import score_lattice
from geoloc_ros.nodes.inbox import Inbox
from geoloc_ros.nodes.warning_log import WarningLog
from geoloc_ros.observations.gnss import check_position, has_fix
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.node_settings import AnyFilterNodeSettings
from geoloc_ros.ros.qos import latched_qos, reliable_qos, sensor_qos
from geoloc_ros.types import GeodeticPosition, PoseMeasurement, PosePrior


@dataclasses.dataclass(frozen=True)
class FilterSink:
    """Where converted messages go.

    Attributes:
        push: takes a measurement.
        set_pose: takes a pose to start from.
        set_datum: takes the origin of ``map``.
        set_lever_arm: takes an antenna's place: frame, forward (m), left (m).
    """

    push: Callable[[Measurement], None]
    set_pose: Callable[[PosePrior], None]
    set_datum: Callable[[GeodeticPosition], None]
    set_lever_arm: Callable[[str, float, float], None]


class FilterInputs:
    """Converts messages of the topics in ``SourceSettings`` and hands them on.

    Args:
        sink: where they go.
        settings: which topics, and the frames' names.
        frames: where sensors sit.
        warnings: told of what is odd.
    """

    def __init__(
        self,
        sink: FilterSink,
        settings: AnyFilterNodeSettings,
        frames: FrameTree,
        warnings: WarningLog,
    ) -> None:
        self._sink = sink
        self._settings = settings
        self._frames = frames
        self._warnings = warnings
        self._placed: set[str] = set()

    def subscribe(self, inbox: Inbox) -> None:
        """Listen to every topic that the settings name."""
        sources = self._settings.sources
        sensor = sensor_qos()
        if sources.fix:
            inbox.subscribe(NavSatFix, 'fix', self.fix, sensor)
        if sources.fix_corrected:
            inbox.subscribe(NavSatFix, 'fix/corrected', self.corrected_fix, sensor)
        if sources.odom != 'off':
            inbox.subscribe(Odometry, 'odom', self.odometry, sensor)
        if sources.twist:
            inbox.subscribe(TwistWithCovarianceStamped, 'twist', self.twist, sensor)
        if sources.imu:
            inbox.subscribe(Imu, 'imu', self.imu, sensor_qos(200))
        for topic in filter(None, sources.pose_observations):
            inbox.subscribe(
                PoseWithCovarianceStamped, topic, self._pose_observation(topic), sensor
            )
        for topic in filter(None, sources.scores):
            inbox.subscribe(PointCloud2, topic, self._scores(topic), reliable_qos(50))
        inbox.subscribe(
            PoseWithCovarianceStamped, 'initialpose', self.initial_pose, reliable_qos()
        )
        if self._settings.datum.source == 'topic':
            inbox.subscribe(NavSatFix, 'datum', self.datum, latched_qos())

    def fix(self, message: Any) -> None:
        """A receiver's position."""
        self._take_fix(message, 'fix')

    def corrected_fix(self, message: Any) -> None:
        """A position that takes the place of the receiver's."""
        self._take_fix(message, 'fix/corrected')

    def odometry(self, message: Any) -> None:
        """Motion, from the twist or from increments of the pose."""
        if self._settings.sources.odom == 'pose':
            self._sink.push(inbound.odometry_pose(message))
            return
        self._warn_of_other_body(message.child_frame_id, 'odom')
        self._sink.push(inbound.twist_sample_from_odometry(message))

    def twist(self, message: Any) -> None:
        """Motion without a pose."""
        self._warn_of_other_body(message.header.frame_id, 'twist')
        self._sink.push(inbound.twist_sample_from_twist_with_covariance(message))

    def imu(self, message: Any) -> None:
        """Yaw rate, turned into the body as tf says the unit is mounted."""
        frame_id = message.header.frame_id
        mounting = self._frames.pose(self._settings.frames.base, frame_id) if frame_id else None
        if mounting is None:
            if frame_id:
                self._warnings.warn(
                    WarningKind.NO_LEVER_ARM,
                    f'tf does not say how {frame_id!r} is mounted on '
                    f'{self._settings.frames.base!r}; its z axis is taken as upright',
                )
            self._sink.push(inbound.twist_sample_from_imu(message))
            return
        self._sink.push(inbound.twist_sample_from_imu(message, mounting.quat_xyzw))

    def initial_pose(self, message: Any) -> None:
        """A pose that a person states (RViz)."""
        frame_id = message.header.frame_id.lstrip('/')
        if frame_id not in ('', self._settings.frames.map):
            self._warnings.warn(
                WarningKind.WRONG_FRAME,
                f'initial pose is in frame {frame_id!r}; expected '
                f'{self._settings.frames.map!r}: set the fixed frame of RViz to it',
            )
            return
        self._sink.set_pose(inbound.pose_prior(message))

    def datum(self, message: Any) -> None:
        """The origin of ``map``, from whoever is its authority; its height is 0 if unstated."""
        fix = inbound.gnss_fix(message, 'datum')
        if not has_fix(fix, self._settings.gnss):
            self._warnings.warn(
                WarningKind.NO_FIX,
                f'the datum has status {int(fix.status)}; expected a position (status 0 or more): '
                'it is left out; let its sender wait for a fix',
            )
            return
        check_position(fix)
        altitude_m = fix.position.alt_m if math.isfinite(fix.position.alt_m) else 0.0
        self._sink.set_datum(dataclasses.replace(fix.position, alt_m=altitude_m))

    def _take_fix(self, message: Any, source: str) -> None:
        fix = inbound.gnss_fix(message, source)
        frame_id = fix.frame_id
        if frame_id and frame_id not in self._placed:
            antenna = self._frames.pose(self._settings.frames.base, frame_id)
            if antenna is None:
                self._warnings.warn(
                    WarningKind.NO_LEVER_ARM,
                    f'tf does not say where the antenna {frame_id!r} is on '
                    f'{self._settings.frames.base!r}; gnss.antenna_forward_m and '
                    'gnss.antenna_left_m are used',
                )
            else:
                self._placed.add(frame_id)
                forward_m, left_m = antenna.translation_m[:2]
                self._sink.set_lever_arm(frame_id, float(forward_m), float(left_m))
        self._sink.push(fix)

    def _pose_observation(self, topic: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            measurement = inbound.pose_measurement(message, topic)
            self._sink.push(self._in_map(measurement))

        return take

    def _scores(self, topic: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            frame_id = message.header.frame_id.lstrip('/')
            if frame_id != self._settings.frames.map:
                raise MeasurementError(
                    f'scores from {topic!r} are in frame {frame_id!r}; expected '
                    f'{self._settings.frames.map!r} (frames.map)'
                )
            self._sink.push(score_lattice(message, topic))

        return take

    def _in_map(self, measurement: PoseMeasurement) -> PoseMeasurement:
        """The name ``map`` for whatever ``map`` is called here; other frames stay, and fail."""
        if measurement.frame_id.lstrip('/') == self._settings.frames.map:
            return dataclasses.replace(measurement, frame_id='map')
        if measurement.frame_id.lstrip('/') in ('map', ''):
            raise MeasurementError(
                f'pose from {measurement.source!r} is in frame {measurement.frame_id!r}; '
                f'expected {self._settings.frames.map!r} (frames.map)'
            )
        return measurement

    def _warn_of_other_body(self, frame_id: str, source: str) -> None:
        base = self._settings.frames.base
        if frame_id.lstrip('/') not in ('', base):
            self._warnings.warn(
                WarningKind.WRONG_FRAME,
                f'{source!r} gives its twist in {frame_id!r}; expected {base!r}: it is used as '
                'if it were, which is right on a rigid body that turns about the same point',
            )
