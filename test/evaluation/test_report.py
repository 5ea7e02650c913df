# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""report.json by its schema, the tables, the picture, and the whole output folder."""

import json

import numpy as np
import pytest

from geoloc_ros.errors import EvaluationError
from geoloc_ros.evaluation import tables
from geoloc_ros.evaluation.map_marks import scale_bar_length_m
from geoloc_ros.evaluation.output import write_output
from geoloc_ros.evaluation.report import make_report, to_comparison_document, to_document
from geoloc_ros.evaluation.trajectory import Trajectory
from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(48.0, 11.0, 500.0)
SECOND = 1_000_000_000
STATISTICS = ['mean', 'median', 'p90', 'p95', 'p99', 'max']
ROW_KEYS = [
    'samples',
    'availability',
    'position_error_m',
    'position_error_own_stamps_m',
    'yaw_error_deg',
    'nees_mean',
    'latency_ms',
]


def circle(name, rate_hz, duration_s, noise_m, seed, **more):
    generator = np.random.default_rng(seed)
    stamps = np.arange(1, int(duration_s * rate_hz)) * (SECOND // rate_hz)
    angle = stamps / SECOND * 0.1
    points = 80.0 * np.column_stack([np.cos(angle), 0.6 * np.sin(angle)])
    points += generator.normal(size=points.shape) * noise_m
    return Trajectory(name, stamps.astype(np.int64), points, DATUM, source=f'{name} path', **more)


@pytest.fixture(name='drive')
def make_drive():
    truth = circle('truth', 20, 60, 0.0, 0)
    raw = circle('gps', 1, 60, 5.0, 1)
    fused = circle('fused', 10, 60, 1.0, 2)
    count = len(fused)
    fused = Trajectory(
        'fused',
        fused.stamps_ns,
        fused.positions_enu_m,
        DATUM,
        np.zeros(count),
        np.tile(np.diag([1.0, 1.0, 0.01]), (count, 1, 1)),
        np.full(count, 4.0),
    )
    return [raw, circle('gps_filtered', 10, 60, 3.0, 3), fused], truth


def test_an_interval_without_an_upper_end_is_null_in_json(tmp_path):
    stamps = np.arange(41) * SECOND
    points = np.column_stack([stamps * 5e-9, np.zeros(41)])
    north = np.where((stamps > 6 * SECOND) & (stamps < 10 * SECOND), 5.0, 0.0)
    truth = Trajectory('truth', stamps, points, DATUM)
    raw = Trajectory('gps', stamps, points + np.column_stack([0.0 * north, north]), DATUM)
    fused = Trajectory('fused', stamps, points + np.array([0.0, 0.5]), DATUM)
    report = make_report('d', [raw, fused], truth)
    write_output(tmp_path, report, [raw, fused], truth)
    (ratio,) = json.loads((tmp_path / 'comparison.json').read_text())['ratios']
    assert ratio['p95']['ratio'] == pytest.approx(0.1)
    assert (ratio['mean']['high'], ratio['p95']['high']) == (None, None)
    assert ' to inf)' in (tmp_path / 'report.md').read_text()


def check_schema(document, names):
    """The schema of report.json, key for key and type for type."""
    assert list(document) == ['schema', 'drive', 'trajectories']
    assert document['schema'] == 1
    assert isinstance(document['drive'], str)
    assert set(names) <= set(document['trajectories'])
    for row in document['trajectories'].values():
        assert list(row) == ROW_KEYS
        assert isinstance(row['samples'], int)
        assert 0.0 <= row['availability'] <= 1.0
        assert row['nees_mean'] is None or isinstance(row['nees_mean'], float)
        for key in ROW_KEYS[2:5] + ROW_KEYS[6:]:
            if row[key] is not None:
                assert list(row[key]) == STATISTICS
                assert all(isinstance(value, float) for value in row[key].values())


def test_the_document_follows_the_schema(drive):
    trajectories, truth = drive
    report = make_report('circle', trajectories, truth)
    document = json.loads(json.dumps(to_document(report), allow_nan=False))
    check_schema(document, ['gps', 'gps_filtered', 'fused'])
    row = document['trajectories']['fused']
    assert row['position_error_m'] is not None
    assert row['position_error_own_stamps_m'] is not None
    assert row['latency_ms']['mean'] == 4.0
    assert row['nees_mean'] == pytest.approx(2.0, abs=0.3)
    assert document['trajectories']['gps']['samples'] == 58
    assert document['trajectories']['gps']['yaw_error_deg'] is None


def test_ratios_are_over_the_raw_fixes(drive):
    trajectories, truth = drive
    report = make_report('circle', trajectories, truth)
    ratios = {ratio.name: ratio for ratio in report.ratios}
    rows = {row.name: row for row in report.rows}
    expected = rows['fused'].position_error_m.mean / rows['gps'].position_error_m.mean
    assert set(ratios) == {'gps_filtered', 'fused'}
    assert ratios['fused'].mean.ratio == pytest.approx(expected)
    assert ratios['fused'].mean.low < expected < ratios['fused'].mean.high
    assert ratios['fused'].mean.high < 0.5


def test_without_truth_the_report_says_so(drive):
    trajectories, _ = drive
    report = make_report('circle', trajectories, None)
    document = to_document(report)
    check_schema(document, ['gps', 'fused'])
    assert document['trajectories']['fused']['position_error_m'] is None
    assert report.ratios == ()
    assert 'no truth' in tables.terminal_report(report)
    assert 'no truth' in tables.markdown_report(report)
    assert to_comparison_document(report)['difference_to_raw_m']['fused']['mean'] > 0.0


def test_the_markdown_holds_every_figure(drive):
    trajectories, truth = drive
    report = make_report('circle', trajectories, truth, command='geoloc x', notes=['a note'])
    text = tables.markdown_report(report, 'trajectory.png')
    assert 'geoloc x' in text
    assert '![trajectories and errors](trajectory.png)' in text
    assert '- `gps`: gps path' in text
    assert '- a note' in text
    for row in report.rows:
        assert f'{row.position_error_m.p95:.2f}' in text
        assert f'{row.position_error_own_stamps_m.p99:.2f}' in text
    for line in text.splitlines():
        if line.startswith('|'):
            assert line.endswith('|')


def test_markdown_tables_have_as_many_cells_as_columns(drive):
    trajectories, truth = drive
    report = make_report('circle', trajectories, truth)
    for table in (
        tables.summary_table(report),
        tables.own_stamps_table(report),
        tables.ratio_table(report),
        tables.summary_table(make_report('circle', trajectories, None)),
    ):
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_the_terminal_table_is_aligned():
    table = tables.Table(('name', 'value'), (('a', '1.00'), ('longer', '10.00')))
    assert tables.as_text(table).splitlines() == [
        'name    value',
        '------  -----',
        'a        1.00',
        'longer  10.00',
    ]


@pytest.mark.parametrize('with_truth', [True, False])
def test_the_folder_holds_everything(drive, tmp_path, with_truth):
    import matplotlib.image

    trajectories, truth = drive
    truth = truth if with_truth else None
    report = make_report('circle', trajectories, truth)
    write_output(tmp_path / 'out', report, trajectories, truth)
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    expected = {'report.json', 'comparison.json', 'report.md', 'trajectory.png'}
    expected |= {f'{n}.{e}' for n in ('gps', 'gps_filtered', 'fused') for e in ('tum', 'geojson')}
    expected |= {'truth.tum', 'truth.geojson'} if with_truth else set()
    assert names == expected
    check_schema(json.loads((tmp_path / 'out/report.json').read_text()), ['gps', 'fused'])
    image = matplotlib.image.imread(tmp_path / 'out/trajectory.png')[:, :, :3]
    for colour, drawn in (((0.84, 0.15, 0.16), True), ((0.08, 0.60, 0.24), True)):
        assert has_colour(image, colour) == drawn
    assert has_colour(image, (0.12, 0.31, 0.85), 0.2) == with_truth


def has_colour(image, colour, tolerance=0.1):
    return bool(np.any(np.all(np.abs(image - np.array(colour)) < tolerance, axis=2)))


@pytest.mark.parametrize(
    ('width_m', 'expected'), [(100.0, 20.0), (81.0, 20.0), (79.0, 10.0), (4000.0, 1000.0)]
)
def test_scale_bars_are_round_and_at_most_a_quarter(width_m, expected):
    assert scale_bar_length_m(width_m) == expected


def test_wrong_input_is_named(drive):
    trajectories, truth = drive
    with pytest.raises(EvaluationError, match="no trajectory 'gps' among 'fused'"):
        make_report('circle', trajectories[2:], truth)
    with pytest.raises(EvaluationError, match='two trajectories of one name'):
        make_report('circle', [trajectories[0], trajectories[0]], truth)
    with pytest.raises(EvaluationError, match='covers none of the 58 raw fixes'):
        make_report('circle', trajectories, truth.subset(truth.stamps_ns < SECOND))
    elsewhere = Trajectory('fused', np.array([1]), np.zeros((1, 2)), GeodeticPosition(0.0, 0.0))
    with pytest.raises(EvaluationError, match='bring them to one datum'):
        make_report('circle', [trajectories[0], elsewhere], None)
    single = trajectories[0].subset(np.array([0]))
    with pytest.raises(EvaluationError, match='has 1 fixes'):
        make_report('circle', [single], None)
