# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One independent random stream for each thing that is drawn.

A stream depends on its name and its seeds alone, so drawing more of one thing never changes
another, and a place-dependent error can share its seed over days while the white part does not.
"""

from __future__ import annotations

import zlib

import numpy as np

from geoloc_ros.errors import SettingError


def stream(name: str, *seeds: int) -> np.random.Generator:
    """The generator of the quantity ``name`` under these seeds.

    Raises:
        SettingError: a seed is negative.
    """
    if any(seed < 0 for seed in seeds):
        raise SettingError(f'seeds of {name!r} are {seeds}; expected integers from 0 up')
    return np.random.default_rng([zlib.crc32(name.encode()), *seeds])
