# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What ``geoloc-train export`` refuses, and what it leaves as it was."""

import pytest
import torch

from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.torch_backend import save_weights
from geoloc_training.cli import main


@pytest.fixture(name='words')
def made_words(tmp_path):
    torch.manual_seed(0)
    save_weights(tmp_path / 'weights.pt', 'azimuth', build('azimuth'), 'real')
    models = str(tmp_path / 'models')
    return ['export', str(tmp_path / 'weights.pt'), '--models', models, '--name']


@pytest.mark.parametrize('name', ['a/b', '..', 'a b', 'ä', ''])
def test_a_name_is_part_of_a_files_name(words, name, tmp_path, capsys):
    assert main([*words, name]) == 1
    assert f'--name {name!r}; expected letters' in capsys.readouterr().err
    assert not (tmp_path / 'models').exists()


def test_a_failed_export_leaves_an_earlier_one_of_its_name(words, tmp_path, capsys):
    assert main([*words, 'own']) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / 'models').iterdir()}
    assert set(before) == {'own.pt', 'own.ground.onnx', 'own.reference.onnx', 'manifest.json'}
    assert main([*words, 'own', '--temperature', '0.5', '--tolerance', '1e-12']) == 1
    assert "'own' differs from torch" in capsys.readouterr().err
    after = {path.name: path.read_bytes() for path in (tmp_path / 'models').iterdir()}
    assert after == before
