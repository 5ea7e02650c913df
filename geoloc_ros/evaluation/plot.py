# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The picture of a drive: map, a closer look, and the error over time."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoloc_ros.evaluation.map_marks import draw_north_arrow, draw_scale_bar
from geoloc_ros.evaluation.metrics import position_errors
from geoloc_ros.evaluation.trajectory import DEFAULT_MAX_GAP_S, StampArray, Trajectory, sample_at
from geoloc_ros.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Chi-square 95 % point for two degrees of freedom: the scale of the ellipses.
_CHI2_95_2_DOF = 5.991464547107979
_TRUTH = '#1f4fd8'
_STYLES = {
    'gps': '#d62728',
    'fused': '#159a3c',
    'gps_filtered': '#f0912a',
    'fused_kalman': '#8a3ffc',
    'fused_offline': '#00a3a3',
}
_OTHER_COLOURS = ('#7f7f7f', '#b5651d', '#e377c2', '#9a9a00', '#17becf')
MAP_ASPECT = 1.35  # width over height of the overview panel
_HEADROOM = 1.4  # of the error panel, over the worst raw or main error
_SPACING = 1.0 / 16.0  # between ellipses, in heights of the panel


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """A square or oblong piece of the map, ENU metres."""

    west: float
    east: float
    south: float
    north: float

    def around(self, aspect: float, margin: float) -> Window:
        """The window widened to ``aspect`` (width over height) with a relative margin."""
        width = (self.east - self.west) * (1.0 + 2.0 * margin)
        height = (self.north - self.south) * (1.0 + 2.0 * margin)
        height = max(height, width / aspect, 1.0)
        width = height * aspect
        x, y = 0.5 * (self.west + self.east), 0.5 * (self.south + self.north)
        return Window(x - 0.5 * width, x + 0.5 * width, y - 0.5 * height, y + 0.5 * height)


def write_plot(
    path: Path,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    title: str,
    *,
    raw_name: str = 'gps',
    main_name: str = 'fused',
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> None:
    """Write ``trajectory.png``: raw red, fused green, truth blue, 95 % ellipses of the fused one.

    Args:
        path: PNG file to write.
        trajectories: what to draw, about one datum.
        truth: drawn beneath them; without it the lower panel shows distances to the raw fixes.
        title: line above the picture.
        raw_name: the trajectory drawn as dots, and the lower panel's yardstick without truth.
        main_name: the trajectory drawn strongest, with its error ellipses.
        max_gap_s: longest gap to bridge, in lines and in errors.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    title, raw_name, main_name = map(_as_it_is, (title, raw_name, main_name))
    trajectories = [dataclasses.replace(one, name=_as_it_is(one.name)) for one in trajectories]
    figure = Figure(figsize=(15.0, 11.0), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 5, height_ratios=[2.1, 1.0])
    overview = figure.add_subplot(grid[0, :3])
    closer = figure.add_subplot(grid[0, 3:])
    below = figure.add_subplot(grid[1, :])
    figure.suptitle(title, fontsize=15, fontweight='bold')
    shown = [one for one in trajectories if one.name in (raw_name, main_name) and len(one)]
    whole = extent([*shown, *([] if truth is None else [truth])]).around(MAP_ASPECT, 0.06)
    window = closer_window(trajectories, truth, raw_name, main_name, whole)
    for axes, view, subtitle in (
        (overview, whole, 'Map'),
        (closer, window, 'Closer look where the raw fixes are worst'),
    ):
        draw_map(axes, trajectories, truth, raw_name, main_name, view, max_gap_s)
        axes.set_title(subtitle, loc='left', fontsize=11)
    outline(overview, window)
    draw_errors(below, trajectories, truth, raw_name, main_name, max_gap_s)
    draw_legend(figure, overview, below)
    figure.savefig(path, metadata={'Software': 'geoloc_ros'})


def _as_it_is(name: str) -> str:
    """A name that matplotlib draws letter by letter: between dollars it reads formulas."""
    return name.replace('$', r'\$')


def _colour(name: str, trajectories: Sequence[Trajectory]) -> str:
    if name in _STYLES:
        return _STYLES[name]
    others = [one.name for one in trajectories if one.name not in _STYLES]
    return _OTHER_COLOURS[others.index(name) % len(_OTHER_COLOURS)]


def extent(trajectories: Sequence[Trajectory]) -> Window:
    """The piece of the map that trajectories span."""
    points = np.vstack([one.positions_enu_m for one in trajectories])
    west, south = np.min(points, axis=0)
    east, north = np.max(points, axis=0)
    return Window(float(west), float(east), float(south), float(north))


def closer_window(
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    raw_name: str,
    main_name: str,
    whole: Window,
) -> Window:
    """A window on the worst raw fix that the main trajectory covers, a few errors wide."""
    by_name = {one.name: one for one in trajectories}
    raw = by_name[raw_name]
    reference = truth if truth is not None else by_name.get(main_name, raw)
    errors = position_errors(raw, reference, raw.stamps_ns)
    covered = sample_at(by_name.get(main_name, raw), raw.stamps_ns).available
    errors = np.where(covered, errors, np.nan)
    if np.all(np.isnan(errors)):
        return whole
    worst = int(np.nanargmax(errors))
    centre = raw.positions_enu_m[worst]
    there = sample_at(reference, raw.stamps_ns[worst : worst + 1]).positions_enu_m[0]
    centre = 0.5 * (centre + there)
    half = max(3.0 * float(errors[worst]), 0.02 * (whole.east - whole.west), 15.0)
    half = min(half, 0.5 * (whole.north - whole.south))
    x, y = float(centre[0]), float(centre[1])
    return Window(x - 0.88 * half, x + 0.88 * half, y - half, y + half)


def draw_map(
    axes: Axes,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    raw_name: str,
    main_name: str,
    view: Window,
    max_gap_s: float,
) -> None:
    """Draw trajectories, scale and north over a piece of the map."""
    axes.set_facecolor('#f7f7f4')
    if truth is not None:
        x, y = _broken_line(truth, max_gap_s)
        axes.plot(x, y, color=_TRUTH, linewidth=3.2, alpha=0.85, label='truth', zorder=2)
    for one in trajectories:
        colour = _colour(one.name, trajectories)
        if one.name == raw_name:
            x, y = _broken_line(one, _longest_usual_gap_s(one))
            axes.plot(
                x,
                y,
                marker='o',
                markersize=4.0,
                markeredgewidth=0.0,
                linewidth=0.6,
                color=colour,
                alpha=0.75,
                label=f'{one.name} (raw)',
                zorder=3,
            )
            continue
        x, y = _broken_line(one, max_gap_s)
        strong = one.name == main_name
        axes.plot(
            x,
            y,
            color=colour,
            linewidth=2.0 if strong else 1.2,
            linestyle='-' if strong else (0, (5, 2)),
            label=one.name,
            zorder=6 if strong else 4,
        )
        if strong:
            _draw_ellipses(axes, one, view, colour)
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    axes.set_aspect('equal', adjustable='box')
    axes.set_xticks([])
    axes.set_yticks([])
    draw_scale_bar(axes, view)
    draw_north_arrow(axes)


def _broken_line(trajectory: Trajectory, max_gap_s: float) -> tuple[FloatArray, FloatArray]:
    """East and north with a NaN put into every gap, so that a line is not drawn across it."""
    gaps = np.flatnonzero(np.diff(trajectory.stamps_ns) > max_gap_s * 1e9) + 1
    points = np.insert(trajectory.positions_enu_m, gaps, np.nan, axis=0)
    return points[:, 0], points[:, 1]


def _longest_usual_gap_s(trajectory: Trajectory) -> float:
    """Two and a half sampling periods: a longer gap between fixes is an outage."""
    if len(trajectory) < 2:
        return math.inf
    return 2.5e-9 * float(np.median(np.diff(trajectory.stamps_ns)))


def _draw_ellipses(axes: Axes, trajectory: Trajectory, view: Window, colour: str) -> None:
    from matplotlib.patches import Ellipse

    if trajectory.covariance is None:
        return
    east, north = trajectory.positions_enu_m.T
    seen = (east > view.west) & (east < view.east) & (north > view.south) & (north < view.north)
    if not np.any(seen):
        return
    sizes_m = np.linalg.eigvalsh(trajectory.covariance[seen, :2, :2])[:, 1]
    width_m = 2.0 * math.sqrt(_CHI2_95_2_DOF * max(float(np.median(sizes_m)), 0.0))
    spacing_m = max(_SPACING * (view.north - view.south), 0.5 * width_m)
    indices = _spread_out(trajectory, np.flatnonzero(seen), spacing_m)
    for number, index in enumerate(indices):
        values, vectors = np.linalg.eigh(trajectory.covariance[index, :2, :2])
        if not values[0] > 0.0:
            continue
        axes.add_patch(
            Ellipse(
                (east[index], north[index]),
                width=2.0 * math.sqrt(_CHI2_95_2_DOF * values[1]),
                height=2.0 * math.sqrt(_CHI2_95_2_DOF * values[0]),
                angle=math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])),
                facecolor=(*_rgb(colour), 0.08),
                edgecolor=(*_rgb(colour), 0.75),
                linewidth=0.9,
                zorder=5,
                label=f'{trajectory.name}, 95 % ellipse' if number == 0 else None,
            )
        )


def _spread_out(trajectory: Trajectory, indices: StampArray, spacing_m: float) -> list[int]:
    """Samples about ``spacing_m`` of path apart, so that ellipses stand side by side."""
    if len(indices) == 0:
        return []
    steps = np.diff(trajectory.positions_enu_m[indices], axis=0)
    path_m = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    marks = np.arange(0.5 * spacing_m, path_m[-1], spacing_m)
    return [int(index) for index in indices[np.unique(np.searchsorted(path_m, marks))]]


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return red, green, blue


def outline(axes: Axes, window: Window) -> None:
    """Draw the border of a piece of the map."""
    from matplotlib.patches import Rectangle

    corner = (window.west, window.south)
    width, height = window.east - window.west, window.north - window.south
    axes.add_patch(Rectangle(corner, width, height, fill=False, linewidth=0.9, zorder=9))


def draw_errors(
    axes: Axes,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    raw_name: str,
    main_name: str,
    max_gap_s: float,
) -> None:
    """Draw errors over time, or distances to the raw fixes without truth."""
    by_name = {one.name: one for one in trajectories}
    reference = truth if truth is not None else by_name[raw_name]
    origin_ns = int(min(one.stamps_ns[0] for one in trajectories if len(one)))
    largest_m = 0.0
    others: list[tuple[float, str]] = []
    for one in trajectories:
        if one is reference or len(one) == 0:
            continue
        stamps = one.stamps_ns if truth is not None else by_name[raw_name].stamps_ns
        errors = position_errors(one, reference, stamps, max_gap_s)
        strong = one.name == main_name
        worst_m = float(np.max(errors, initial=0.0, where=~np.isnan(errors)))
        if strong or one.name == raw_name:
            largest_m = max(largest_m, worst_m)
        else:
            others.append((worst_m, one.name))
        style: dict[str, Any] = {'linewidth': 1.8 if strong else 1.0}
        if one.name == raw_name:
            style = {'marker': 'o', 'markersize': 3.5, 'linewidth': 0.5, 'alpha': 0.8}
        gaps = np.flatnonzero(np.diff(stamps) > 1e9 * _longest_usual_gap_s(one)) + 1
        axes.plot(
            np.insert((stamps - origin_ns) / 1e9, gaps, np.nan),
            np.insert(errors, gaps, np.nan),
            color=_colour(one.name, trajectories),
            zorder=6 if strong else 3,
            **style,
        )
    main = by_name.get(main_name)
    if truth is not None and main is not None and main.covariance is not None:
        _draw_expected_error(axes, main, origin_ns, _colour(main_name, trajectories))
    title = 'Horizontal error' if truth is not None else 'Distance to the raw fixes (no truth)'
    limit_m = _HEADROOM * largest_m
    if limit_m > 0.0:
        axes.set_ylim(top=limit_m)
        beyond = [f'{name} up to {worst:.0f} m' for worst, name in others if worst > limit_m]
        title += f' (beyond the panel: {", ".join(beyond)})' if beyond else ''
    axes.set_title(title, loc='left', fontsize=11)
    axes.set_xlabel('time since the start [s]')
    axes.set_ylabel('metres')
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)


def _draw_expected_error(axes: Axes, main: Trajectory, origin_ns: int, colour: str) -> None:
    """Shade up to the radius that the stated covariance expects to hold 95 % of errors."""
    if main.covariance is None:
        return
    largest = np.linalg.eigvalsh(main.covariance[:, :2, :2])[:, 1]
    radius = np.sqrt(_CHI2_95_2_DOF * np.maximum(largest, 0.0))
    axes.fill_between(
        main.elapsed_s(origin_ns),
        radius,
        color=colour,
        alpha=0.10,
        linewidth=0.0,
        label=f'{main.name}, 95 % bound it states',
        zorder=1,
    )


def draw_legend(figure: Figure, overview: Axes, below: Axes) -> None:
    """Draw one legend for the map and the errors below it."""
    handles, labels = overview.get_legend_handles_labels()
    more_handles, more_labels = below.get_legend_handles_labels()
    figure.legend(
        [*handles, *more_handles],
        [*labels, *more_labels],
        loc='outside lower center',
        ncols=min(7, len(labels) + len(more_labels)),
        frameon=False,
        fontsize=10,
    )
