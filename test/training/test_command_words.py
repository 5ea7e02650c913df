# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Words of the command line: networks and their names."""

import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.torch_backend import save_weights
from geoloc_training.commands.words import named_networks


def test_networks_are_named_after_their_file_or_the_folder_of_their_run(tmp_path, monkeypatch):
    network = build('azimuth')
    paths = [tmp_path / name for name in ('models/a.pt', 'models/b.pt', 'run/weights.pt')]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        save_weights(path, 'azimuth', network, 'real')
    assert list(named_networks([str(path) for path in paths])) == ['a', 'b', 'run']
    assert list(named_networks([f'own={paths[0]}'])) == ['own']
    monkeypatch.chdir(tmp_path / 'run')
    assert list(named_networks(['weights.pt'])) == ['run']
    with pytest.raises(EvaluationError, match=r"both named 'a'; expected a name of its own"):
        named_networks([str(paths[0]), f'a={paths[1]}'])
    with pytest.raises(EvaluationError, match='or NAME=PATH'):
        named_networks(['=x.pt'])
