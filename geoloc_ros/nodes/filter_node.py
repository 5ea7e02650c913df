# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The shell around a localizer: messages in, estimates out, whatever the filter."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.service import Service
from rclpy.timer import Timer
from std_srvs.srv import Trigger

from geoloc_ros.errors import GeolocError
from geoloc_ros.localizer.build import build_localizer
from geoloc_ros.localizer.localizer import Localizer
from geoloc_ros.localizer.preparation import Measurement
from geoloc_ros.localizer.result import StepResult, WarningKind
from geoloc_ros.nodes.filter_inputs import FilterInputs, FilterSink
from geoloc_ros.nodes.filter_outputs import FilterOutputs
from geoloc_ros.nodes.health_monitor import HealthMonitor
from geoloc_ros.nodes.inbox import Inbox
from geoloc_ros.nodes.lifecycle import EndingNode, start
from geoloc_ros.nodes.truth_display import TruthDisplay
from geoloc_ros.nodes.warm_up import warm_up
from geoloc_ros.nodes.warning_log import WarningLog
from geoloc_ros.ros.diagnostics import diagnostic_array
from geoloc_ros.ros.frames import FrameTree
from geoloc_ros.ros.node_settings import AnyFilterNodeSettings
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.ros.qos import reliable_qos
from geoloc_ros.types import (
    Estimate,
    GeodeticPosition,
    GnssFix,
    PosePrior,
    seconds_between,
)

_DIAGNOSTICS_PERIOD_S = 1.0


class FilterNode(EndingNode):
    """A lifecycle node around the localizer of ``settings_type``.

    Configured, it has a localizer and its publishers; active, it listens. Deactivating keeps
    the belief, cleaning up forgets it.

    Args:
        name: of the node.
        settings_type: its parameters, which also say which filter it has.
        node_arguments: passed on to rclpy's ``Node``.
    """

    def __init__(
        self, name: str, settings_type: type[AnyFilterNodeSettings], **node_arguments: Any
    ) -> None:
        super().__init__(name, **node_arguments)
        self._loader: ParameterLoader[AnyFilterNodeSettings] = ParameterLoader(
            self, settings_type, self._rebuild
        )
        settings = self._loader.settings
        self._warnings = WarningLog(self.get_logger().warning, settings.warning_period_s)
        self._frames = FrameTree(self)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._health = HealthMonitor()
        self._lever_arms_m: dict[str, tuple[float, float]] = {}
        self._localizer: Localizer | None = None
        self._start_prior: PosePrior | None = None
        self._inbox: Inbox | None = None
        self._offered: list[Service] = []
        self._running: list[Timer] = []
        if settings.autostart:
            start(self)

    @property
    def localizer(self) -> Localizer:
        """The localizer of a configured node.

        Raises:
            GeolocError: the node is not configured.
        """
        if self._localizer is None:
            raise GeolocError(
                f'node {self.get_name()!r} is not configured; configure it first '
                f'(ros2 lifecycle set {self.get_name()} configure)'
            )
        return self._localizer

    def _prepare(self) -> None:
        """Build the localizer and the publishers."""
        settings = self._loader.settings
        warm_up(settings)
        localizer = build_localizer(settings, settings.seed)
        self._outputs = FilterOutputs(self, settings, self._frames, self._publish_failed)
        self._truth = TruthDisplay(self, settings)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', reliable_qos())
        self._localizer = localizer
        self._tell_datum()

    def _start_listening(self) -> None:
        """Listen to sensors, offer services, start the timers."""
        settings = self._loader.settings
        self._inbox = inbox = Inbox(self, self._warnings, self._tell_datum)
        sink = FilterSink(self._push, self._set_pose, self._set_datum, self._set_lever_arm)
        FilterInputs(sink, settings, self._frames, self._warnings).subscribe(inbox)
        if settings.sources.truth:
            self._truth.subscribe(inbox)
        self._offered = [
            self.create_service(Trigger, 'reset', self._reset),
            self.create_service(Trigger, 'relocalize', self._relocalize),
        ]
        self._running = [
            self.create_timer(period_s, callback, clock=self._steady)
            for period_s, callback in (
                (1.0 / settings.output.rate_hz, self._advance),
                (1.0 / settings.display.rate_hz, self._display),
                (_DIAGNOSTICS_PERIOD_S, self._report),
            )
        ]

    def _stop_listening(self) -> None:
        if self._inbox is not None:
            self._inbox.close()
            self._inbox = None
        for timer in self._running:
            self.destroy_timer(timer)
        for service in self._offered:
            self.destroy_service(service)
        self._running, self._offered = [], []

    def _forget(self) -> None:
        if self._localizer is None:
            return
        self._outputs.close()
        self._truth.close()
        self.destroy_publisher(self._diagnostics)
        self._localizer = self._start_prior = None

    def _push(self, measurement: Measurement) -> None:
        result = self.localizer.push(measurement)
        self._tell_datum()
        if isinstance(measurement, GnssFix) and measurement.source == 'fix':
            self._outputs.note_fix(measurement)
        self._handle(result)

    def _advance(self) -> None:
        self._outputs.publish_due_transforms()
        now_ns = self.get_clock().now().nanoseconds
        if now_ns > 0:
            self._handle(self.localizer.advance(now_ns))

    def _set_pose(self, prior: PosePrior) -> None:
        self._handle(self.localizer.set_pose(prior))
        self._start_prior = prior if self.localizer.datum is not None else None

    def _set_datum(self, place: GeodeticPosition) -> None:
        before = self.localizer.datum
        self.localizer.set_datum(place)
        if before is not None and self.localizer.datum != before:
            self._start_prior = None
            self._clear_paths()

    def _set_lever_arm(self, frame_id: str, forward_m: float, left_m: float) -> None:
        self._lever_arms_m[frame_id] = (forward_m, left_m)
        self.localizer.set_lever_arm(frame_id, forward_m, left_m)

    def _handle(self, result: StepResult) -> None:
        self._warnings.add(result.warnings)
        if result.was_reset:
            self._start_prior = None
            self._clear_paths()
        now_ns = self.get_clock().now().nanoseconds
        for estimate in result.estimates:
            try:
                self._outputs.publish_estimate(estimate)
            except GeolocError as error:
                self._warnings.warn(WarningKind.PUBLISH_FAILED, str(error))
            self._health.published(seconds_between(estimate.stamp_ns, now_ns))

    def _clear_paths(self) -> None:
        for path in (self._outputs.fused_path, self._outputs.raw_path, self._truth.path):
            path.clear()

    def _tell_datum(self) -> None:
        datum = self.localizer.datum
        if datum is not None:
            self._outputs.set_datum(datum, self.get_clock().now().nanoseconds)
            self._truth.set_datum(datum)

    def _display(self) -> None:
        estimate = self.localizer.estimate()
        if estimate is not None:
            self._outputs.publish_display(estimate.stamp_ns, self.localizer.particles)
            self._truth.publish(estimate.stamp_ns)

    def _report(self) -> None:
        health = self._health.report(self.localizer, self._warnings)
        now_ns = self.get_clock().now().nanoseconds
        try:
            self._diagnostics.publish(
                diagnostic_array(health, self.get_fully_qualified_name(), now_ns)
            )
        except RuntimeError as error:
            self._publish_failed('/diagnostics', error)

    def _publish_failed(self, topic: str, error: Exception) -> None:
        self._health.failed_publishes += 1
        self._warnings.warn(
            WarningKind.PUBLISH_FAILED, f'{topic!r} could not be published: {error}'
        )

    def _reset(self, request: Any, response: Any) -> Any:
        """Forget everything but the datum."""
        del request
        self._handle(self.localizer.reset())
        response.success, response.message = True, 'waiting for a first position'
        return response

    def _relocalize(self, request: Any, response: Any) -> Any:
        """Start anew from the next good fix."""
        del request
        self._handle(self.localizer.relocalize())
        response.success, response.message = True, 'starting anew from the next good fix'
        return response

    def _rebuild(self, settings: AnyFilterNodeSettings) -> None:
        """A localizer with changed parameters, started from the belief of the one before.

        One that was itself rebuilt and has heard nothing yet has no belief but its start.
        """
        before = self._localizer
        if before is None:
            return
        self._localizer = build_localizer(settings, settings.seed)
        if before.datum is not None:
            self._localizer.set_datum(before.datum.origin)
        for frame_id, (forward_m, left_m) in self._lever_arms_m.items():
            self._localizer.set_lever_arm(frame_id, forward_m, left_m)
        estimate = before.estimate()
        if estimate is not None:
            self._start_prior = _prior(estimate)
        if self._start_prior is not None:
            self._localizer.set_pose(self._start_prior)


def _prior(estimate: Estimate) -> PosePrior:
    """A belief as something to start from."""
    return PosePrior(
        estimate.stamp_ns,
        estimate.x_m,
        estimate.y_m,
        estimate.covariance[:2, :2],
        estimate.yaw_rad,
        float(estimate.covariance[2, 2]),
        estimate.speed_m_s,
        float(estimate.covariance[3, 3]),
    )
