# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The sheet of queries: pictures, attention and localization heat maps, a row for each network.

Source: after figures 5 and 6 of Xia et al., RA-L 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from geoloc_ros.evaluation.picture_path import check_picture_path
from geoloc_ros.evaluation.plot import Window
from geoloc_ros.evaluation.sight_plot import draw_aerial
from geoloc_ros.map_store.records import ImagerySource
from geoloc_ros.networks.contract import InputContract
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.output_paths import whole_file
from geoloc_training.data.records import ImageU8
from geoloc_training.data.references import NORTH_UP_RAD
from geoloc_training.query_views import SMOOTHING, QueryView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_ROW_INCHES = (14.8, 4.9)
_FOOT_INCHES = 1.1
_DPI = 100
_MARGIN_M = 6.0
_HEAT_INCHES = 3.9
_COLOURS = 'inferno'
_SIGHT = '#35e0ff'
_VEIL = 0.45  # over the aerial image, so that high scores stand out
_PANORAMA_RAD = 1.9 * math.pi  # a picture as wide as this is drawn without its sides


def write_query_picture(
    path: Path,
    views: Sequence[QueryView],
    title: str,
    aerial: Sequence[tuple[ImagerySource, GeodeticPosition] | None],
) -> None:
    """Write the sheet of ``query_figure`` to a file, whose ending says of which kind.

    Raises:
        SettingError: the file's ending is unknown.
        DriveError: the file cannot be written.
    """
    check_picture_path(path)
    figure = query_figure(views, title, aerial)
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, format=path.suffix[1:].lower())


def query_figure(
    views: Sequence[QueryView],
    title: str,
    aerial: Sequence[tuple[ImagerySource, GeodeticPosition] | None],
) -> Figure:
    """The sheet, a row for each view.

    Args:
        views: from top to bottom, at least one.
        title: line above the sheet.
        aerial: imagery and datum of each place, by ``QueryView.place``; ``None`` for none.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = _ROW_INCHES
    figure = Figure(
        figsize=(width, height * len(views) + _FOOT_INCHES), dpi=_DPI, layout='constrained'
    )
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=15, fontweight='bold')
    parts = figure.subfigures(
        len(views) + 1, 1, squeeze=False, height_ratios=[height] * len(views) + [_FOOT_INCHES]
    )[:, 0]
    for part, view in zip(parts[:-1], views, strict=True):
        _draw_row(part, view, aerial[view.place])
    parts[-1].text(0.01, 0.9, _explanation(views), ha='left', va='top', fontsize=10.5)
    return figure


def heading_assumption(view: QueryView) -> str:
    """What the network was told of the heading, for titles."""
    if view.contract.heading == 'north_up':
        return 'heading not used'
    if view.contract.heading == 'aligned':
        return 'true heading known'
    return 'true heading known' if view.known_heading else 'heading searched'


def attention_overlay(picture: ImageU8, attention: FloatArray) -> FloatArray:
    """A picture in grey beneath its attention: RGB in [0, 1], shape (h, w, 3).

    Args:
        picture: RGB, shape (h, w, 3).
        attention: in [0, 1], shape (h, w): how much of the colour is laid on.
    """
    from matplotlib import colormaps

    grey = picture.astype(np.float64) @ (0.299 / 255.0, 0.587 / 255.0, 0.114 / 255.0)
    colour = colormaps[_COLOURS](0.25 + 0.75 * attention)[..., :3]
    share = 0.85 * attention[..., None]
    return np.asarray((1.0 - share) * grey[..., None] + share * colour)


def _draw_row(
    part: SubFigure, view: QueryView, aerial: tuple[ImagerySource, GeodeticPosition] | None
) -> None:
    part.suptitle(
        f'{view.network}  ·  {view.title}  ·  {heading_assumption(view)}',
        x=0.01,
        ha='left',
        fontsize=12.5,
        fontweight='bold',
    )
    grid = part.add_gridspec(2, 3, width_ratios=[1.2, 1.0, 1.15])
    across = math.degrees(view.contract.ground_fov_rad)
    top, below = part.add_subplot(grid[0, 0]), part.add_subplot(grid[1, 0])
    top.imshow(view.picture)
    _name(top, f'Camera as the network sees it, {across:.0f}° across')
    below.imshow(attention_overlay(view.picture, view.picture_attention), vmin=0, vmax=1)
    _name(below, 'Attention in it')
    middle = part.add_subplot(grid[:, 1])
    _draw_patch(middle, view)
    _draw_heat(part, part.add_subplot(grid[:, 2]), view, aerial)


def _name(axes: Axes, text: str) -> None:
    axes.set_title(text, loc='left', fontsize=10.5)
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_patch(axes: Axes, view: QueryView) -> None:
    """The reference at the truth with its attention; the vehicle, and what its camera sees."""
    contract = view.contract
    half_m = 0.5 * contract.patch_size_m
    axes.imshow(
        attention_overlay(view.patch, view.patch_attention),
        extent=(-half_m, half_m, -half_m, half_m),
    )
    aligned = contract.heading == 'aligned'
    y_m = -contract.ahead_m if aligned else 0.0
    ahead_rad = NORTH_UP_RAD if aligned else view.yaw_rad
    axes.plot(0.0, y_m, 'o', color=_SIGHT, markersize=5, markeredgecolor='black')
    sides = _sight_sides(contract, ahead_rad)
    for side in sides:
        length = 2.0 * half_m
        axes.plot(
            [0.0, length * math.cos(side)],
            [y_m, y_m + length * math.sin(side)],
            color=_SIGHT,
            linewidth=1.2,
            linestyle='--',
        )
    axes.set_xlim(-half_m, half_m)
    axes.set_ylim(-half_m, half_m)
    up = f'heading up, centre {contract.ahead_m:g} m ahead' if aligned else 'north up'
    if not view.known_heading and math.isfinite(view.matched_yaw_rad):
        up += f', at the heading found{_turn(view)}'
    _name(
        axes,
        f'Attention in the reference at the true place,\n{contract.patch_size_m:g} m, {up}',
    )


def _turn(view: QueryView) -> str:
    """How far the heading that was found lies from the true one, in words."""
    if not math.isfinite(view.yaw_rad):
        return ''
    turn = math.remainder(view.matched_yaw_rad - view.yaw_rad, 2.0 * math.pi)
    return f', {abs(math.degrees(turn)):.0f}° {"left" if turn >= 0.0 else "right"} of the true one'


def _sight_sides(contract: InputContract, ahead_rad: float) -> tuple[float, ...]:
    """Directions of the left and right edge of the ground picture; none for a panorama."""
    if contract.ground_fov_rad > _PANORAMA_RAD or not math.isfinite(ahead_rad):
        return ()
    half = 0.5 * contract.ground_fov_rad
    return ahead_rad + half, ahead_rad - half


def _draw_heat(
    part: SubFigure,
    axes: Axes,
    view: QueryView,
    aerial: tuple[ImagerySource, GeodeticPosition] | None,
) -> None:
    """Scores of the places around the truth over the aerial image."""
    from matplotlib.patches import Circle

    x_m, y_m = (float(value) for value in view.truth_m)
    half_m = float(np.abs(view.references_m - view.truth_m).max()) + _MARGIN_M
    window = Window(x_m - half_m, x_m + half_m, y_m - half_m, y_m + half_m)
    if aerial is not None:
        draw_aerial(axes, *aerial, window)
        axes.axhspan(window.south, window.north, color='black', alpha=_VEIL, linewidth=0, zorder=1)
    dots = axes.scatter(
        view.references_m[:, 0],
        view.references_m[:, 1],
        c=view.similarities,
        s=_dot_area(view.references_m, half_m),
        cmap=_COLOURS,
        linewidths=0.0,
        zorder=2,
    )
    bar = part.colorbar(dots, ax=axes, label='similarity', fraction=0.046, pad=0.02)
    bar.ax.yaxis.set_major_formatter('{x:.6g}')  # whole numbers, nothing factored out
    circle = Circle((x_m, y_m), view.radius_m, fill=False, zorder=3)
    circle.set(edgecolor='white', linewidth=1.6, linestyle='--')
    axes.add_patch(circle)
    if math.isfinite(view.yaw_rad):
        axes.annotate(
            '',
            xy=(
                x_m + 0.2 * half_m * math.cos(view.yaw_rad),
                y_m + 0.2 * half_m * math.sin(view.yaw_rad),
            ),
            xytext=(x_m, y_m),
            arrowprops={'arrowstyle': '-|>', 'color': _SIGHT, 'linewidth': 2.2, 'shrinkA': 0},
            zorder=5,
        )
    axes.plot(x_m, y_m, 'X', color='white', markersize=10, markeredgecolor='black', zorder=6)
    best = view.references_m[view.best]
    axes.plot(
        *best,
        's',
        color='none',
        markersize=11,
        markeredgecolor='lime',
        markeredgewidth=2.2,
        zorder=7,
    )
    axes.set_xlim(window.west, window.east)
    axes.set_ylim(window.south, window.north)
    axes.set_aspect('equal', adjustable='box')
    everywhere = view.references_m[int(np.argmax(view.similarities))]
    off_m = float(np.hypot(*(everywhere - view.truth_m)))
    _name(
        axes,
        f'Heat map, {2.0 * half_m:.0f} m a side, north up: best within {view.radius_m:g} m is\n'
        f'{view.error_m:.1f} m from the true place, best of all {off_m:.1f} m',
    )


def _dot_area(places_m: FloatArray, half_m: float) -> float:
    """Area of dots that nearly touch, square points, for places spread evenly over a disc."""
    spacing_m = (
        math.sqrt(math.pi / len(places_m))
        * float(np.hypot(*np.ptp(places_m, axis=0)))
        / (2.0 * math.sqrt(2.0))
    )
    points = spacing_m / (2.0 * half_m) * _HEAT_INCHES * 72.0
    return float(np.clip(0.75 * points, 2.0, 14.0)) ** 2


def _explanation(views: Sequence[QueryView]) -> str:
    """What colours and marks mean."""
    sight = 'dashed lines: edges of what the camera sees at the true heading'
    if all(view.contract.heading == 'azimuth' and view.known_heading for view in views):
        sight += ', the part of the reference that is compared'
    text = (
        'Attention: how much a small change of a pixel changes the descriptor (length of its '
        'gradient, back-propagated to the picture, smoothed over '
        f'{100.0 * SMOOTHING:g} % of the height); grey none, yellow the most in that picture. '
        f'Reference: the dot is the vehicle, {sight}. '
        'Heat map: a dot is a reference, its colour the cosine similarity to the camera picture, '
        'dark low, yellow high, from the lowest to the highest of that panel. Cross: true place; '
        'arrow: true heading; dashed circle: the prior of radius '
        f'{views[0].radius_m:g} m; green square: best reference in the circle.'
    )
    return '\n'.join(textwrap.wrap(text, 172))
