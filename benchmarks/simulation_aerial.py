# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""One square kilometre of 0.25 m aerial image: ``python benchmarks/simulation_aerial.py``.

A procedural town of 1 km, dressed, on an aerial day, is drawn into a GeoTIFF (tiled, compressed,
with overviews) and into MBTiles on one core; its busy time is given beside the wall's, for
machines that do other things as well. What is timed is from the finished scene to the
finished file; the town and the scene are timed apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
import os
from pathlib import Path
import tempfile
import time

from measuring import machine_record

from geoloc_sim.aerial.geotiff import Compression, write_geotiff
from geoloc_sim.aerial.grids import Window
from geoloc_sim.aerial.model import draw_aerial_model
from geoloc_sim.aerial.orthophoto import Orthophoto
from geoloc_sim.aerial.settings import AerialSettings
from geoloc_sim.aerial.tile_files import write_mbtiles
from geoloc_sim.aerial.tiles import zoom_of_gsd
from geoloc_sim.meshes.city import day_mesh, static_mesh
from geoloc_sim.meshes.records import merge
from geoloc_sim.rendering.days import aerial_day
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.world.dressing import dress
from geoloc_sim.world.dressing_settings import DressingSettings
from geoloc_sim.world.procedural import procedural_layout
from geoloc_sim.world.procedural_settings import ProceduralSettings

SEED = 20261121
PACKAGES = ('numpy', 'numba', 'embreex', 'rasterio', 'opencv-python-headless', 'pyproj')


def main() -> None:
    """Measure, print, and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--side-m', type=float, default=1000.0)
    parser.add_argument('--gsd', type=float, default=0.25)
    parser.add_argument('--keep', type=Path, help='folder that keeps the files written')
    parser.add_argument(
        '--out', type=Path, default=Path('benchmarks/results/simulation_aerial.json')
    )
    options = parser.parse_args()
    if hasattr(os, 'sched_setaffinity'):  # one core, whatever libraries would like
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    seconds: dict[str, dict[str, float]] = {}

    def timed(name: str, function: Callable[[], object]) -> object:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = function()
        wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
        seconds[name] = {'wall': wall, 'cpu': cpu}
        print(f'{name:24s} {wall:8.2f} s, of the core {cpu:8.2f} s', flush=True)
        return result

    settings = AerialSettings(gsd_m_per_px=options.gsd)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        photo = timed('world and scene', lambda: town(options.side_m, settings))
        assert isinstance(photo, Orthophoto)
        timed('compile or load kernels', lambda: photo.image(Window(0, 0, 64, 64)))
        timed('GeoTIFF, deflate', lambda: write_geotiff(folder / 'aerial.tif', photo))
        timed(
            'GeoTIFF, JPEG',
            lambda: write_geotiff(folder / 'aerial_jpeg.tif', photo, Compression.JPEG),
        )
        zoom = zoom_of_gsd(photo.grid.datum.lat_deg, options.gsd)
        timed(
            f'MBTiles, zooms 14-{zoom}',
            lambda: write_mbtiles(folder / 'aerial.mbtiles', photo, 14, zoom),
        )
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    record = {
        **machine_record(PACKAGES, SEED),
        'side_m': options.side_m,
        'gsd_m_per_px': options.gsd,
        'pixels': photo.grid.width * photo.grid.height,
        'triangles': len(photo.scene.mesh.faces),
        'seconds': seconds,
        'bytes': sizes,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + '\n')
    print(f'{record["pixels"]} pixels, {record["triangles"]} triangles; written to {options.out}')


def town(side_m: float, settings: AerialSettings) -> Orthophoto:
    """A procedural town on the day of its flight."""
    layout = procedural_layout(ProceduralSettings(side_m=side_m), SEED)
    world = dress(layout, DressingSettings())
    day = aerial_day(SEED)
    scene = Scene(merge((static_mesh(world), day_mesh(world, day))), day)
    model = draw_aerial_model(layout.datum, layout.bounds_m, settings, SEED)
    return Orthophoto(scene, model, settings, SEED)


if __name__ == '__main__':
    main()
