# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A GeoTIFF, or anything else with a raster that GDAL opens, as 8-bit RGB tiles.

Any CRS, any georeferencing by an affine map (also a turned one), 8-bit or deeper samples, one band
(grey, or with a colour table) or several. Samples deeper than 8 bits are stretched, band by band,
so that the 2nd and 98th percentile of the picture become 0 and 255. Alpha bands, masks and no-data
values tell where there is imagery.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import contextlib
from pathlib import Path
import threading
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
import rasterio.errors
import rasterio.windows

from geoloc_ros.errors import MapError
from geoloc_ros.map_store.raster import RasterTile
from geoloc_ros.map_store.records import ImageU8
from geoloc_ros.types import FloatArray

TILE_PX = 512
#: Shares of a deep image's samples that become black and white.
_STRETCH_PERCENT = (2.0, 98.0)
_STRETCH_SAMPLE_PX = 1024
_ATTRIBUTION_TAGS = ('ATTRIBUTION', 'TIFFTAG_COPYRIGHT', 'COPYRIGHT')
_LICENCE_TAGS = ('LICENCE', 'LICENSE')


class GeoTiffRaster:
    """A georeferenced file, opened for reading; safe between threads.

    Args:
        path: of the file.
        bands: numbers (from 1) of the bands shown as red, green and blue, or of one band shown
            as grey; empty to go by the colours that the file names, else by its first three
            bands, or its first.

    Raises:
        MapError: it cannot be opened, has no CRS or no affine georeferencing, no such bands, or
            is damaged where it must be read for its range.
    """

    def __init__(self, path: Path, bands: Sequence[int] = ()) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._file: Any = rasterio.open(path)
        except rasterio.errors.RasterioIOError as error:
            raise MapError(
                f'{path} cannot be opened as an image ({error}); expected a GeoTIFF'
            ) from error
        self._check_georeferencing()
        self._colours = self._colour_table()
        self._bands = self._checked_bands(tuple(bands))
        self._stretch = self._measured_stretch()
        # To ask GDAL for a mask takes as long as to decode a tile, even where it has none.
        self._has_mask = any(
            flags != [MaskFlags.all_valid] for flags in self._file.mask_flag_enums
        )

    def __enter__(self) -> GeoTiffRaster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def crs(self) -> str:
        """As ``EPSG:n`` where it has such a number, else as WKT."""
        authority = self._file.crs.to_authority()
        return str(self._file.crs.to_wkt()) if authority is None else ':'.join(authority)

    @property
    def crs_from_corner(self) -> FloatArray:
        """The file's own transform, shape (2, 3)."""
        return np.array(self._file.transform[:6], dtype=np.float64).reshape(2, 3)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self._file.width)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self._file.height)

    @property
    def tile_px(self) -> int:
        """Side of the tiles it is read in."""
        return TILE_PX

    @property
    def attribution(self) -> str:
        """The tag ATTRIBUTION or TIFFTAG_COPYRIGHT."""
        return self._tag(_ATTRIBUTION_TAGS)

    @property
    def licence(self) -> str:
        """The tag LICENCE or LICENSE."""
        return self._tag(_LICENCE_TAGS)

    @property
    def description(self) -> str:
        """Name, size, samples and bands used."""
        bands = ' '.join(map(str, self._bands))
        text = (
            f'{self._file.driver} {self._path.name}, {self.width} x {self.height} px, '
            f'{self._file.count} x {self._file.dtypes[0]}, bands {bands}'
        )
        if self._stretch is None:
            return text
        ranges = ', '.join(f'{low:g} to {high:g}' for low, high in self._stretch)
        return f'{text} stretched from {ranges}'

    def tile(self, column: int, row: int) -> RasterTile | None:
        """A tile of full size, black and invalid beyond the raster's end.

        Raises:
            MapError: the file is damaged there.
        """
        left, top = column * TILE_PX, row * TILE_PX
        columns, rows = min(TILE_PX, self.width - left), min(TILE_PX, self.height - top)
        window = rasterio.windows.Window(left, top, columns, rows)
        with self._lock, self._damage_named(f'at column {left}, row {top}'):
            samples = self._file.read(self._bands, window=window)
            seen = np.ones((rows, columns), dtype=np.bool_)
            if self._has_mask:
                seen = self._file.dataset_mask(window=window) > 0
        if samples.dtype.kind == 'f':
            seen &= np.all(np.isfinite(samples), axis=0)
        if not np.any(seen):
            return None
        if columns == TILE_PX == rows and np.all(seen):
            return RasterTile(self._rgb(samples), None)
        rgb = np.zeros((TILE_PX, TILE_PX, 3), dtype=np.uint8)
        rgb[:rows, :columns] = self._rgb(samples)
        valid = np.zeros((TILE_PX, TILE_PX), dtype=np.uint8)
        valid[:rows, :columns] = np.where(seen, np.uint8(255), np.uint8(0))
        rgb[valid == 0] = 0
        return RasterTile(rgb, valid)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rgb(self, samples: np.ndarray) -> ImageU8:
        """Samples (bands, rows, columns) as 8-bit RGB."""
        if self._colours is not None:
            coloured: ImageU8 = self._colours[samples[0]]
            return coloured
        if self._stretch is not None:
            low, high = self._stretch[:, 0, None, None], self._stretch[:, 1, None, None]
            share = np.nan_to_num((samples.astype(np.float32) - low) / (high - low))
            samples = np.rint(255.0 * np.clip(share, 0.0, 1.0))
        shown = list(samples.astype(np.uint8, copy=False))
        merged: ImageU8 = cv2.merge(shown * 3 if len(shown) == 1 else shown)
        return merged

    def _checked_bands(self, wanted: tuple[int, ...]) -> list[int]:
        """The bands shown, one or three."""
        count = int(self._file.count)
        if wanted:
            if len(wanted) not in (1, 3) or not all(1 <= band <= count for band in wanted):
                raise MapError(
                    f'bands {wanted} of {self._path} are asked for; expected one or three numbers '
                    f'from 1 to {count}'
                )
            return list(wanted)
        named = [
            self._file.colorinterp.index(colour) + 1
            for colour in (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
            if colour in self._file.colorinterp
        ]
        if len(named) == 3:
            return named
        shown = [
            band
            for band, colour in enumerate(self._file.colorinterp, start=1)
            if colour != ColorInterp.alpha
        ]
        return shown[:3] if len(shown) >= 3 else shown[:1]

    def _colour_table(self) -> ImageU8 | None:
        """RGB of each value of a picture with a colour table, shape (256, 3)."""
        if self._file.colorinterp[0] != ColorInterp.palette or self._file.dtypes[0] != 'uint8':
            return None
        table = np.zeros((256, 3), dtype=np.uint8)
        for value, colour in self._file.colormap(1).items():
            table[value] = colour[:3]
        return table

    @contextlib.contextmanager
    def _damage_named(self, where: str) -> Iterator[None]:
        """Explain an error of reading pixels."""
        try:
            yield
        except rasterio.errors.RasterioError as error:
            raise MapError(
                f'{self._path} cannot be read {where} ({error}); expected all of its pixels; the '
                'file is damaged or cut short: fetch it again'
            ) from error

    def _measured_stretch(self) -> FloatArray | None:
        """(low, high) of each band for samples that are not 8-bit, float32; else ``None``."""
        if self._file.dtypes[self._bands[0] - 1] == 'uint8':
            return None
        shrink = max(self.width, self.height) / _STRETCH_SAMPLE_PX
        shape = (
            max(1, round(self.height / max(shrink, 1.0))),
            max(1, round(self.width / max(shrink, 1.0))),
        )
        with self._damage_named('to its end'):
            samples = self._file.read(self._bands, out_shape=(len(self._bands), *shape))
            seen = self._file.dataset_mask(out_shape=shape) > 0
        ranges = []
        for band in samples:
            values = band[seen & np.isfinite(band)]
            low, high = np.percentile(values, _STRETCH_PERCENT) if values.size else (0.0, 1.0)
            ranges.append((low, high if high > low else low + 1.0))
        return np.array(ranges, dtype=np.float32)

    def _check_georeferencing(self) -> None:
        """Refuse a file that does not say where it lies."""
        if self._file.crs is None:
            raise MapError(
                f'{self._path} has no coordinate reference system; expected a georeferenced '
                'image; write it into the file (gdal_edit.py -a_srs EPSG:n)'
            )
        if self._file.transform.is_identity or self._file.transform.determinant == 0.0:
            raise MapError(
                f'{self._path} has no affine georeferencing; expected a geotransform; warp it by '
                'its control points (gdalwarp)'
            )
        if self._file.count < 1 or 'complex' in self._file.dtypes[0]:
            raise MapError(
                f'{self._path} holds no picture but {self._file.dtypes}; expected bands'
            )

    def _tag(self, names: Sequence[str]) -> str:
        tags = self._file.tags()
        return next((str(tags[name]) for name in names if tags.get(name)), '')
