# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Parameters as frozen dataclasses whose fields know their unit, range and consequence.

One record serves the ROS declaration, the YAML files, the documentation table and the tests:

    @dataclasses.dataclass(frozen=True)
    class GateSettings:
        probability: float = setting(0.999, 'share of good fixes to accept', minimum=0.5)

Nested dataclasses give dotted names (``gnss.sigma_floor_m``), as ROS 2 parameters use them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import dataclasses
import difflib
import math
import typing
from typing import Any, TypeAlias, TypeVar

from geoloc_ros.errors import SettingError

SettingValue: TypeAlias = 'bool | int | float | str | tuple[float, ...] | tuple[str, ...]'
SettingsT = TypeVar('SettingsT')

_METADATA_KEY = 'geoloc_setting'


@dataclasses.dataclass(frozen=True, slots=True)
class SettingInfo:
    """What is known of one parameter beside its value."""

    description: str
    unit: str = ''
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class SettingSpec:
    """One parameter of a settings tree: its dotted name, type, default and information."""

    name: str
    value_type: type
    default: SettingValue
    info: SettingInfo


def setting(
    default: Any,
    description: str,
    *,
    unit: str = '',
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    read_only: bool = False,
) -> Any:
    """Declare a dataclass field as a parameter.

    Args:
        default: value used when nobody sets one; its type is the parameter's type (bool, int,
            float, str, or a tuple of floats or of strings).
        description: one sentence: what it is and what a larger or smaller value does.
        unit: SI unit as written in documents, empty for none.
        minimum: smallest value allowed (every element, for a tuple).
        maximum: largest value allowed.
        choices: the values allowed, for a string.
        read_only: it cannot be changed while the node runs.
    """
    info = SettingInfo(description, unit, minimum, maximum, choices, read_only)
    return dataclasses.field(default=default, metadata={_METADATA_KEY: info})


def specs(settings_type: type[Any], prefix: str = '') -> Iterator[SettingSpec]:
    """Every parameter of a settings dataclass, nested ones with dotted names, in order."""
    hints = typing.get_type_hints(settings_type)
    for field in dataclasses.fields(settings_type):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from specs(typing.cast('type[Any]', hint), f'{prefix}{field.name}.')
            continue
        info = field.metadata.get(_METADATA_KEY)
        if info is None:
            raise SettingError(
                f'field {settings_type.__name__}.{field.name} is no setting; '
                'declare it with settings.setting(...)'
            )
        default = typing.cast('SettingValue', field.default)
        yield SettingSpec(prefix + field.name, type(default), default, info)


def to_flat(settings: Any, prefix: str = '') -> dict[str, SettingValue]:
    """Values of a settings tree under their dotted names."""
    flat: dict[str, SettingValue] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            flat.update(to_flat(value, f'{prefix}{field.name}.'))
        else:
            flat[prefix + field.name] = value
    return flat


def from_flat(settings_type: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
    """Build a settings tree from dotted names, checking every name, type and range.

    Args:
        settings_type: the settings dataclass.
        values: value by dotted name; names left out keep their defaults.

    Raises:
        SettingError: a name is unknown, or a value has the wrong type or is out of range.
    """
    known = {spec.name: spec for spec in specs(settings_type)}
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f'; did you mean {close[0]!r}?' if close else ''
            raise SettingError(
                f'unknown parameter {name!r}{hint} (known: {", ".join(sorted(known))})'
            )
    checked = {name: checked_value(known[name], value) for name, value in values.items()}
    return _build(settings_type, checked, '')


def _build(settings_type: type[SettingsT], checked: Mapping[str, Any], prefix: str) -> SettingsT:
    hints = typing.get_type_hints(settings_type)
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(settings_type):  # type: ignore[arg-type]
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            nested = typing.cast('type[Any]', hint)
            arguments[field.name] = _build(nested, checked, f'{prefix}{field.name}.')
        elif prefix + field.name in checked:
            arguments[field.name] = checked[prefix + field.name]
    return settings_type(**arguments)


def checked_value(spec: SettingSpec, value: Any) -> SettingValue:
    """The value as the parameter's own type, or an error that says what is allowed.

    Raises:
        SettingError: the type is wrong, or the value is out of range or not finite.
    """
    converted = _as_type(spec, value)
    if isinstance(converted, str):
        if spec.info.choices and converted not in spec.info.choices:
            raise SettingError(
                f'parameter {spec.name!r} is {converted!r}; expected one of '
                f'{", ".join(spec.info.choices)}'
            )
        return converted
    elements = converted if isinstance(converted, tuple) else (converted,)
    for element in elements:
        if isinstance(element, (bool, str)):
            continue
        _check_range(spec, float(element))
    return converted


def _check_range(spec: SettingSpec, number: float) -> None:
    low, high = spec.info.minimum, spec.info.maximum
    if (
        math.isnan(number)
        or (low is not None and number < low)
        or (high is not None and number > high)
    ):
        raise SettingError(
            f'parameter {spec.name!r} is {number}; expected a number '
            f'from {"-inf" if low is None else low} to {"inf" if high is None else high}'
            f'{" " + spec.info.unit if spec.info.unit else ""}'
        )


def _as_type(spec: SettingSpec, value: Any) -> SettingValue:
    if spec.value_type is tuple and isinstance(value, (list, tuple)):
        if isinstance(spec.default, tuple) and spec.default and isinstance(spec.default[0], str):
            if all(isinstance(element, str) for element in value):
                return tuple(str(element) for element in value)
        elif all(_is_number(element) for element in value):
            return tuple(float(element) for element in value)
    elif spec.value_type is float and _is_number(value):
        return float(value)
    elif spec.value_type is int and isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    elif spec.value_type in (bool, str) and isinstance(value, spec.value_type):
        return typing.cast('SettingValue', value)
    raise SettingError(
        f'parameter {spec.name!r} is {value!r} ({type(value).__name__}); '
        f'expected {spec.value_type.__name__}, for example {spec.default!r}'
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
