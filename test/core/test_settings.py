# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from geoloc_ros import settings as settings_module
from geoloc_ros.errors import SettingError
from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.settings import from_flat, setting, specs, to_flat


@dataclasses.dataclass(frozen=True)
class Inner:
    sigma_m: float = setting(2.0, 'spread', unit='m', minimum=0.0, maximum=10.0)
    names: tuple[str, ...] = setting(('a',), 'names')


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: Inner = dataclasses.field(default_factory=Inner)
    count: int = setting(3, 'count', minimum=1)
    kind: str = setting('x', 'kind', choices=('x', 'y'))
    on: bool = setting(True, 'switch')
    weights: tuple[float, ...] = setting((1.0, 2.0), 'weights', minimum=0.0)


def test_names_are_dotted_and_in_order():
    assert [spec.name for spec in specs(Outer)] == [
        'inner.sigma_m',
        'inner.names',
        'count',
        'kind',
        'on',
        'weights',
    ]


def test_round_trip():
    changed = from_flat(Outer, {'inner.sigma_m': 5, 'kind': 'y', 'weights': [0.5]})
    assert changed.inner.sigma_m == 5.0
    assert isinstance(changed.inner.sigma_m, float)
    assert changed.weights == (0.5,)
    assert from_flat(Outer, to_flat(changed)) == changed


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'inner.sigma': 1.0}, "did you mean 'inner.sigma_m'"),
        ({'inner.sigma_m': 10.001}, 'from 0.0 to 10.0 m'),
        ({'inner.sigma_m': float('nan')}, 'nan'),
        ({'inner.sigma_m': 'wide'}, 'expected float'),
        ({'count': 0}, 'from 1'),
        ({'count': 1.5}, 'expected int'),
        ({'count': True}, 'expected int'),
        ({'kind': 'z'}, 'one of x, y'),
        ({'on': 1}, 'expected bool'),
        ({'weights': [1.0, -1.0]}, 'from 0.0'),
        ({'inner.names': [1.0]}, 'expected tuple'),
    ],
)
def test_wrong_values_say_what_is_allowed(values, words):
    with pytest.raises(SettingError, match=words):
        from_flat(Outer, values)


def test_limits_themselves_are_allowed():
    assert from_flat(Outer, {'inner.sigma_m': 10.0}).inner.sigma_m == 10.0


def test_field_that_is_no_setting_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Plain:
        number: int = 1

    with pytest.raises(SettingError, match='number'):
        list(specs(Plain))


@pytest.mark.parametrize('tree', [ParticleLocalizerSettings, KalmanLocalizerSettings])
def test_every_parameter_has_a_sentence_and_a_default_within_its_range(tree):
    for spec in specs(tree):
        assert len(spec.info.description) > 20, spec.name
        assert settings_module.checked_value(spec, spec.default) == spec.default
