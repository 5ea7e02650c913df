# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest

from geoloc_ros.cli.config_file import load_parameters, load_settings
from geoloc_ros.errors import SettingError
from geoloc_ros.settings import setting


@dataclasses.dataclass(frozen=True)
class Inner:
    rate_hz: float = setting(10.0, 'a rate', minimum=1.0)
    kind: str = setting('plain', 'a kind', choices=('plain', 'fancy'))


@dataclasses.dataclass(frozen=True)
class Outer:
    count: int = setting(3, 'a count')
    output: Inner = dataclasses.field(default_factory=Inner)


def written(tmp_path, text):
    path = tmp_path / 'params.yaml'
    path.write_text(text)
    return path


def test_sections_are_merged_in_file_order_and_dots_equal_nesting(tmp_path):
    path = written(
        tmp_path,
        """
/**:
  ros__parameters:
    count: 5
    output: {rate_hz: 20.0, kind: fancy}
other_node:
  ros__parameters: {count: 99}
/robot/my_node:
  ros__parameters:
    output.rate_hz: 25.0
""",
    )
    settings = load_settings(path, 'my_node', Outer)
    assert settings == Outer(count=5, output=Inner(rate_hz=25.0, kind='fancy'))


@pytest.mark.parametrize(
    ('section', 'matches'),
    [
        ('/**', True),
        ('/*', True),
        ('my_node', True),
        ('/my_node', True),
        ('/**/my_node', True),
        ('/a/b/my_node', True),
        ('my_nod', False),
        ('/my_node/x', False),
    ],
)
def test_section_names_are_matched_as_ros_does(tmp_path, section, matches):
    path = written(tmp_path, f'{section}: {{ros__parameters: {{count: 7}}}}\n')
    if matches:
        assert load_parameters(path, 'my_node') == {'count': 7}
    else:
        with pytest.raises(SettingError, match="nothing for node 'my_node'"):
            load_parameters(path, 'my_node')


def test_parameters_of_the_node_alone_are_left_out_only_when_named(tmp_path):
    text = '/**: {ros__parameters: {count: 4, use_sim_time: true, topics: {fix: /f}}}\n'
    path = written(tmp_path, text)
    assert load_settings(path, 'n', Outer, ('use_sim_time', 'topics.')).count == 4
    with pytest.raises(SettingError, match=r"params\.yaml, node 'n': unknown parameter"):
        load_settings(path, 'n', Outer, ('use_sim_time',))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: [', 'is not YAML'),
        ('- 1', 'holds list; expected a ROS 2 parameter file'),
        ('', 'holds NoneType'),
        ('n: {count: 3}', "no mapping 'ros__parameters'"),
        ('n: {ros__parameters: {cuont: 3}}', "did you mean 'count'"),
        ('n: {ros__parameters: {count: 3.5}}', 'expected int'),
        ('n: {ros__parameters: {output: {rate_hz: 0.5}}}', 'expected a number from 1'),
        ('n: {ros__parameters: {output: {kind: odd}}}', 'expected one of plain, fancy'),
    ],
)
def test_bad_files_are_named(tmp_path, text, message):
    with pytest.raises(SettingError, match=message):
        load_settings(written(tmp_path, text), 'n', Outer)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingError, match='cannot read the parameter file'):
        load_parameters(tmp_path / 'none.yaml', 'n')
