# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Patches out of any raster: the one implementation of ``ImagerySource``."""

from __future__ import annotations

import math

import cv2
import numpy as np

from geoloc_ros.map_store.placement import (
    composed,
    crs_from_geodetic,
    crs_from_ground,
    geodetic_bounds,
    ground_from_patch,
    inverted,
)
from geoloc_ros.map_store.raster import (
    DEFAULT_CACHE_BYTES,
    Raster,
    RasterTile,
    TilePyramid,
    premultiplied,
)
from geoloc_ros.map_store.records import GeodeticBounds, Patch, PatchRequest
from geoloc_ros.types import FloatArray, GeodeticPosition

#: Beyond the patch's corners, for bilinear interpolation.
_MARGIN_PX = 1.0
_HIGHEST_LEVEL = 12


class RasterSource:
    """An aerial image that gives patches of true ground metres.

    A patch is resampled bilinearly, once, from the level of the image pyramid whose pixels are
    nearest in size to its own (0.71 to 1.41 times), which keeps fine patterns from aliasing.
    OpenCV places samples to 1/32 of a pixel.

    Args:
        raster: what is read.
        cache_bytes: memory for decoded tiles.
        attribution: overrides what the files say.
        licence: overrides what the files say.
    """

    def __init__(
        self,
        raster: Raster,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        attribution: str | None = None,
        licence: str | None = None,
    ) -> None:
        self._raster = raster
        self._crs = raster.crs
        self._pyramid = TilePyramid(raster, cache_bytes)
        self._attribution = raster.attribution if attribution is None else attribution
        self._licence = raster.licence if licence is None else licence
        self._corner_from_crs = inverted(raster.crs_from_corner)
        self._bounds = geodetic_bounds(raster.crs, raster_corners(raster))

    @property
    def crs(self) -> str:
        """Coordinate reference system of the pixels."""
        return self._crs

    @property
    def attribution(self) -> str:
        """Who is to be named beside the imagery; empty where nobody said."""
        return self._attribution

    @property
    def licence(self) -> str:
        """Terms of use; empty where nobody said."""
        return self._licence

    @property
    def description(self) -> str:
        """Kind, name and size in words."""
        return self._raster.description

    @property
    def bounds(self) -> GeodeticBounds:
        """Where the raster lies."""
        return self._bounds

    def ground_sampling_m(self, lat_deg: float, lon_deg: float) -> float:
        """Side of a square as large as one pixel on the ground at a place, metres.

        Raises:
            GeodesyError: not on Earth, or the imagery's CRS does not reach there.
        """
        corner_from_ground = self._corner_from_ground(GeodeticPosition(lat_deg, lon_deg))
        return float(1.0 / math.sqrt(abs(np.linalg.det(corner_from_ground[:, :2]))))

    def pixel_at(self, position: GeodeticPosition) -> tuple[float, float]:
        """Pixel (u, v) of a place; (0, 0) is the centre of the raster's first pixel.

        Raises:
            GeodesyError: the imagery's CRS does not reach there.
        """
        x, y = crs_from_geodetic(self.crs, position)
        u, v = self._corner_from_crs @ (x, y, 1.0)
        return float(u) - 0.5, float(v) - 0.5

    def patch(self, request: PatchRequest) -> Patch:
        """Cut a piece; what lies outside of the imagery is black and not covered.

        Raises:
            GeodesyError: the centre is not on Earth, or outside of the imagery's CRS.
            MapError: imagery there cannot be read.
        """
        corner_from_ground = self._corner_from_ground(request.centre)
        corner_from_patch = composed(corner_from_ground, ground_from_patch(request))
        scale = math.sqrt(abs(np.linalg.det(corner_from_patch[:, :2])))
        level = min(max(math.floor(math.log2(scale) + 0.5), 0), _HIGHEST_LEVEL)
        # Corner coordinates halve from level to level; pixel centres lie half a pixel inside.
        pixel_from_patch = corner_from_patch / float(1 << level)
        pixel_from_patch[:, 2] -= 0.5
        return self._warped(level, pixel_from_patch, request.size_px)

    def _corner_from_ground(self, centre: GeodeticPosition) -> FloatArray:
        return composed(self._corner_from_crs, crs_from_ground(self._crs, centre))

    def _warped(self, level: int, pixel_from_patch: FloatArray, size_px: int) -> Patch:
        reach = (size_px - 1) * pixel_from_patch[:, :2]  # from the first pixel along each side
        corner = pixel_from_patch[:, 2]
        first = np.floor(corner + np.minimum(reach, 0.0).sum(axis=1) - _MARGIN_PX)
        last = np.ceil(corner + np.maximum(reach, 0.0).sum(axis=1) + _MARGIN_PX)
        limits = np.array([self._raster.width, self._raster.height]) / (1 << level)
        if (last < 0.0).any() or (first > limits).any():
            return Patch(np.zeros((size_px, size_px, 3), dtype=np.uint8), 0.0)
        left, top = int(first[0]), int(first[1])
        columns, rows = int(last[0]) - left + 1, int(last[1]) - top + 1
        window = self._pyramid.window(level, left, top, columns, rows)
        matrix = pixel_from_patch.copy()
        matrix[:, 2] -= first
        return _resampled(window, matrix, size_px)


def raster_corners(raster: Raster) -> FloatArray:
    """(x, y) of a raster's outer corners in its CRS, in order around it, shape (4, 2)."""
    width, height = float(raster.width), float(raster.height)
    corners = np.array([[0.0, height], [width, height], [width, 0.0], [0.0, 0.0]])
    return corners @ raster.crs_from_corner[:, :2].T + raster.crs_from_corner[:, 2]


def _resampled(window: RasterTile, matrix: FloatArray, size_px: int) -> Patch:
    """Bilinear samples of a window at ``matrix`` (u, v, 1), shape (2, 3)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (size_px, size_px)
    rgb = cv2.warpAffine(window.rgb, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    if window.valid is None:
        return Patch(rgb, 1.0)
    share = cv2.warpAffine(window.valid, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    tile = premultiplied(rgb, share)
    covered = 1.0 if tile.valid is None else float(np.count_nonzero(tile.valid)) / size_px**2
    return Patch(tile.rgb, covered)
