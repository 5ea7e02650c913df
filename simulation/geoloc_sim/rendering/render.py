# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Traces rays, finds what the sun reaches, and shades; through thin leaves as often as needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoloc_sim.meshes.records import SurfaceKind
from geoloc_sim.rendering.compiled import compiled
from geoloc_sim.rendering.records import Float32Array, Hits, Int32Array, Radiance, Rays
from geoloc_sim.rendering.scene import Scene
from geoloc_sim.rendering.shading import LEAVES_BETWEEN, Lattice, Seen, shade

#: Layers of leaves that a ray is followed through; the last is taken for solid.
_LAYERS = 3
#: Light that comes through less of a pixel than this is neglected.
_LEAST = 0.08
#: What a rough mirror shows is averaged over this angle.
_MIRROR_SPREAD_RAD = 0.02
_BRIGHTEST_MIRRORED = 12.0
_NONE = np.empty((0, 4), np.float32)


def render(scene: Scene, rays: Rays, *, shadows: bool = True) -> Radiance:
    """Linear light along rays, and what they met.

    Where leaves cover less than half of a pixel the hit is that of what stands behind them.

    Args:
        scene: what is there and how it is lit.
        rays: shape (n, 3) each.
        shadows: trace rays to the sun; without, everything that faces the sun is lit.
    """
    origins = np.ascontiguousarray(rays.origins_m, dtype=np.float32)
    directions = np.ascontiguousarray(rays.directions, dtype=np.float32)
    spread = (rays.spread_rad, rays.spread_m)
    nothing = np.zeros(len(origins), np.float32)
    mirrors = np.empty((len(origins), 4), np.float32)
    rgb, cover, hits = _layer(scene, origins, directions, nothing, spread, shadows, mirrors)
    _add_mirrored(scene, origins, directions, hits, shadows, mirrors, rgb)
    left = np.empty(len(origins), np.float32)
    _keep_covered(rgb, cover, left)
    distance = hits.distance_m
    front = distance.copy()
    chosen = np.flatnonzero(left)
    for layer in range(1, _LAYERS):
        if not chosen.size:
            break
        start = front[chosen] + np.float32(0.02)
        along = directions[chosen]
        behind = _layer(
            scene, origins[chosen] + start[:, None] * along, along, start, spread, shadows, _NONE
        )
        last = layer == _LAYERS - 1
        _put_behind(
            chosen,
            start,
            last,
            behind[0],
            behind[1],
            (behind[2].distance_m, behind[2].surface, behind[2].normal),
            rgb,
            left,
            front,
            (distance, hits.surface, hits.normal),
        )
        chosen = chosen[left[chosen] > 0.0]
    return Radiance(rgb, hits)


def _layer(
    scene: Scene,
    origins: Float32Array,
    directions: Float32Array,
    before: Float32Array,
    spread: tuple[float, float],
    shadows: bool,
    mirrors: Float32Array,
) -> tuple[Float32Array, Float32Array, Hits]:
    """Light, covered share and hits of rays that begin ``before`` metres along their way."""
    hits = scene.first_hits(origins, directions)
    count = len(origins)
    lit = sun_share(scene, origins, directions, hits) if shadows else np.ones(count, np.float32)
    rgb, cover = np.empty((count, 3), np.float32), np.empty(count, np.float32)
    packed, sky = scene.packed, scene.openness
    shade(
        scene.light,
        packed.numbers,
        packed.kind,
        packed.seed,
        Lattice(sky.values, sky.west_m, sky.south_m, sky.cell_m),
        float(spread[0]),
        float(spread[1]),
        Seen(origins, directions, hits.distance_m, before, hits.surface, hits.normal, lit),
        rgb,
        cover,
        mirrors,
    )
    return rgb, cover, hits


def _add_mirrored(
    scene: Scene,
    origins: Float32Array,
    directions: Float32Array,
    hits: Hits,
    shadows: bool,
    mirrors: Float32Array,
    rgb: Float32Array,
) -> None:
    """Add what wet ground and water mirror, by one more ray each."""
    chosen = np.flatnonzero((mirrors[:, 0] > 0.0) & (hits.surface >= 0))
    if not chosen.size:
        return
    start = origins[chosen] + hits.distance_m[chosen, None] * directions[chosen]
    start += np.float32(0.01) * hits.normal[chosen]
    way = np.ascontiguousarray(mirrors[chosen, 1:])
    none = np.zeros(len(chosen), np.float32)
    light = _layer(scene, start, way, none, (_MIRROR_SPREAD_RAD, 0.0), shadows, _NONE)[0]
    # The sun's own disk, mirrored by a rough road, is a glow.
    rgb[chosen] += mirrors[chosen, :1] * np.minimum(light, np.float32(_BRIGHTEST_MIRRORED))


def sun_share(
    scene: Scene, origins: Float32Array, directions: Float32Array, hits: Hits
) -> Float32Array:
    """Share of the sun at each hit: 0 in the shadow, 1 in the sun, LEAVES_BETWEEN under leaves."""
    lit = np.zeros(len(hits.surface), np.float32)
    if max(scene.light.sun_rgb) <= 0.0:
        return lit
    sun = np.array(scene.light.sun_direction, np.float32)
    chosen, lifted = _towards_sun(origins, directions, hits, scene.packed.kind, sun)
    towards = np.empty_like(lifted)
    towards[:] = sun
    found = scene.first_surfaces(lifted, towards)
    lit[chosen] = _sun_through(found, scene.packed.kind)
    return lit


def _towards_sun(
    origins: Float32Array,
    directions: Float32Array,
    hits: Hits,
    kinds: npt.NDArray[np.uint8],
    sun: Float32Array,
) -> tuple[npt.NDArray[np.int64], Float32Array]:
    """Numbers of the hits that face the sun (leaves in any case) and the points over them."""
    chosen = np.empty(len(hits.surface), np.int64)
    lifted = np.empty((len(hits.surface), 3), np.float32)
    columns = (hits.distance_m, hits.surface, hits.normal)
    count = _lift(origins, directions, *columns, kinds, sun, chosen, lifted)
    return chosen[:count], lifted[:count]


_FOLIAGE = int(SurfaceKind.FOLIAGE)


@compiled
def _lift(
    origins: Float32Array,
    directions: Float32Array,
    distance: Float32Array,
    surface: Int32Array,
    normal: Float32Array,
    kinds: npt.NDArray[np.uint8],
    sun: Float32Array,
    chosen: npt.NDArray[np.int64],
    lifted: Float32Array,
) -> int:
    count = 0
    for i in range(surface.size):
        if surface[i] < 0:
            continue
        facing = normal[i, 0] * sun[0] + normal[i, 1] * sun[1] + normal[i, 2] * sun[2]
        leaf = kinds[surface[i]] == _FOLIAGE
        if facing <= 0.0 and not leaf:
            continue
        # Leaves are looked at from outside their clump, else each would shade itself.
        lift = 0.25 if leaf else 0.003 + 2e-5 * distance[i]
        for axis in range(3):
            off = normal[i, axis] if not leaf or facing > 0.0 else sun[axis]
            lifted[count, axis] = origins[i, axis] + distance[i] * directions[i, axis] + lift * off
        chosen[count] = i
        count += 1
    return count


@compiled
def _sun_through(found: Int32Array, kinds: npt.NDArray[np.uint8]) -> Float32Array:
    lit = np.zeros(found.size, np.float32)
    for i in range(found.size):
        if found[i] < 0:
            lit[i] = 1.0
        elif kinds[found[i]] == _FOLIAGE:
            lit[i] = LEAVES_BETWEEN
    return lit


@compiled
def _keep_covered(rgb: Float32Array, cover: Float32Array, left: Float32Array) -> None:
    """Weigh the first layer by its cover and write how much of the pixel is left open."""
    for i in range(cover.size):
        left[i] = 1.0 - cover[i]
        if left[i] <= _LEAST:
            left[i] = 0.0
        for channel in range(3):
            rgb[i, channel] *= 1.0 - left[i]


@compiled
def _put_behind(
    chosen: npt.NDArray[np.int64],
    start: Float32Array,
    last: bool,
    light: Float32Array,
    cover: Float32Array,
    met: tuple[Float32Array, Int32Array, Float32Array],
    rgb: Float32Array,
    left: Float32Array,
    front: Float32Array,
    hits: tuple[Float32Array, Int32Array, Float32Array],
) -> None:
    """Add a layer through what is left open; it becomes the hit where it fills the half."""
    for k in range(chosen.size):
        i = chosen[k]
        rest = left[i] * (1.0 - cover[k])
        if last or rest <= _LEAST:
            rest = 0.0
        share = left[i] - rest
        for channel in range(3):
            rgb[i, channel] += share * light[k, channel]
        front[i] = start[k] + met[0][k]
        if left[i] > 0.5 >= rest:
            hits[0][i] = front[i]
            hits[1][i] = met[1][k]
            for axis in range(3):
                hits[2][i, axis] = met[2][k, axis]
        left[i] = rest
