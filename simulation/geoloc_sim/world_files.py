# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Writes a world as files that other programs open: GeoJSON, PLY, a plan and a summary."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import json
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoloc_sim.city import City
from geoloc_sim.drive import level_positions
from geoloc_sim.meshes.records import SurfaceMesh
from geoloc_sim.output_paths import new_folder
from geoloc_sim.world.records import AreaKind, World

_PLAN_COLOURS = {
    AreaKind.ROAD: '#6b6b70',
    AreaKind.ROAD_PATCH: '#5b5b60',
    AreaKind.PAVEMENT: '#b3afa8',
    AreaKind.SQUARE: '#c9bda6',
    AreaKind.COURTYARD: '#a9a49b',
    AreaKind.PARKING: '#85858a',
    AreaKind.GRASS: '#8fb573',
    AreaKind.SOIL: '#a58c6b',
    AreaKind.WATER: '#6d9dc5',
    AreaKind.MARKING_WHITE: '#ffffff',
    AreaKind.MARKING_YELLOW: '#f2c53d',
    AreaKind.MANHOLE: '#3c3c3c',
}
_PLAN_PX = 1600


def write_world(city: City, folder: Path, show: Callable[[str], None] = lambda _: None) -> str:
    """Write ``world.json``, ``world.geojson``, ``world.ply`` and ``plan.png``.

    Args:
        city: what to write.
        folder: made when all is there; must not exist yet.
        show: told what is being written.

    Returns:
        A few lines for people.

    Raises:
        DriveError: the folder exists already, or cannot be written.
    """
    summary = _summary(city)
    with new_folder(folder) as part:
        text = json.dumps(summary, indent=2) + '\n'
        (part / 'world.json').write_text(text, encoding='utf-8')
        show('world.geojson')
        _write_geojson(part / 'world.geojson', city.world)
        show('world.ply')
        write_ply(part / 'world.ply', city.mesh)
        show('plan.png')
        write_plan(part / 'plan.png', city.world)
    counts = ', '.join(f'{value} {name}' for name, value in summary['counts'].items())
    return f'{folder}: {city.world.layout.name}: {counts}'


def _summary(city: City) -> dict[str, dict[str, int]]:
    world, layout = city.world, city.world.layout
    length_m = sum(shapely.LineString(street.centre_line_m).length for street in layout.streets)
    about: dict[str, object] = {
        'name': layout.name,
        'seed': layout.seed,
        'datum': dataclasses.asdict(layout.datum),
        'bounds_m': list(layout.bounds_m),
    }
    counts = {
        'm of streets': round(length_m),
        'streets': len(layout.streets),
        'buildings': len(layout.buildings),
        'trees': len(world.trees),
        'fixtures': len(world.fixtures),
        'parking slots': len(world.parking_slots),
        'triangles': len(city.mesh.faces),
    }
    return {**about, 'counts': counts}  # type: ignore[dict-item]


def _write_geojson(path: Path, world: World) -> None:
    """Streets and buildings in longitude and latitude (RFC 7946)."""
    layout = world.layout
    features = []
    for building in layout.buildings:
        about = {
            'kind': 'building',
            'number': building.number,
            'use': building.use.value,
            'roof': building.roof.value,
            'eaves_height_m': round(building.eaves_height_m, 2),
            'ridge_height_m': round(building.ridge_height_m, 2),
        }
        features.append((building.footprint, about))
    for street in layout.streets:
        about = {
            'kind': 'street',
            'class': street.road_class.value,
            'lanes': street.lanes,
            'width_m': round(street.width_m, 2),
            'one_way': street.one_way,
            'tunnel': street.tunnel,
        }
        features.append((shapely.LineString(street.centre_line_m), about))
    document = {
        'type': 'FeatureCollection',
        'features': [
            {'type': 'Feature', 'properties': about, 'geometry': _lon_lat(shape, world)}
            for shape, about in features
        ],
    }
    path.write_text(json.dumps(document) + '\n', encoding='utf-8')


def _lon_lat(shape: BaseGeometry, world: World) -> object:
    points = shapely.get_coordinates(shape)
    placed = level_positions(world.layout.datum, points)
    degrees = np.array([(position.lon_deg, position.lat_deg) for position in placed])
    return json.loads(shapely.to_geojson(shapely.set_coordinates(shape, np.round(degrees, 8))))


def write_ply(path: Path, mesh: SurfaceMesh) -> None:
    """Triangles with the colour of their surface, as binary PLY (Blender, MeshLab)."""
    header = (
        'ply\nformat binary_little_endian 1.0\ncomment geoloc_sim, metres, x east, y north, z up\n'
        f'element vertex {len(mesh.vertices_m)}\n'
        'property float x\nproperty float y\nproperty float z\n'
        f'element face {len(mesh.faces)}\n'
        'property list uchar int vertex_indices\n'
        'property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n'
    )
    rows = np.zeros(
        len(mesh.faces), dtype=[('count', 'u1'), ('index', '<i4', 3), ('rgb', 'u1', 3)]
    )
    rows['count'], rows['index'] = 3, mesh.faces
    colour = np.clip(mesh.surfaces.colour, 0.0, 1.0) ** (1.0 / 2.2)
    rows['rgb'] = np.round(255.0 * colour)[mesh.face_surface]
    with path.open('wb') as file:
        file.write(header.encode())
        file.write(mesh.vertices_m.astype('<f4').tobytes())
        file.write(rows.tobytes())


def write_plan(path: Path, world: World) -> None:
    """A map of the world: ground, buildings and trees."""
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    west, south, east, north = world.layout.bounds_m
    height_px = round(_PLAN_PX * (north - south) / (east - west))
    figure = Figure(figsize=(_PLAN_PX / 100.0, height_px / 100.0), dpi=100)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_facecolor('#9dbf83')
    for area in world.areas:
        axes.add_collection(
            PolyCollection(
                [np.asarray(area.polygon.exterior.coords)], facecolors=_PLAN_COLOURS[area.kind]
            )
        )
    for building in world.layout.buildings:
        ring = np.asarray(building.footprint.exterior.coords)
        axes.add_collection(
            PolyCollection([ring], facecolors='#a6584f', edgecolors='#5a2d28', linewidths=0.5)
        )
        for hole in building.footprint.interiors:
            axes.add_collection(PolyCollection([np.asarray(hole.coords)], facecolors='#b9b4a8'))
    trees = np.array([(tree.x_m, tree.y_m, tree.crown_radius_m) for tree in world.trees])
    if len(trees):
        pixels_per_m = _PLAN_PX / (east - west)
        size = (1.44 * trees[:, 2] * pixels_per_m) ** 2
        axes.scatter(trees[:, 0], trees[:, 1], size, c='#3f7a38', alpha=0.7, linewidths=0)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_axis_off()
    figure.savefig(path)
