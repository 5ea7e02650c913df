# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a drawn map needs to be read: a scale bar and a north arrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geoloc_ros.evaluation.plot import Window

_CAPTION: dict[str, Any] = {
    'ha': 'center',
    'va': 'bottom',
    'fontsize': 10,
    'zorder': 10,
    'bbox': {'facecolor': 'white', 'alpha': 0.7, 'edgecolor': 'none', 'pad': 1.0},
}


def scale_bar_length_m(width_m: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is at most a quarter of ``width_m``."""
    target = 0.25 * width_m
    power = 10.0 ** math.floor(math.log10(target))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= target)


def draw_scale_bar(axes: Axes, view: Window) -> None:
    """A bar of a round length in the lower left corner of a view."""
    width, height = view.east - view.west, view.north - view.south
    length = scale_bar_length_m(width)
    x, y = view.west + 0.04 * width, view.south + 0.05 * height
    tick = 0.012 * height
    axes.plot(
        [x, x, x, x + length, x + length, x + length],
        [y + tick, y - tick, y, y, y + tick, y - tick],
        color='black',
        linewidth=1.8,
        zorder=10,
    )
    text = f'{length / 1000.0:g} km' if length >= 1000.0 else f'{length:g} m'
    axes.text(x + 0.5 * length, y + 1.4 * tick, text, **_CAPTION)


def draw_north_arrow(axes: Axes) -> None:
    """An arrow to the north in the upper right corner."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=4.0, foreground='white')]
    axes.annotate(
        'N',
        xy=(0.96, 0.97),
        xytext=(0.96, 0.87),
        xycoords='axes fraction',
        ha='center',
        va='center',
        fontsize=12,
        fontweight='bold',
        arrowprops={'arrowstyle': '-|>', 'color': 'black', 'linewidth': 1.6, 'path_effects': halo},
        path_effects=halo,
        zorder=10,
    )
