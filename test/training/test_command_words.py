# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Words of the command line: networks and their names."""

import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_ros.networks.architectures import build
from geoloc_ros.networks.torch_backend import save_weights
from geoloc_training.cli import main
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


@pytest.mark.parametrize(
    'words',
    [
        ('evaluate', 'none.pt', '--data', 'none', '--json', 'file/x.json'),
        ('evaluate', 'none.pt', '--data', 'none', '--json', 'folder'),
        ('picture', 'none.pt', '--data', 'none', '--query', '0', '--out', 'file/x.png'),
        ('fit', 'none', '--set', 'pretrained=false', '--out', 'file'),
        ('data', '--days', '1', '--out', 'file'),
        ('export', 'run/weights.pt', '--name', 'n', '--models', 'file'),
    ],
)
def test_where_nothing_can_be_written_is_said_before_the_work(
    words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for folder in ('folder', 'run'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'file').write_text('no folder')
    save_weights(tmp_path / 'run/weights.pt', 'azimuth', build('azimuth'), 'real')
    assert main(words) == 1
    error = capsys.readouterr().err
    assert 'file cannot be written (' in error or 'folder is a folder; expected' in error
