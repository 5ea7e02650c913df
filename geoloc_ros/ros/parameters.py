# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Declares the fields of a settings dataclass as ROS parameters and reads them back, checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
import difflib
import math
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from geoloc_ros.errors import GeolocError, SettingError
from geoloc_ros.settings import SettingSpec, SettingValue, from_flat, specs

SettingsT = TypeVar('SettingsT')

#: Stands in for a bound that is not set: ranges of ROS have two ends.
_UNBOUNDED = 1.7976931348623157e308
_INT64_MAX = 2**63 - 1


def descriptor(spec: SettingSpec) -> ParameterDescriptor:
    """What ROS tools show of a parameter: description with unit, range, choices, read-only.

    The range of an array is checked by ``from_flat`` only, as ROS has none for arrays.
    """
    info = spec.info
    unit = f' [{info.unit}]' if info.unit else ''
    result = ParameterDescriptor(
        name=spec.name, description=f'{info.description}{unit}', read_only=info.read_only
    )
    if info.choices:
        result.additional_constraints = f'one of: {", ".join(info.choices)}'
    if info.minimum is None and info.maximum is None:
        return result
    if spec.value_type is float:
        low = -_UNBOUNDED if info.minimum is None else float(info.minimum)
        high = _UNBOUNDED if info.maximum is None else float(info.maximum)
        result.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif spec.value_type is int:
        least = -_INT64_MAX if info.minimum is None else math.ceil(info.minimum)
        most = _INT64_MAX if info.maximum is None else math.floor(info.maximum)
        result.integer_range = [IntegerRange(from_value=least, to_value=most, step=1)]
    return result


class ParameterLoader(Generic[SettingsT]):
    """Keeps a frozen settings object in step with the parameters of a node.

    Declares every parameter on construction, and warns of others that were given. A change is
    judged against the whole set; one that is refused leaves everything as it was, and the reason
    names value and range.

    Args:
        node: gets the parameters.
        settings_type: the settings dataclass (``geoloc_ros.settings``).
        on_change: called with the new settings before they count; what it raises as
            ``GeolocError`` refuses the change, so it leaves everything as it was.

    Raises:
        SettingError: a value given at the start (parameter file, command line) is refused.
    """

    def __init__(
        self,
        node: Node,
        settings_type: type[SettingsT],
        on_change: Callable[[SettingsT], None] | None = None,
    ) -> None:
        self._node = node
        self._settings_type = settings_type
        self._specs = {spec.name: spec for spec in specs(settings_type)}
        self._on_change = on_change
        for spec in self._specs.values():
            _declare(node, spec)
        _warn_of_unknown(node, self._specs)
        self._settings = from_flat(settings_type, self._current())
        node.add_on_set_parameters_callback(self._judge)

    @property
    def settings(self) -> SettingsT:
        """The settings as they are now."""
        return self._settings

    def _current(self) -> dict[str, Any]:
        return {name: _value(self._node.get_parameter(name)) for name in self._specs}

    def _judge(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        ours = {item.name: _value(item) for item in parameters if item.name in self._specs}
        if not ours:
            return SetParametersResult(successful=True)
        for name in ours:
            if self._specs[name].info.read_only:
                reason = f'parameter {name!r} cannot be changed at run time; start the node anew'
                return SetParametersResult(successful=False, reason=reason)
        try:
            settings = from_flat(self._settings_type, {**self._current(), **ours})
            if self._on_change is not None:
                self._on_change(settings)
        except GeolocError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._settings = settings
        return SetParametersResult(successful=True)


def ros_value(value: SettingValue) -> bool | int | float | str | list[float] | list[str]:
    """A setting as ROS stores it: a tuple becomes an array."""
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]


def _declare(node: Node, spec: SettingSpec) -> None:
    try:
        node.declare_parameter(spec.name, ros_value(spec.default), descriptor(spec))
    except Exception as error:  # rclpy has one exception a reason, and they differ by version
        raise SettingError(
            f'parameter {spec.name!r} of node {node.get_name()!r} was refused: {error}; expected '
            f'{spec.value_type.__name__} such as {spec.default!r} '
            f'({spec.info.description}); correct the parameter file or the command line'
        ) from error


def _warn_of_unknown(node: Node, known: Collection[str]) -> None:
    """Log the names given on the command line or in a file that no parameter has."""
    given = getattr(node, '_parameter_overrides', {})  # rclpy has no public way to see them
    unknown = [
        name
        for name in sorted(given)
        if not node.has_parameter(name) and not name.startswith('qos_overrides.')
    ]
    if not unknown:
        return
    listed = []
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1)
        listed.append(f'{name} (did you mean {near[0]}?)' if near else name)
    node.get_logger().warning(
        f'node {node.get_name()!r} has no parameter {", ".join(listed)}: of no effect; '
        'docs/parameters.md lists those it has'
    )


def _value(parameter: Parameter) -> Any:
    """Value of a parameter; an array as a tuple."""
    value = parameter.value
    if isinstance(value, bool | int | float | str):
        return value
    if value is None:
        return ''
    return tuple(value)
