# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The picture of a drive with a camera: over the aerial image, a heat map beside its query."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geoloc_ros.evaluation.plot import (
    MAP_ASPECT,
    Window,
    closer_window,
    draw_errors,
    draw_legend,
    draw_map,
    extent,
    outline,
)
from geoloc_ros.evaluation.trajectory import DEFAULT_MAX_GAP_S, Trajectory, sample_at
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.map_store.records import NORTH_UP_YAW_RAD, ImagerySource, PatchRequest
from geoloc_ros.types import NANOSECONDS_PER_SECOND, GeodeticPosition, ScoreLattice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FINEST_M = 0.3
_MOST_PX = 1600
_HEAT_MARGIN_M = 10.0
_NO_IMAGERY = '#d9d9d9'


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """A camera image and what it matched.

    Attributes:
        image_rgb: shape (height, width, 3).
        lattice: its scores; the cells are those of the camera.
        heat: of each cell over all headings in percent of the best, -1 without data, (ny, nx).
    """

    image_rgb: npt.NDArray[np.uint8]
    lattice: ScoreLattice
    heat: npt.NDArray[np.int8]


def write_sight_plot(
    path: Path,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    title: str,
    imagery: ImagerySource,
    query: Query | None,
    *,
    raw_name: str = 'gps',
    main_name: str = 'fused',
    max_gap_s: float = DEFAULT_MAX_GAP_S,
) -> None:
    """Write the picture: maps over the aerial image, the errors, one image and its heat map.

    Args:
        path: PNG file to write.
        trajectories: what to draw, about one datum.
        truth: drawn beneath them.
        title: line above the picture.
        imagery: beneath everything.
        query: an image and its scores in ``map`` at the same datum; ``None`` leaves them out.
        raw_name: the trajectory drawn as dots.
        main_name: the trajectory drawn strongest, with its error ellipses.
        max_gap_s: longest gap to bridge.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15.0, 11.0), dpi=110, layout='constrained')
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 20, height_ratios=[2.1, 1.0])
    overview = figure.add_subplot(grid[0, :12])
    closer = figure.add_subplot(grid[0, 12:])
    below = figure.add_subplot(grid[1, :11] if query is not None else grid[1, :])
    figure.suptitle(title, fontsize=15, fontweight='bold')
    shown = [one for one in trajectories if one.name in (raw_name, main_name) and len(one)]
    datum = shown[0].datum
    whole = extent([*shown, *([] if truth is None else [truth])]).around(MAP_ASPECT, 0.06)
    window = closer_window(trajectories, truth, raw_name, main_name, whole)
    for axes, view, subtitle in (
        (overview, whole, 'Aerial image'),
        (closer, window, 'Closer look where the raw fixes are worst'),
    ):
        draw_map(axes, trajectories, truth, raw_name, main_name, view, max_gap_s)
        draw_aerial(axes, imagery, datum, view)
        axes.set_title(subtitle, loc='left', fontsize=11)
    outline(overview, window)
    draw_errors(below, trajectories, truth, raw_name, main_name, max_gap_s)
    if query is not None:
        picture, heat = figure.add_subplot(grid[1, 11:15]), figure.add_subplot(grid[1, 15:])
        picture.imshow(query.image_rgb)
        picture.set_axis_off()
        draw_heat(heat, query, imagery, datum, trajectories, truth, raw_name)
        origin_ns = int(min(one.stamps_ns[0] for one in trajectories if len(one)))
        at_s = (query.lattice.stamp_ns - origin_ns) / NANOSECONDS_PER_SECOND
        picture.set_title(f'The camera at {at_s:.1f} s', loc='left', fontsize=11)
        below.axvline(at_s, color='black', linewidth=0.8, linestyle=':')
    draw_legend(figure, overview, below)
    figure.savefig(path, metadata={'Software': 'geoloc_ros'})


def draw_aerial(axes: Axes, imagery: ImagerySource, datum: GeodeticPosition, view: Window) -> None:
    """Lay the aerial image beneath a piece of ``map``."""
    x_m, y_m = 0.5 * (view.west + view.east), 0.5 * (view.south + view.north)
    size_m = max(view.east - view.west, view.north - view.south)
    frame = Datum(datum)
    place = frame.geodetic_at_altitude(x_m, y_m, datum.alt_m)
    up_rad = NORTH_UP_YAW_RAD - true_north_yaw_rad(frame, place)
    size_px = max(16, min(_MOST_PX, math.ceil(size_m / _FINEST_M)))
    patch = imagery.patch(PatchRequest(place, size_m, size_px, up_rad))
    half_m = 0.5 * size_m
    imaged = 255 * patch.rgb.any(axis=-1, keepdims=True).astype(np.uint8)
    axes.set_facecolor(_NO_IMAGERY)
    axes.imshow(
        np.concatenate((patch.rgb, imaged), axis=-1),
        extent=(x_m - half_m, x_m + half_m, y_m - half_m, y_m + half_m),
        zorder=0,
        interpolation='bilinear',
    )
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)


def draw_heat(
    axes: Axes,
    query: Query,
    imagery: ImagerySource,
    datum: GeodeticPosition,
    trajectories: Sequence[Trajectory],
    truth: Trajectory | None,
    raw_name: str,
) -> None:
    """The cells that were searched, coloured by likelihood, over the aerial image."""
    from matplotlib.transforms import Affine2D

    lattice = query.lattice
    ny, nx = query.heat.shape
    columns, rows = np.meshgrid(np.arange(nx + 1) - 0.5, np.arange(ny + 1) - 0.5)
    cosine = math.cos(lattice.rotation_rad) * lattice.spacing_m
    sine = math.sin(lattice.rotation_rad) * lattice.spacing_m
    x_m = lattice.origin_x_m + cosine * columns - sine * rows
    y_m = lattice.origin_y_m + sine * columns + cosine * rows
    middle = float(np.mean(x_m)), float(np.mean(y_m))
    half_m = 0.5 * float(np.ptp(x_m)) + _HEAT_MARGIN_M
    view = Window(middle[0] - half_m, middle[0] + half_m, middle[1] - half_m, middle[1] + half_m)
    draw_aerial(axes, imagery, datum, view)
    heat = np.ma.masked_less(query.heat.astype(np.float64), 0.0)
    # A turned picture, not a mesh: neighbours of a mesh overlap by a pixel, which shows.
    turned = Affine2D().rotate(lattice.rotation_rad).translate(x_m[0, 0], y_m[0, 0])
    axes.imshow(
        heat,
        extent=(0.0, nx * lattice.spacing_m, 0.0, ny * lattice.spacing_m),
        origin='lower',
        transform=turned + axes.transData,
        cmap='inferno',
        alpha=0.55,
        vmin=0.0,
        vmax=100.0,
        interpolation='nearest',
        zorder=1,
    )
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    stamp = np.array([lattice.stamp_ns], dtype=np.int64)
    raw = next((one for one in trajectories if one.name == raw_name), None)
    for one, marker, colour, label in (
        (truth, '*', '#1f4fd8', 'truth'),
        (raw, 'o', '#d62728', 'fix'),
    ):
        if one is None:
            continue
        place = sample_at(one, stamp, max_gap_s=2.0).positions_enu_m[0]
        axes.plot(
            *place,
            marker,
            color=colour,
            markersize=11,
            markeredgecolor='white',
            label=label,
            linestyle='none',
            zorder=5,
        )
    axes.set_aspect('equal', adjustable='box')
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title('Where it matches: heat map, truth, fix', loc='left', fontsize=11)
