# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What a world consists of, before anything is drawn; immutable, metres in ``map`` (ENU).

A source (a seed, an OpenStreetMap file) makes a ``Layout``: where streets and buildings are.
Dressing makes a ``World`` of it: lanes, pavements, markings, trees, furniture. The ground is the
plane z = 0; pavements stand a kerb higher.
"""

from __future__ import annotations

import dataclasses
import enum

from shapely.geometry import Polygon

from geoloc_ros.types import FloatArray, GeodeticPosition

#: Height of pavements and other ground behind a kerb over the road.
KERB_HEIGHT_M = 0.12


class RoadClass(enum.Enum):
    """How much traffic a street is built for."""

    PRIMARY = 'primary'
    SECONDARY = 'secondary'
    RESIDENTIAL = 'residential'
    SERVICE = 'service'
    FOOTWAY = 'footway'


@dataclasses.dataclass(frozen=True, slots=True)
class Street:
    """One street between two junctions (or dead ends), with no junction inside.

    Attributes:
        start: number of the junction at the first point.
        end: number of the junction at the last point.
        centre_line_m: shape (k, 2), k >= 2, points at most 5 m apart where it bends.
        road_class: decides markings, furniture and speed.
        lanes: lanes in all, both directions together.
        width_m: of the roadway, from kerb to kerb.
        one_way: driven from start to end only.
        tunnel: covered: no sky, no aerial view.
        has_pavement: pavements on both sides.
    """

    start: int
    end: int
    centre_line_m: FloatArray
    road_class: RoadClass
    lanes: int
    width_m: float
    one_way: bool = False
    tunnel: bool = False
    has_pavement: bool = True


class RoofKind(enum.Enum):
    """Shape of a roof."""

    FLAT = 'flat'
    GABLE = 'gable'
    HIP = 'hip'
    SHED = 'shed'


class BuildingUse(enum.Enum):
    """What a building is for; it decides storeys and facades, not colours."""

    HOUSE = 'house'
    APARTMENTS = 'apartments'
    OFFICE = 'office'
    SHOPS = 'shops'  # apartments over shop fronts
    INDUSTRIAL = 'industrial'
    GARAGE = 'garage'
    CHURCH = 'church'


@dataclasses.dataclass(frozen=True, slots=True)
class Building:
    """A building as an extruded footprint with a roof.

    Attributes:
        number: unique in its world; the object id in rendered id images.
        footprint: valid polygon, exterior counter-clockwise, courtyards as holes.
        eaves_height_m: height of the walls.
        roof: its shape; anything but FLAT only on footprints without holes.
        ridge_height_m: highest point of the roof, >= eaves_height_m.
        storeys: floors up to the eaves, at least 1.
        use: decides the facade.
    """

    number: int
    footprint: Polygon
    eaves_height_m: float
    roof: RoofKind
    ridge_height_m: float
    storeys: int
    use: BuildingUse


class AreaKind(enum.Enum):
    """What covers a piece of ground."""

    ROAD = 'road'
    ROAD_PATCH = 'road_patch'  # a repaired piece of road
    PAVEMENT = 'pavement'
    SQUARE = 'square'
    COURTYARD = 'courtyard'
    PARKING = 'parking'
    GRASS = 'grass'
    SOIL = 'soil'
    WATER = 'water'
    MARKING_WHITE = 'marking_white'
    MARKING_YELLOW = 'marking_yellow'
    MANHOLE = 'manhole'


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """A piece of ground; where pieces overlap the later one in its world lies on top.

    Attributes:
        polygon: valid, not empty.
        kind: what covers it.
        tone: brightness beside others of its kind, about 0.8 to 1.2.
    """

    polygon: Polygon
    kind: AreaKind
    tone: float = 1.0


class TreeKind(enum.Enum):
    """Trees, bushes and hedges."""

    BROADLEAF = 'broadleaf'
    COLUMNAR = 'columnar'
    CONIFER = 'conifer'
    BUSH = 'bush'


@dataclasses.dataclass(frozen=True, slots=True)
class Tree:
    """A tree at a place: it stands there every day, its leaves do not."""

    x_m: float
    y_m: float
    height_m: float
    crown_radius_m: float
    kind: TreeKind


class FixtureKind(enum.Enum):
    """Street furniture."""

    LAMP = 'lamp'
    SIGN = 'sign'
    TRAFFIC_LIGHT = 'traffic_light'
    BOLLARD = 'bollard'
    BENCH = 'bench'
    BIN = 'bin'
    BUS_SHELTER = 'bus_shelter'
    HEDGE = 'hedge'  # length_m long, centred
    FENCE = 'fence'  # length_m long, centred
    TUNNEL_ROOF = 'tunnel_roof'  # length_m long slab over a tunnel


@dataclasses.dataclass(frozen=True, slots=True)
class Fixture:
    """A thing that stands in the street; ``yaw_rad`` is where its front (or its length) points."""

    x_m: float
    y_m: float
    yaw_rad: float
    kind: FixtureKind
    length_m: float = 0.0
    width_m: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class ParkingSlot:
    """A place where a car may stand; ``yaw_rad`` is the way it faces."""

    x_m: float
    y_m: float
    yaw_rad: float


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where things are, from any source.

    Attributes:
        name: for reports and files.
        seed: of everything that dressing and drawing will choose.
        datum: origin of ``map``.
        bounds_m: (west, south, east, north) in ``map``; everything of interest lies inside.
        junctions_m: shape (n, 2); dead ends and street ends at the border count as junctions.
        streets: between those junctions.
        buildings: disjoint, none on a roadway.
        areas: squares, green, water, parking: not the roads, which dressing makes.
        trees: those that the source knows; dressing adds its own.
    """

    name: str
    seed: int
    datum: GeodeticPosition
    bounds_m: tuple[float, float, float, float]
    junctions_m: FloatArray
    streets: tuple[Street, ...]
    buildings: tuple[Building, ...]
    areas: tuple[Area, ...] = ()
    trees: tuple[Tree, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """A dressed layout: everything that stands on every day.

    Attributes:
        layout: streets, buildings and where they lie.
        areas: all ground, in the order of painting (later lies on top); outside of every area
            there is grass.
        trees: all of them.
        fixtures: street furniture.
        parking_slots: taken by other cars every day.
    """

    layout: Layout
    areas: tuple[Area, ...]
    trees: tuple[Tree, ...]
    fixtures: tuple[Fixture, ...]
    parking_slots: tuple[ParkingSlot, ...]
