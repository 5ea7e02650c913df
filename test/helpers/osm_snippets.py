# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Small OpenStreetMap files written by hand in metres; pyproj, not the package, makes degrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pyproj

from geoloc_ros.types import GeodeticPosition

DATUM = GeodeticPosition(48.98, 8.39, 116.0)

_TO_PLANE = pyproj.Transformer.from_pipeline(
    '+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad '
    '+step +proj=cart +ellps=WGS84 '
    f'+step +proj=topocentric +ellps=WGS84 +lat_0={DATUM.lat_deg} +lon_0={DATUM.lon_deg} '
    f'+h_0={DATUM.alt_m}'
)


def plane_from_degrees(lat_deg: float, lon_deg: float, alt_m: float) -> tuple[float, float]:
    """East and north of the datum by PROJ's topocentric conversion."""
    east, north, _ = _TO_PLANE.transform(lon_deg, lat_deg, alt_m)
    return float(east), float(north)


def degrees_from_plane(x_m: float, y_m: float) -> tuple[float, float]:
    """Latitude and longitude of the point at the datum's height over (x, y)."""
    z_m = 0.0
    for _ in range(6):
        lon, lat, alt = _TO_PLANE.transform(x_m, y_m, z_m, direction='INVERSE')
        z_m += DATUM.alt_m - alt
    return float(lat), float(lon)


@dataclasses.dataclass
class Snippet:
    """Collects nodes, ways and relations; ``write`` gives the file."""

    _nodes: list[str] = dataclasses.field(default_factory=list)
    _ways: list[str] = dataclasses.field(default_factory=list)
    _relations: list[str] = dataclasses.field(default_factory=list)
    _places: dict[tuple[float, float], int] = dataclasses.field(default_factory=dict)
    _count: int = 0

    def node(self, x_m: float, y_m: float, **tags: str) -> int:
        """A node at a place; the same place gives the same node."""
        if (x_m, y_m) in self._places:
            return self._places[x_m, y_m]
        self._count += 1
        lat, lon = degrees_from_plane(x_m, y_m)
        self._nodes.append(
            f'<node id="{self._count}" lat="{lat:.10f}" lon="{lon:.10f}">{_tags(tags)}</node>'
        )
        self._places[x_m, y_m] = self._count
        return self._count

    def way(self, places: Sequence[tuple[float, float]], tags: Mapping[str, str]) -> int:
        """A line through places in metres."""
        nodes = [self.node(x, y) for x, y in places]
        self._count += 1
        references = ''.join(f'<nd ref="{node}"/>' for node in nodes)
        self._ways.append(f'<way id="{self._count}">{references}{_tags(tags)}</way>')
        return self._count

    def box(self, west: float, south: float, east: float, north: float, **tags: str) -> int:
        """A rectangle as a closed way; ``_`` in keys stands for ``:``."""
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        return self.way(ring, {key.replace('_', ':'): value for key, value in tags.items()})

    def multipolygon(self, members: Sequence[tuple[int, str]], tags: Mapping[str, str]) -> int:
        """A relation of ways with roles."""
        self._count += 1
        listed = ''.join(f'<member type="way" ref="{n}" role="{role}"/>' for n, role in members)
        self._relations.append(
            f'<relation id="{self._count}">{listed}'
            f'{_tags({"type": "multipolygon", **tags})}</relation>'
        )
        return self._count

    def text(self) -> str:
        """The whole file."""
        things = '\n'.join((*self._nodes, *self._ways, *self._relations))
        return f'<?xml version="1.0"?>\n<osm version="0.6">\n{things}\n</osm>\n'

    def write(self, path: Path) -> Path:
        """Write the file and give its path."""
        path.write_text(self.text())
        return path


def square(half_m: float) -> tuple[float, float, float, float]:
    """Bounds about the datum."""
    return (-half_m, -half_m, half_m, half_m)


def lengths(lines: Sequence[np.ndarray]) -> list[float]:
    """Length of each polyline."""
    return [float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in lines]


def _tags(tags: Mapping[str, str]) -> str:
    return ''.join(f'<tag k={quoteattr(k)} v={quoteattr(v)}/>' for k, v in tags.items())
