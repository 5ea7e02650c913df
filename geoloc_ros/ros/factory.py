# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Makes rclpy messages for ``messages.outbound``."""

from __future__ import annotations

import importlib
from typing import Any

from geoloc_ros.errors import GeolocError


class MessageTypeError(GeolocError):
    """A message type is not installed."""


def message_class(message_type: str) -> Any:
    """The class of a type such as ``nav_msgs/msg/Odometry``.

    Raises:
        MessageTypeError: its package is not installed, or has no such message.
    """
    package, _, name = message_type.replace('/msg/', '/').partition('/')
    try:
        return getattr(importlib.import_module(f'{package}.msg'), name)
    except (ImportError, AttributeError) as error:
        hint = (
            'run "make setup", which generates it'
            if package == 'tf2_msgs'
            else f'install the ROS package {package}'
        )
        raise MessageTypeError(
            f'message type {message_type!r} is not installed ({error}); {hint}'
        ) from error


class RosMessages:
    """Makes empty messages of rclpy's classes (a ``messages.shapes.MessageFactory``)."""

    def __init__(self) -> None:
        self._classes: dict[str, Any] = {}

    def new(self, message_type: str) -> Any:
        """An empty message of a type such as ``nav_msgs/msg/Odometry``.

        Raises:
            MessageTypeError: the type is not installed.
        """
        kind = self._classes.get(message_type)
        if kind is None:
            kind = self._classes[message_type] = message_class(message_type)
        return kind()
