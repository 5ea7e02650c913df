# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Settings as ROS parameters, YAML and tables."""

from __future__ import annotations

import dataclasses

import pytest
import rclpy
from rclpy.parameter import Parameter
import yaml

from geoloc_ros.errors import MapError, SettingError
from geoloc_ros.ros.parameter_text import markdown_table, yaml_text
from geoloc_ros.ros.parameters import ParameterLoader
from geoloc_ros.settings import from_flat, setting


@dataclasses.dataclass(frozen=True)
class Inner:
    sigma_m: float = setting(1e-05, 'spread', unit='m', minimum=0.0, maximum=9.0)
    offsets: tuple[float, ...] = setting((1.0, 2.0), 'places', unit='m', minimum=-5.0)


@dataclasses.dataclass(frozen=True)
class Outer:
    count: int = setting(3, 'how many', minimum=1, maximum=10)
    name: str = setting('on', 'a word that YAML takes for true', choices=('on', 'no'))
    topics: tuple[str, ...] = setting(('a', 'b'), 'topics')
    fixed: bool = setting(True, 'for ever', read_only=True)
    inner: Inner = dataclasses.field(default_factory=Inner)


@pytest.fixture(scope='module', autouse=True)
def ros_is_up():
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def make():
    nodes = []

    def make_node(**overrides):
        given = [Parameter(name.replace('__', '.'), value=v) for name, v in overrides.items()]
        nodes.append(rclpy.create_node('holder', parameter_overrides=given))
        return nodes[-1]

    yield make_node
    for node in nodes:
        node.destroy_node()


def test_parameters_are_declared_with_description_and_range(make):
    node = make()
    ParameterLoader(node, Outer)
    found = node.describe_parameter('inner.sigma_m')
    assert found.description == 'spread [m]'
    assert found.floating_point_range[0].to_value == 9.0
    assert node.describe_parameter('count').integer_range[0].from_value == 1
    assert node.describe_parameter('name').additional_constraints == 'one of: on, no'
    assert node.describe_parameter('fixed').read_only


def test_values_given_at_the_start_are_in_the_settings(make):
    loader = ParameterLoader(make(count=7, inner__offsets=[3.0], topics=['c']), Outer)
    assert loader.settings == Outer(count=7, topics=('c',), inner=Inner(offsets=(3.0,)))


@pytest.mark.parametrize(
    ('overrides', 'text'),
    [
        ({'count': 11}, 'count'),
        ({'inner__offsets': [-6.0]}, 'inner.offsets'),
        ({'name': 'off'}, 'on, no'),
        ({'count': 'many'}, 'count'),
    ],
)
def test_a_bad_value_at_the_start_is_named(make, overrides, text):
    with pytest.raises(SettingError, match=text):
        ParameterLoader(make(**overrides), Outer)


def test_names_that_no_parameter_has_are_warned_of_once(make, capfd):
    given = {'coutn': 3, 'nonsense__param': -1.0, 'use_sim_time': False}
    ParameterLoader(make(**given, **{'qos_overrides./fix.depth': 3}), Outer)
    said = capfd.readouterr().err
    assert 'no parameter coutn (did you mean count?), nonsense.param: of no effect' in said
    assert said.count('no parameter') == 1
    ParameterLoader(make(count=3), Outer)
    assert 'no parameter' not in capfd.readouterr().err


def test_a_change_is_told_and_a_refused_one_is_not(make):
    told = []
    node = make()
    loader = ParameterLoader(node, Outer, told.append)
    good, bad = node.set_parameters(
        [Parameter('count', value=5), Parameter('inner.offsets', value=[-9.0])]
    )
    assert good.successful
    assert not bad.successful
    assert '-9.0' in bad.reason
    assert told == [Outer(count=5)]
    assert loader.settings == told[0]


def test_what_cannot_follow_a_change_refuses_it(make):
    node, told = make(), []

    def follow(settings):
        told.append(settings)
        raise MapError('the map is gone')

    loader = ParameterLoader(node, Outer, follow)
    result = node.set_parameters([Parameter('count', value=4)])[0]
    assert (result.successful, result.reason) == (False, 'the map is gone')
    assert told[0].count == 4
    assert (loader.settings.count, node.get_parameter('count').value) == (3, 3)


def test_the_yaml_reads_back_with_the_same_types():
    document = yaml.safe_load(yaml_text('holder', Outer, 'A heading. ' * 20))
    tree = document['/**/holder']['ros__parameters']
    inner = {f'inner.{name}': value for name, value in tree.pop('inner').items()}
    assert from_flat(Outer, {**tree, **inner}) == Outer()
    assert isinstance(inner['inner.sigma_m'], float)
    assert tree['name'] == 'on'


def test_the_table_has_a_row_for_each_parameter():
    rows = markdown_table(Outer).splitlines()
    assert rows[2] == '| `count` | `3` |  | 1 to 10 | how many |'
    assert len(rows) == 2 + 6
    assert rows[5].endswith('for ever (only at start) |')
