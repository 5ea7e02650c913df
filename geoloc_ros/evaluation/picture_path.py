# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Whether a picture can be written under a name, asked before the work begins."""

from __future__ import annotations

from pathlib import Path

from geoloc_ros.errors import SettingError


def check_picture_path(path: Path) -> None:
    """Refuse a file of a kind that cannot be drawn.

    Raises:
        SettingError: the ending is none that matplotlib writes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    kinds = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix[1:].lower() not in kinds:
        raise SettingError(
            f'picture {str(path)!r} has the ending {path.suffix!r}; expected one of '
            f'{", ".join(sorted(kinds))}; give the file a name that ends in .png'
        )
