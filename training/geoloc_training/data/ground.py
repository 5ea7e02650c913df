# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The ground pictures of drives, resampled once to a network's input and kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from geoloc_ros.networks.contract import InputContract
from geoloc_ros.networks.cylinder import Cylinder
from geoloc_training.data.records import CameraModel, Drive, ImageU8, PairTable, Progress


def cylinder_of(camera: CameraModel, contract: InputContract) -> Cylinder:
    """The resampling of a camera's images to a network's input."""
    turned = (
        np.array(camera.optical_from_forward).reshape(3, 3)
        if len(camera.optical_from_forward)
        else None
    )
    return Cylinder(camera.camera, contract, turned)


def ground_pictures(
    drives: Sequence[Drive],
    table: PairTable,
    contract: InputContract,
    show: Progress,
    threads: int = 2,
) -> ImageU8:
    """The ground picture of each pair, shape (n, ground_height_px, ground_width_px, 3).

    Args:
        drives: that the table was made of.
        table: which images are wanted.
        contract: of the network.
        show: told how many are done, and of how many.
        threads: that decode.
    """
    shape = (len(table), contract.ground_height_px, contract.ground_width_px, 3)
    pictures = np.empty(shape, dtype=np.uint8)
    cylinders = [cylinder_of(drive.camera, contract) for drive in drives]

    def fill(number: int) -> None:
        drive = int(table.drives[number])
        image = drives[drive].images.image(int(table.frames[number]))
        pictures[number] = cylinders[drive](image)

    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(fill, range(len(table)))):
            show(done + 1, len(table))
    return pictures
