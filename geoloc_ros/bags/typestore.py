# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""ROS message classes without ROS: the definitions that ``rosbags`` carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from geoloc_ros.errors import DriveError

_NUMPY_TYPE_OF = {'bool': 'bool', 'octet': 'uint8', 'byte': 'uint8', 'char': 'uint8'}


@cache
def bag_typestore() -> Typestore:
    """Message definitions of ROS 2 Kilted: those we write, and read where a bag holds none."""
    return get_typestore(Stores.ROS2_KILTED)


class BagMessages:
    """Makes empty messages of the classes of ``rosbags`` (a ``MessageFactory``).

    Every number is zero, every string and sequence empty, but for the scalar of a quaternion,
    which is one, as in ROS.
    """

    def __init__(self, typestore: Typestore | None = None) -> None:
        self._typestore = bag_typestore() if typestore is None else typestore
        self._makers: dict[str, Callable[[], Any]] = {}

    def new(self, message_type: str) -> Any:
        """An empty message of a type such as ``nav_msgs/msg/Odometry``.

        Raises:
            DriveError: the type is not among the definitions.
        """
        maker = self._makers.get(message_type)
        if maker is None:
            maker = self._makers[message_type] = self._maker(message_type)
        return maker()

    def _maker(self, message_type: str) -> Callable[[], Any]:
        if message_type not in self._typestore.fielddefs:
            raise DriveError(
                f'message type {message_type!r} is not known to rosbags; expected one such as '
                "'sensor_msgs/msg/NavSatFix'; check its spelling"
            )
        _, fields = self._typestore.fielddefs[message_type]
        makers = [self._field_maker(cast('tuple[Nodetype, Any]', kind)) for _, kind in fields]
        message_class = cast('Callable[..., Any]', self._typestore.types[message_type])
        if message_type == 'geometry_msgs/msg/Quaternion':
            return lambda: message_class(0.0, 0.0, 0.0, 1.0)
        return lambda: message_class(*(make() for make in makers))

    def _field_maker(self, kind: tuple[Nodetype, Any]) -> Callable[[], Any]:
        node, detail = kind
        if node is Nodetype.NAME:
            return self._maker(detail)
        if node is Nodetype.BASE:
            return _number_maker(detail[0])
        element, length = detail
        count = length if node is Nodetype.ARRAY else 0
        if element[0] is Nodetype.BASE and element[1][0] not in ('string', 'wstring'):
            name = element[1][0]
            dtype = np.dtype(_NUMPY_TYPE_OF.get(name, name))
            return lambda: np.zeros(count, dtype=dtype)
        make = self._field_maker(element)
        return lambda: [make() for _ in range(count)]


def _number_maker(name: str) -> Callable[[], Any]:
    if name in ('string', 'wstring'):
        return str
    if name == 'bool':
        return bool
    return float if name.startswith('float') else int
