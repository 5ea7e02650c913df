# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The polar transform: an aerial patch unrolled about its centre into a panorama's shape.

Row 0 is farthest. Column j of n is centred at bearing 2 pi (j + 1/2) / n, clockwise from the top
of the patch, so that left to right is clockwise as in a picture taken on the ground.

Source: Shi et al., Spatial-aware feature aggregation, NeurIPS 2019, equation 1 (radii equally
spaced; there column j lies at 2 pi j / n).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from geoloc_ros.errors import NetworkError
from geoloc_ros.types import FloatArray


@dataclasses.dataclass(frozen=True, slots=True)
class PolarGrid:
    """Where the pixels of an unrolled patch lie on the ground.

    Attributes:
        rows: of the unrolled patch.
        columns: over the whole circle.
        near_m: radius of the bottom edge of the last row.
        far_m: radius of the top edge of row 0.
        exponent: radius grows as near + (far - near) t^exponent from the bottom to the top; above
            1 the rows are finer near the vehicle.
    """

    rows: int
    columns: int
    near_m: float
    far_m: float
    exponent: float = 1.0

    def __post_init__(self) -> None:
        good = 0.0 <= self.near_m < self.far_m and self.exponent > 0.0
        if min(self.rows, self.columns) < 1 or not good:
            raise NetworkError(
                f'polar grid has {self.rows} rows from {self.near_m} to {self.far_m} m with '
                f'exponent {self.exponent} and {self.columns} columns; expected positive numbers '
                'and near < far'
            )

    def radii_m(self, samples: int = 1) -> FloatArray:
        """Of the rows, farthest first, each cut into ``samples``: shape (rows * samples,)."""
        count = self.rows * samples
        share = 1.0 - (np.arange(count) + 0.5) / count
        return np.asarray(self.near_m + (self.far_m - self.near_m) * share**self.exponent)

    def bearings_rad(self, samples: int = 1) -> FloatArray:
        """Of the columns, clockwise from up: shape (columns * samples,)."""
        count = self.columns * samples
        return np.asarray(2.0 * np.pi * (np.arange(count) + 0.5) / count)


class PolarTransform(nn.Module):
    """Unrolls patches (n, c, s, s) into (n, c, rows, columns) by bilinear sampling.

    Args:
        grid: where its pixels lie.
        patch_size_m: side of the patches on the ground.
        samples: each pixel is the mean of samples x samples points; 1 aliases where a pixel of the
            result covers several of the patch.
    """

    def __init__(self, grid: PolarGrid, patch_size_m: float, samples: int = 2) -> None:
        super().__init__()
        self.samples = samples
        radius = 2.0 * grid.radii_m(samples)[:, None] / patch_size_m  # in half sides
        bearing = grid.bearings_rad(samples)[None, :]
        right, down = radius * np.sin(bearing), -radius * np.cos(bearing)
        places = torch.from_numpy(np.stack((right, down), axis=-1)[None].astype(np.float32))
        self.register_buffer('places', places, persistent=False)
        self.places: Tensor

    def forward(self, patches: Tensor) -> Tensor:
        """What lies outside of a patch is 0."""
        places = self.places.to(patches.dtype).expand(patches.shape[0], -1, -1, -1)
        sampled = functional.grid_sample(patches, places, align_corners=False)
        if self.samples > 1:
            sampled = functional.avg_pool2d(sampled, self.samples)
        return sampled
