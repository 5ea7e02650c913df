# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Training runs end to end on a painted world: fit, resume, evaluate, export."""

import dataclasses
import json
import math
import os
from pathlib import Path
import re
import subprocess
import sys

import numpy as np
import painted_drives
import pytest
import torch

from geoloc_ros.errors import DriveError, SettingError
from geoloc_ros.networks.torch_backend import load_weights
from geoloc_ros.networks.weights import load_network
from geoloc_training import trainer
from geoloc_training.batch_loss import batch_loss
from geoloc_training.cli import main, make_parser
from geoloc_training.data.sources import open_data
from geoloc_training.settings import OptimizerSettings, TrainingSettings, preset
from geoloc_training.trainer import rate_factor

SETTINGS = [
    'sample.batch_size=4',
    'sample.extras=4',
    'sample.spacing_m=0',
    'epochs=0.5',
    'threads=1',
    'optimizer.warm_up=0',
]


@pytest.fixture(scope='module', name='place')
def made_place(tmp_path_factory):
    return painted_drives.write_place(
        tmp_path_factory.mktemp('data'), ((1, 48), (900, 12), (1000, 8))
    )


@pytest.fixture(scope='module', name='fitted')
def made_fitted(tmp_path_factory, place):
    out = tmp_path_factory.mktemp('out')
    status = main(
        [
            'fit',
            str(place / 'day_1'),
            '--out',
            str(out),
            '--validation',
            str(place / 'day_900'),
            '--queries',
            '2',
            '--spacing-m',
            '20',
            '--set',
            *SETTINGS,
        ]
    )
    assert status == 0
    return out


def test_the_loss_falls_and_everything_is_written(fitted):
    lines = [json.loads(line) for line in (fitted / 'log.jsonl').read_text().splitlines()]
    assert lines[0]['step'] == 1
    assert all(math.isfinite(line['loss']) for line in lines)
    report = json.loads((fitted / 'report.json').read_text())
    assert set(report['figures']) == {'heading known', 'heading searched'}
    assert report['settings']['sample.batch_size'] == 4
    network = load_network(fitted / 'weights.pt', 'torch')
    assert network.sha256 == report['weights_sha256']


def test_a_run_goes_on_where_it_stopped(fitted, place, capsys):
    settings = [word for word in SETTINGS if not word.startswith('epochs')]
    arguments = ['fit', str(place / 'day_1'), '--out', str(fitted), '--resume', '--set']
    assert main([*arguments, *settings, 'epochs=0.7']) == 0
    assert 'resumed at step 6' in capsys.readouterr().out
    checkpoint = torch.load(fitted / 'checkpoint.pt', weights_only=True)
    assert checkpoint['step'] == 9
    assert checkpoint['epoch'] == pytest.approx(0.75)
    assert main([*arguments, *settings, 'epochs=1', 'loss.gamma=5']) == 1
    assert 'loss.gamma' in capsys.readouterr().err
    other = ['fit', str(place / 'day_900'), *arguments[1:], *settings, 'epochs=1']
    assert main(other) == 1
    assert f"with the data ['{place / 'day_1'}']; expected the same" in capsys.readouterr().err
    path = fitted / 'checkpoint.pt'
    del checkpoint['origin']  # as older versions wrote it
    torch.save(checkpoint, path)
    assert main([*arguments, *settings, 'epochs=0.7']) == 0
    assert 'resumed at step 9' in capsys.readouterr().out


def test_a_run_is_neither_replaced_nor_begun_anew_unasked(place, tmp_path, capsys):
    arguments = ['fit', str(place / 'day_1'), '--out', str(tmp_path)]
    assert main([*arguments, '--resume']) == 1
    assert f'there is no {tmp_path / "checkpoint.pt"}' in capsys.readouterr().err
    (tmp_path / 'checkpoint.pt').write_bytes(b'of an earlier run')
    (tmp_path / 'log.jsonl').write_text('of an earlier run')
    assert main(arguments) == 1
    assert f'{tmp_path} holds a run already' in capsys.readouterr().err
    assert (tmp_path / 'checkpoint.pt').read_bytes() == b'of an earlier run'
    assert main([*arguments, '--resume', '--set', *SETTINGS]) == 1
    assert 'is no checkpoint (UnpicklingError)' in capsys.readouterr().err
    (tmp_path / 'tensorboard').mkdir()
    (tmp_path / 'tensorboard' / 'events').write_text('of an earlier run')
    words = ['--overwrite', '--set', *SETTINGS, 'epochs=0.1']
    assert main([*arguments, *words, 'sample.batch_size=999']) == 1
    assert (tmp_path / 'checkpoint.pt').read_bytes() == b'of an earlier run'
    assert main([*arguments, *words]) == 0
    assert not (tmp_path / 'tensorboard' / 'events').exists()
    assert torch.load(tmp_path / 'checkpoint.pt', weights_only=True)['step'] == 2
    assert 'earlier' not in (tmp_path / 'log.jsonl').read_text()


def test_an_interrupted_run_goes_on(place, tmp_path, capsys, monkeypatch):
    arguments = ['fit', str(place / 'day_1'), '--out', str(tmp_path), '--set', *SETTINGS]
    steps = []

    def interrupted(*losses):
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return batch_loss(*losses)

    monkeypatch.setattr(trainer, 'batch_loss', interrupted)
    assert main(arguments) == 130
    assert f'{tmp_path / "checkpoint.pt"}: step 2' in capsys.readouterr().out
    assert main([*arguments, 'epochs=0.4', '--resume']) == 0
    assert 'resumed at step 2' in capsys.readouterr().out


def test_evaluation_prints_the_papers_table(fitted, place, capsys):
    json_path = fitted / 'evaluation.json'
    status = main(
        [
            'evaluate',
            f'painted={fitted / "weights.pt"}',
            '--data',
            str(place / 'day_1000'),
            '--queries',
            '2',
            '--spacing-m',
            '20',
            '--controls',
            '--json',
            str(json_path),
        ]
    )
    assert status == 0
    text = capsys.readouterr().out
    assert '| Test radius | 50m | 50m | 50m | 50m | inf |' in text
    assert 'T.1 painted (shuffled images) (%)' in text
    rows = json.loads(json_path.read_text())
    assert [row['network'] for row in rows] == [
        'painted',
        'painted (constant scores)',
        'painted (shuffled images)',
    ]


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        (('--radius-m', '-5'), 'radius and spacing are -5 and 5 m; expected positive'),
        (('--spacing-m', '0'), 'radius and spacing are 50 and 0 m; expected positive'),
        (('--queries', '-1'), '-1 queries'),
        (('--heading-sigma-deg', 'nan'), 'a heading sigma of nan deg'),
    ],
)
def test_numbers_out_of_range_are_named_before_anything_is_read(option, said, capsys):
    assert main(['evaluate', 'weights.pt', '--data', 'there_is_none', *option]) == 1
    assert said in capsys.readouterr().err


def test_validation_drives_are_opened_before_training(place, tmp_path, capsys):
    arguments = ['fit', str(place / 'day_1'), '--out', str(tmp_path)]
    assert main([*arguments, '--validation', str(place / 'day_901')]) == 1
    assert 'day_901 holds no drives' in capsys.readouterr().err
    assert not (tmp_path / 'log.jsonl').exists()


def test_test_days_are_never_trained_on(place, tmp_path, capsys):
    assert main(['fit', str(place / 'day_1000'), '--out', str(tmp_path)]) == 1
    assert 'is for tests' in capsys.readouterr().err


def test_training_can_start_from_weights(fitted, place, tmp_path, capsys):
    arguments = [
        'fit',
        str(place / 'day_1'),
        '--initial',
        str(fitted / 'weights.pt'),
        '--out',
        str(tmp_path),
        '--domain',
        'simulation',
        '--set',
        *SETTINGS,
    ]
    assert main([*arguments, 'optimizer.rate=0', 'optimizer.head_rate=0', 'epochs=0.1']) == 0
    files = [load_weights(folder / 'weights.pt') for folder in (fitted, tmp_path)]
    assert [file.domain for file in files] == ['real', 'simulation']
    before, after = (file.module for file in files)
    for name, tensor in before.state_dict().items():
        assert torch.equal(tensor, after.state_dict()[name]), name
    weights = str(fitted / 'weights.pt')
    report = json.loads((tmp_path / 'report.json').read_text())
    assert (report['initial'], report['domain'], report['imagenet']) == (
        weights,
        'simulation',
        None,
    )
    export = [
        'export',
        str(tmp_path / 'weights.pt'),
        '--name',
        'n',
        '--models',
        str(tmp_path / 'm'),
    ]
    assert main(export) == 0
    record = json.loads((tmp_path / 'm' / 'manifest.json').read_text())['networks'][0]
    said = f'fit {place / "day_1"} --initial {weights} --domain simulation --set network=azimuth'
    assert said in record['training_command']
    assert main([*arguments, 'network=compact_north_up', '--overwrite']) == 1
    assert "architecture 'azimuth'" in capsys.readouterr().err
    anew = ['fit', str(place / 'day_1'), '--out', str(tmp_path), '--resume', '--set', *SETTINGS]
    assert main([*anew, 'optimizer.rate=0', 'optimizer.head_rate=0', 'epochs=0.2']) == 1
    assert f'with --initial {weights}; expected the same, got none' in capsys.readouterr().err


def test_only_simulated_data_make_weights_of_simulation(place):
    real = open_data([str(place / 'day_1')])
    drawn = tuple(dataclasses.replace(drive, simulated=True) for drive in real.drives)
    assert real.domain == 'real'
    assert dataclasses.replace(real, drives=drawn).domain == 'simulation'
    assert dataclasses.replace(real, drives=real.drives + drawn).domain == 'real'


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--network', 'nope'), 'azimuth, compact_aligned,'),
        (('--preset', 'paper_robotcar'), '--imagenet FILE, or start without by --set pretrained='),
        (('--initial', 'no_weights.pt'), 'no_weights.pt cannot be read (IndexError)'),
        (('--imagenet', 'no_weights.pt'), 'no_weights.pt cannot be read (IndexError)'),
    ],
)
def test_what_training_cannot_start_from_is_explained(
    words, said, place, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path('no_weights.pt').write_bytes(b'text that is no pickle')
    assert main(['fit', str(place / 'day_1'), '--out', 'out', *words]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert 'weights_only' not in error


def test_two_processes_train_one_network(place, tmp_path):
    """Each takes batches of its own: 3 steps of 2 x 4 pairs are half an epoch of 48."""
    words = [word for word in SETTINGS if not word.startswith('threads')]
    command = [
        sys.executable,
        '-m',
        'torch.distributed.run',
        '--standalone',
        '--nproc-per-node',
        '2',
    ]
    command += ['-m', 'geoloc_training', 'fit', str(place / 'day_1'), '--out', str(tmp_path)]
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(str(root / name) for name in ('', 'simulation', 'training'))
    environment = {**os.environ, 'PYTHONPATH': paths, 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        [*command, '--set', *words, 'device=cpu'],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    checkpoint = torch.load(tmp_path / 'checkpoint.pt', weights_only=True)
    assert (checkpoint['step'], checkpoint['epoch']) == (3, 0.5)


def test_presets_are_the_published_ones():
    robotcar, cvact = preset('paper_robotcar'), preset('paper_cvact')
    assert (robotcar.loss.gamma, robotcar.loss.radius_m, robotcar.loss.sigma_geo_m) == (10, 50, 10)
    assert (robotcar.sample.batch_size, robotcar.optimizer.rate) == (64, 5e-5)
    assert (robotcar.optimizer.dropblock_size, robotcar.optimizer.dropblock_keep) == (11, 0.8)
    assert (robotcar.sample.offset_m, robotcar.sample.turns, robotcar.epochs) == (
        5.0,
        'quarter',
        1000,
    )
    assert (cvact.loss.radius_m, cvact.sample.batch_size, cvact.optimizer.rate) == (100, 16, 1e-5)
    assert (cvact.epochs, cvact.optimizer.dropblock_size) == (100, 0)
    with pytest.raises(SettingError, match='expected one of compact'):
        preset('none')


def test_global_training_is_one_flag():
    settings = TrainingSettings()
    assert settings.geo_weight().radius_m == 50.0
    weight = preset('compact').geo_weight()
    assert float(weight(torch.tensor(60.0))) == 0.0
    from geoloc_training.commands.fit import fit_settings

    options = make_parser().parse_args(['fit', 'x', '--out', 'y', '--geo-global'])
    chosen = fit_settings(options)
    assert not chosen.sample.extras_near
    anywhere = chosen.geo_weight()
    assert float(anywhere(torch.tensor(60.0))) == 1.0
    assert float(anywhere(torch.tensor(1.0))) == 1.0


@pytest.mark.parametrize('command', ['data', 'fit', 'evaluate', 'picture', 'export'])
def test_every_option_is_explained_with_its_default(command, capsys):
    commands = make_parser()._subparsers._group_actions[0].choices
    for action in commands[command]._actions:
        assert action.help, action.dest
        if not isinstance(action.default, bool | list | None) and action.dest != 'help':
            assert '(default: ' in action.help, action.dest
    with pytest.raises(SystemExit):
        main([command, '--help'])
    assert '%(default)' not in capsys.readouterr().out


def test_rates_rise_and_fall():
    settings = OptimizerSettings(warm_up=0.1)
    shares = np.array([0.05, 0.1, 0.55, 1.0])
    factors = [rate_factor(share, settings) for share in shares]
    np.testing.assert_allclose(factors, [0.5, 1.0, 0.5, 0.0], atol=1e-9)
    assert rate_factor(0.7, OptimizerSettings(warm_up=0.0, cosine=False)) == 1.0


def test_unknown_kinds_of_data_are_named():
    with pytest.raises(DriveError, match='expected one of folder'):
        open_data(['nothing:there'])
    with pytest.raises(DriveError, match='at least one'):
        open_data([])


def test_export_writes_a_manifest_entry_and_says_how_to_use_it(fitted, tmp_path, capsys, caplog):
    # parity is checked by the export itself, and refused beyond the tolerance
    words = ['export', str(fitted / 'weights.pt'), '--name', 'painted', '--models', str(tmp_path)]
    assert main(words) == 0
    record = json.loads((tmp_path / 'manifest.json').read_text())['networks'][0]
    assert (record['name'], record['domain']) == ('painted', 'real')
    assert record['licence'] == 'unstated'
    network = load_network('painted', 'onnxruntime', models=tmp_path)
    assert network.contract.name == 'azimuth'
    assert 'torchvision' not in caplog.text
    printed = capsys.readouterr().out
    paths = re.search(r' take (\S+) \(ONNX Runtime\) or (\S+) \(torch\)', printed).groups()
    assert {load_network(path).sha256 for path in paths} == {network.sha256}


def test_export_stores_a_temperature_in_both_files(fitted, tmp_path):
    words = ['export', str(fitted / 'weights.pt'), '--name', 'warm', '--models', str(tmp_path)]
    assert main([*words, '--temperature', '0.07']) == 0
    exported = load_network('warm', 'onnxruntime', models=tmp_path)
    plain = load_network('warm', 'torch', models=tmp_path)
    assert exported.contract.distance_scale == plain.contract.distance_scale == 0.07
    assert load_network(fitted / 'weights.pt').contract.distance_scale == 1.0


def test_export_fits_the_temperature_on_a_drive(fitted, place, tmp_path, capsys):
    words = ['export', str(fitted / 'weights.pt'), '--name', 'own', '--models', str(tmp_path)]
    assert main([*words, '--validation', str(place / 'day_1')]) == 0
    said = float(re.search(r'temperature ([\d.]+) on 4\d pictures', capsys.readouterr().out)[1])
    stored = load_network('own', 'onnxruntime', models=tmp_path).contract.distance_scale
    assert stored == pytest.approx(said, abs=1e-4)
    assert 0.001 < stored < 1000.0
    assert main([*words, '--validation', str(place / 'day_1000')]) == 1
    assert 'take a longer drive' in capsys.readouterr().err
