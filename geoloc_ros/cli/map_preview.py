# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The picture of a map: its grid on the imagery, its coverage, its descriptors as colours."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geoloc_ros.errors import MapError
from geoloc_ros.evaluation.picture_path import check_picture_path
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.map_store.components import principal_colours
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.records import ImagerySource, ImageU8, PatchRequest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PICTURE_PX = 1400
_LARGEST_GRID_LINES = 12
_PANEL_INCHES = 6.0
_DPI = 150
_GRID_COLOUR = '#ffffff'
_DATA_COLOUR = '#ffd21f'
_PATCH_COLOUR = '#ff3b30'


def write_preview(path: Path, store: DescriptorStore, source: ImagerySource | None) -> None:
    """Draw a map, axes in metres of its grid from the south-western cell.

    Args:
        path: picture to write, PNG by its ending or another that matplotlib knows.
        store: the map.
        source: imagery to draw beneath the grid; ``None`` leaves that panel out.

    Raises:
        MapError: map or imagery cannot be read, or the picture cannot be written.
        SettingError: the picture's ending is unknown.
    """
    from matplotlib.figure import Figure

    check_picture_path(path)
    grid, record = store.grid, store.record
    aspect = min(max(grid.ny / grid.nx, 0.4), 2.5)
    panels = 2 if source is None else 3
    height = 0.8 * _PANEL_INCHES * aspect + 1.4
    figure = Figure((panels * _PANEL_INCHES, height), layout='constrained')
    axes = figure.subplots(1, panels, squeeze=False)[0]
    if source is not None:
        _draw_imagery(axes[0], store, source)
    _draw_coverage(axes[-2], store)
    axes[-1].imshow(principal_colours(store), origin='lower', extent=_extent(store))
    axes[-1].set_title('descriptors: principal components 1-3 as red, green, blue', fontsize=9)
    for panel in axes:
        panel.set_xlim(_extent(store)[:2])
        panel.set_ylim(_extent(store)[2:])
        panel.set_xlabel('grid east of cell (0, 0), m')
        panel.set_facecolor('#202020')
    axes[0].set_ylabel('grid north, m')
    figure.suptitle(
        f'{store.path.name}: {grid.nx} x {grid.ny} cells, {grid.spacing_m:g} m, {grid.crs}; '
        f'{record.network_name} ({record.network_sha256[:12]})\n'
        f'{record.imagery}\n'
        f'attribution: {record.attribution or "not said"}; '
        f'licence: {record.licence or "not said"}',
        fontsize=9,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.draw_without_rendering()  # placed once, its labels are cut off
        figure.savefig(path, dpi=_DPI)
    except OSError as error:
        raise MapError(f'picture {path} cannot be written ({error}); choose another path') from (
            error
        )


def grid_picture(store: DescriptorStore, source: ImagerySource) -> tuple[ImageU8, float]:
    """The imagery around a grid's middle, its columns along the grid's, and its side in cells."""
    grid = store.grid
    middle = (0.5 * (grid.nx - 1), 0.5 * (grid.ny - 1))
    centre = grid.centre
    spacing_m, rotation_rad = grid.lattice_at(Datum(centre), *middle, centre.alt_m)
    side = float(max(grid.nx, grid.ny))
    request = PatchRequest(centre, side * spacing_m, _PICTURE_PX, rotation_rad + 0.5 * math.pi)
    return source.patch(request).rgb, side


def _draw_imagery(axes: Axes, store: DescriptorStore, source: ImagerySource) -> None:
    """Imagery, grid lines, outline of the cells with data, and one patch."""
    grid, spacing = store.grid, store.grid.spacing_m
    picture, side = grid_picture(store, source)
    x, y = 0.5 * spacing * (grid.nx - 1), 0.5 * spacing * (grid.ny - 1)
    half = 0.5 * spacing * side
    axes.imshow(picture, extent=(x - half, x + half, y - half, y + half))
    step = _line_step(max(grid.nx, grid.ny))
    for column in range(0, grid.nx, step):
        axes.axvline(spacing * column, color=_GRID_COLOUR, linewidth=0.4, alpha=0.6)
    for row in range(0, grid.ny, step):
        axes.axhline(spacing * row, color=_GRID_COLOUR, linewidth=0.4, alpha=0.6)
    padded = np.pad(store.has_data.astype(float), 1)
    if padded.any():
        axes.contour(
            spacing * np.arange(-1, grid.nx + 1),
            spacing * np.arange(-1, grid.ny + 1),
            padded,
            levels=[0.5],
            colors=_DATA_COLOUR,
            linewidths=1.2,
        )
    size = store.record.patch_size_m
    corners = 0.5 * size * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    axes.plot(x + corners[:, 0], y + corners[:, 1], color=_PATCH_COLOUR, linewidth=1.2)
    axes.set_title(
        f'imagery; lines every {step * spacing:g} m; yellow: cells with data; red: one patch',
        fontsize=9,
    )


def _draw_coverage(axes: Axes, store: DescriptorStore) -> None:
    """Share of each cell's patch that is imagery; grey where nothing was built yet."""
    image = axes.imshow(
        np.ma.masked_invalid(store.covered_share),
        origin='lower',
        extent=_extent(store),
        vmin=0.0,
        vmax=1.0,
        cmap='viridis',
    )
    axes.figure.colorbar(image, ax=axes, shrink=0.7)
    share = np.count_nonzero(store.has_data) / store.grid.cell_count
    axes.set_title(
        f'share of the patch that is imagery; {share:.1%} of the cells have data', fontsize=9
    )


def _extent(store: DescriptorStore) -> tuple[float, float, float, float]:
    """Outer edges of the cells, (left, right, bottom, top)."""
    grid, half = store.grid, 0.5 * store.grid.spacing_m
    return (
        -half,
        grid.spacing_m * (grid.nx - 1) + half,
        -half,
        grid.spacing_m * (grid.ny - 1) + half,
    )


def _line_step(cells: int) -> int:
    """Cells between grid lines: 1, 2 or 5 times a power of ten."""
    steps = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    return next(int(step) for step in steps if cells <= step * _LARGEST_GRID_LINES)
