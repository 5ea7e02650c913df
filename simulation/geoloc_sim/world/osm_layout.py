# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""From an OpenStreetMap extract to a layout that can be dressed and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from geoloc_ros.errors import MapError, SettingError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.types import FloatArray, GeodeticPosition
from geoloc_sim.world.building_types import PlannedBuilding
from geoloc_sim.world.osm_areas import build_areas, build_trees, homes, industry
from geoloc_sim.world.osm_buildings import clear_of_streets, footprints, plan_buildings
from geoloc_sim.world.osm_infill import fill_plots
from geoloc_sim.world.osm_reader import OsmMap, read_osm
from geoloc_sim.world.osm_registration import fitted
from geoloc_sim.world.osm_rings import outlines
from geoloc_sim.world.osm_settings import OsmSettings
from geoloc_sim.world.osm_streets import Bounds, build_streets
from geoloc_sim.world.osm_tags import is_building
from geoloc_sim.world.osm_ways import footway_stretches, vehicle_stretches
from geoloc_sim.world.records import Building, Layout


def osm_layout(
    path: Path,
    settings: OsmSettings,
    seed: int,
    datum: GeodeticPosition | None = None,
    driven_m: FloatArray | None = None,
) -> Layout:
    """The town of an OpenStreetMap extract.

    Streets lie as mapped (their kinks rounded by less than half a metre), buildings stand where
    they are mapped, cut back from the roadways. What the map does not tell (widths, heights,
    roofs, houses where nobody has mapped any) follows from the seed.

    Args:
        path: .osm, .osm.bz2 or .osm.gz file.
        settings: bounds, and what to build.
        seed: of every guess.
        datum: origin of ``map``; the middle of the extract when ``None``.
        driven_m: positions of a recorded drive in ``map``, shape (n, 2); the map is bent by the
            few metres that bring its streets under it. As mapped when ``None``.

    Raises:
        MapError: the file cannot be read, or holds no street within the bounds.
        SettingError: the bounds are not four numbers in order, or the seed is negative.
    """
    osm_map = read_osm(path)
    origin = datum if datum is not None else osm_map.middle()
    places = osm_map.places_m(origin)
    vehicle = vehicle_stretches(osm_map, settings)
    if driven_m is not None:
        places, vehicle = fitted(places, vehicle, driven_m)
    bounds = _bounds(osm_map, settings, origin)
    box = shapely.box(*bounds)
    shapes = footprints(list(outlines(osm_map, places, is_building)), box)
    junctions, streets = build_streets(
        vehicle,
        footway_stretches(osm_map) if settings.footways else [],
        places,
        bounds,
        [footprint.polygon for footprint in shapes],
        seed,
    )
    if not streets:
        raise MapError(
            f'{path} has no street within {bounds} m about {origin}; expected highways there; '
            'check the datum and bounds_m'
        )
    shapes = clear_of_streets(shapes, streets)
    plans = plan_buildings(shapes, streets, industry(osm_map, places, box), seed)
    areas = build_areas(osm_map, places, box, seed)
    if settings.fill_plots:
        living = homes(osm_map, places, box)
        plans += fill_plots(streets, plans, areas, living, bounds, settings, seed)
    return Layout(
        name=path.name.split('.')[0],
        seed=seed,
        datum=origin,
        bounds_m=bounds,
        junctions_m=junctions,
        streets=streets,
        buildings=numbered(plans),
        areas=areas,
        trees=build_trees(osm_map, places, box, seed),
    )


def numbered(plans: list[PlannedBuilding]) -> tuple[Building, ...]:
    """Buildings with numbers in order."""
    return tuple(
        Building(
            number,
            plan.footprint,
            plan.eaves_height_m,
            plan.roof,
            plan.ridge_height_m,
            plan.storeys,
            plan.use,
        )
        for number, plan in enumerate(plans)
    )


def _bounds(osm_map: OsmMap, settings: OsmSettings, datum: GeodeticPosition) -> Bounds:
    """The bounds of the settings, else those of the file."""
    if settings.bounds_m:
        if len(settings.bounds_m) != 4 or not np.all(np.isfinite(settings.bounds_m)):
            raise SettingError(
                f'bounds_m is {settings.bounds_m}; expected west, south, east and north in '
                'metres, or nothing for the whole extract; bounds_around gives them'
            )
        west, south, east, north = settings.bounds_m
    else:
        s, w, n, e = osm_map.extent_deg()
        corners = Datum(datum).enu_from_geodetic_array(
            np.array([s, s, n, n]), np.array([w, e, w, e]), np.full(4, datum.alt_m)
        )
        (west, south), (east, north) = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    if not (west < east and south < north):
        raise SettingError(
            f'bounds_m {(west, south, east, north)} are out of order; expected west < east and '
            'south < north'
        )
    return float(west), float(south), float(east), float(north)
