# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The size of a JPEG, read from its header without decoding it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_START = b'\xff\xd8'
#: Codes of the marker that states the size: SOF0 to SOF15 without DHT, JPG and DAC.
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF = 0xE1
#: Start of scan and end of image: no size comes after them.
_ENDS = (0xDA, 0xD9)


def jpeg_size(data: npt.NDArray[np.uint8]) -> tuple[int, int] | None:
    """Columns and rows of the pixels as they are stored.

    Args:
        data: the file's bytes, shape (n,).

    Returns:
        ``None`` where the data is no JPEG, is damaged, or has an Exif block, which may ask for
        the picture to be turned.
    Source: ITU-T T.81, annex B; key ``itu_t81``.
    """
    if data[:2].tobytes() != _START:
        return None
    place = 2
    while place + 9 <= data.size:
        mark, code = int(data[place]), int(data[place + 1])
        if mark != 0xFF or code in _ENDS or code == _EXIF:
            return None
        if code == 0xFF:  # a filling byte
            place += 1
            continue
        if code in _SIZES:
            rows = 256 * int(data[place + 5]) + int(data[place + 6])
            return 256 * int(data[place + 7]) + int(data[place + 8]), rows
        place += 2 + 256 * int(data[place + 2]) + int(data[place + 3])
    return None
