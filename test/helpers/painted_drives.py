# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A flat painted world: an aerial image of blobs, and ground pictures that look over it.

A ground pixel shows where its ray meets the plane z = 0, so that what a camera sees follows from
the aerial image by geometry alone: an oracle for headings, sides and scales.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import rasterio
from rasterio.transform import Affine

from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.utm import UtmZone, utm_from_enu_array
from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(49.0, 9.0, 0.0)  # on a central meridian: grid north is north
HALF_M = 150.0
GSD_M = 0.5
CAMERA_HEIGHT_M = 1.5
WIDTH, HEIGHT, FOCAL_PX = 160, 120, 80.0


def paint(seed=0):
    """Blobs of colour, shape (600, 600, 3), first row north."""
    random = np.random.default_rng(seed)
    size = round(2 * HALF_M / GSD_M)
    image = np.zeros((size, size, 3), np.float32)
    for scale in (3, 9, 27):
        noise = random.standard_normal((size, size, 3)).astype(np.float32)
        image += cv2.GaussianBlur(noise, (0, 0), scale) * scale
    image = 128 + 60 * image / image.std()
    return np.clip(image, 1, 255).astype(np.uint8)


def write_imagery(path, image):
    """As a GeoTIFF in UTM zone 32, centred on the datum."""
    east, north = utm_from_enu_array(Datum(DATUM), UtmZone(32, True), np.zeros((1, 3)))[0][:2]
    scale = 0.9996
    transform = Affine(
        GSD_M * scale, 0, east - HALF_M * scale, 0, -GSD_M * scale, north + HALF_M * scale
    )
    with rasterio.open(
        path,
        'w',
        driver='GTiff',
        width=image.shape[1],
        height=image.shape[0],
        count=3,
        dtype='uint8',
        crs='EPSG:32632',
        transform=transform,
    ) as file:
        file.write(np.moveaxis(image, -1, 0))


def look(image, x_m, y_m, yaw_rad):
    """What a camera at a pose sees, RGB (120, 160, 3); the sky is blue."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    right = (u - (WIDTH - 1) / 2) / FOCAL_PX
    down = np.maximum((v - (HEIGHT - 1) / 2) / FOCAL_PX, 1e-3)
    ahead_m = CAMERA_HEIGHT_M / down
    left_m = -right * ahead_m
    east = x_m + np.cos(yaw_rad) * ahead_m - np.sin(yaw_rad) * left_m
    north = y_m + np.sin(yaw_rad) * ahead_m + np.cos(yaw_rad) * left_m
    columns = ((east + HALF_M) / GSD_M - 0.5).astype(np.float32)
    rows = ((HALF_M - north) / GSD_M - 0.5).astype(np.float32)
    seen = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    seen[v < HEIGHT / 2] = (120, 160, 230)
    return seen


def circle_poses(count, radius_m=60.0, start_rad=0.0):
    """Poses on a circle about the datum, driven counter-clockwise, shape (count, 3)."""
    angle = start_rad + 2 * np.pi * np.arange(count) / count
    yaw = (angle + np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
    return np.column_stack((radius_m * np.cos(angle), radius_m * np.sin(angle), yaw))


def write_place(root: Path, days=((1, 64), (2, 64)), seed=0):
    """A place with its imagery and a drive of so many images for each day."""
    image = paint(seed)
    place = root / 'painted'
    place.mkdir(parents=True)
    write_imagery(place / 'imagery.tif', image)
    for day, count in days:
        folder = place / f'day_{day}'
        (folder / 'images').mkdir(parents=True)
        lines = ['file,x_m,y_m,yaw_rad']
        for number, (x, y, yaw) in enumerate(circle_poses(count, start_rad=0.1 * day)):
            name = f'images/{number:06d}.png'
            cv2.imwrite(str(folder / name), look(image, x, y, yaw)[..., ::-1])
            lines.append(f'{name},{x:.4f},{y:.4f},{yaw:.6f}')
        (folder / 'frames.csv').write_text('\n'.join(lines) + '\n')
        about = {
            'day': day,
            'datum': {'lat_deg': DATUM.lat_deg, 'lon_deg': DATUM.lon_deg, 'alt_m': DATUM.alt_m},
            'camera': {
                'width_px': WIDTH,
                'height_px': HEIGHT,
                'fx': FOCAL_PX,
                'fy': FOCAL_PX,
                'cx': (WIDTH - 1) / 2,
                'cy': (HEIGHT - 1) / 2,
            },
        }
        (folder / 'drive.json').write_text(json.dumps(about))
    return place
