# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Drives as plain folders: what the simulation writes, and what anybody can make of own data.

    <place>/imagery.tif                 aerial image (any that geoloc_ros reads)
    <place>/<drive>/drive.json          {"day": 3, "datum": {...}, "camera": {...}}  (fields of
                                        GeodeticPosition and of networks.cylinder.Camera);
                                        "simulation": {...} where "geoloc-train data" drew it
    <place>/<drive>/frames.csv          file,x_m,y_m,yaw_rad
    <place>/<drive>/images/000000.jpg

Positions are the camera's, ENU metres in ``map`` at the datum; yaw is 0 = east, counter-clockwise,
empty where it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from geoloc_ros.errors import DriveError
from geoloc_ros.networks.cylinder import Camera
from geoloc_ros.settings import SettingValue
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_training.data.records import CameraModel, Drive, ImageU8

IMAGERY_NAME = 'imagery.tif'
DRIVE_NAME = 'drive.json'
FRAMES_NAME = 'frames.csv'
_COLUMNS = ('file', 'x_m', 'y_m', 'yaw_rad')


@dataclasses.dataclass(frozen=True, slots=True)
class ImageFiles:
    """Images as files."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        """How many."""
        return len(self.paths)

    def image(self, number: int) -> ImageU8:
        """RGB of one image, shape (height, width, 3).

        Raises:
            DriveError: the file is missing or no image.
        """
        path = self.paths[number]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise DriveError(
                f'{path} is no image that can be read; expected a PNG or JPEG file; fetch it again'
            )
        return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)


@dataclasses.dataclass(frozen=True, slots=True)
class DriveAbout:
    """What ``drive.json`` holds.

    Attributes:
        day: number of the day.
        datum: origin of ``map``.
        camera: that took the images.
        simulation: the settings that the drive was simulated with; ``None`` for any other.
    """

    day: int
    datum: GeodeticPosition
    camera: CameraModel
    simulation: Mapping[str, SettingValue] | None = None


def write_drive_folder(
    folder: Path,
    about: DriveAbout,
    positions_m: FloatArray,
    yaws_rad: FloatArray,
    files: tuple[str, ...],
) -> None:
    """Write ``frames.csv``, then ``drive.json``, which makes the folder whole.

    Args:
        folder: that holds the image files already.
        about: the drive.
        positions_m: of the images, shape (n, 2).
        yaws_rad: of the images, shape (n,), NaN for unknown.
        files: relative to the folder, n of them.
    """
    with (folder / FRAMES_NAME).open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for name, (x_m, y_m), yaw in zip(files, positions_m, yaws_rad, strict=True):
            heading = f'{yaw:.6f}' if np.isfinite(yaw) else ''
            writer.writerow((name, f'{x_m:.4f}', f'{y_m:.4f}', heading))
    record: dict[str, Any] = {
        'day': about.day,
        'datum': dataclasses.asdict(about.datum),
        'camera': _camera_record(about.camera),
    }
    if about.simulation is not None:
        record['simulation'] = dict(about.simulation)
    (folder / DRIVE_NAME).write_text(json.dumps(record, indent=2) + '\n', encoding='utf-8')


def read_drive_about(folder: Path) -> DriveAbout:
    """Read ``drive.json``.

    Raises:
        DriveError: it is missing or does not hold what it should.
    """
    try:
        record = json.loads((folder / DRIVE_NAME).read_text(encoding='utf-8'))
        simulation = record.get('simulation')
        return DriveAbout(
            int(record['day']),
            GeodeticPosition(**{key: _number(value) for key, value in record['datum'].items()}),
            _camera(record['camera']),
            None if simulation is None else dict(simulation),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_drive_folder(folder, error) from error


def read_drive_folder(folder: Path) -> Drive:
    """Open a drive; its place is the folder around it.

    Raises:
        DriveError: a file is missing or does not hold what it should.
    """
    about = read_drive_about(folder)
    try:
        with (folder / FRAMES_NAME).open(newline='', encoding='utf-8') as file:
            rows = list(csv.DictReader(file))
        positions = np.array([(float(row['x_m']), float(row['y_m'])) for row in rows])
        yaws = np.array([float(row['yaw_rad'] or 'nan') for row in rows], dtype=np.float64)
        paths = tuple(folder / row['file'] for row in rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_drive_folder(folder, error) from error
    return Drive(
        folder.name,
        folder.parent.name,
        about.day,
        about.datum,
        positions.reshape(-1, 2),
        yaws,
        about.camera,
        ImageFiles(paths),
        about.simulation is not None,
    )


def _no_drive_folder(folder: Path, error: Exception) -> DriveError:
    return DriveError(
        f'{folder} is no drive folder ({error!r}); expected {DRIVE_NAME} with day, datum and '
        f'camera, and {FRAMES_NAME} with the columns {", ".join(_COLUMNS)}'
    )


def find_drives(place: Path) -> tuple[Path, ...]:
    """Folders of the drives of a place, by name.

    Raises:
        DriveError: there is none.
    """
    found = tuple(sorted(path.parent for path in place.glob(f'*/{DRIVE_NAME}')))
    if not found:
        raise DriveError(
            f'{place} holds no drives; expected folders with {DRIVE_NAME}; write some with '
            '"geoloc-train data"'
        )
    return found


def _camera(record: Mapping[str, Any]) -> CameraModel:
    values: dict[str, Any] = {
        name: tuple(map(_number, value)) if isinstance(value, list) else value
        for name, value in record.items()
    }
    rotation = values.pop('optical_from_forward', ())
    if rotation:
        matrix = np.array(rotation).reshape(3, 3)
        if not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3):
            raise ValueError(f'optical_from_forward {rotation} is no rotation')
    for name in ('fx', 'fy', 'cx', 'cy'):
        _number(values.get(name, 0.0))
    return CameraModel(Camera(**values), rotation)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f'{value!r} is no number')
    return value


def _camera_record(camera: CameraModel) -> dict[str, Any]:
    rotation = {'optical_from_forward': camera.optical_from_forward}
    return {**dataclasses.asdict(camera.camera), **rotation}
