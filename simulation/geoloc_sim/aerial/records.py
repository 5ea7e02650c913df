# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What passes between those who draw aerial images and those who write files of them."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from geoloc_sim.aerial.grids import CrsGrid, Window
from geoloc_sim.rendering.records import ImageU8

BoolImage: TypeAlias = npt.NDArray[np.bool_]

#: Called with what is done and what there is to do.
Progress: TypeAlias = Callable[[int, int], None]

#: Said of images drawn here, where map builders and map viewers find it.
ATTRIBUTION = 'Simulated by geoloc_sim (not a real place)'


@dataclasses.dataclass(frozen=True, slots=True)
class AerialImage:
    """A piece of an aerial image.

    Attributes:
        rgb: shape (height, width, 3); black where nothing was seen.
        valid: shape (height, width); False outside of the world.
    """

    rgb: ImageU8
    valid: BoolImage


class ImageSource(Protocol):
    """What writers of files need of an aerial image."""

    @property
    def grid(self) -> CrsGrid:
        """Raster of the whole image."""

    def on_grid(self, grid: CrsGrid) -> ImageSource:
        """The same image on another raster."""

    def image(self, window: Window) -> AerialImage:
        """The pixels of a window, which may reach out of the raster."""


def no_progress(done: int, total: int) -> None:
    """Show nothing."""
