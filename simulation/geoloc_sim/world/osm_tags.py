# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""What the tags of streets and buildings mean.

Source: OpenStreetMap wiki, "Map features"; key ``osm_map_features``.
"""

from __future__ import annotations

from collections.abc import Mapping
import re

from geoloc_sim.world.records import AreaKind, BuildingUse, RoadClass, RoofKind

Tags = Mapping[str, str]

ROAD_CLASSES: dict[str, RoadClass] = {
    'motorway': RoadClass.PRIMARY,
    'motorway_link': RoadClass.SECONDARY,
    'trunk': RoadClass.PRIMARY,
    'trunk_link': RoadClass.SECONDARY,
    'primary': RoadClass.PRIMARY,
    'primary_link': RoadClass.SECONDARY,
    'secondary': RoadClass.SECONDARY,
    'secondary_link': RoadClass.SECONDARY,
    'tertiary': RoadClass.SECONDARY,
    'tertiary_link': RoadClass.RESIDENTIAL,
    'unclassified': RoadClass.RESIDENTIAL,
    'residential': RoadClass.RESIDENTIAL,
    'living_street': RoadClass.RESIDENTIAL,
    'road': RoadClass.RESIDENTIAL,
    'service': RoadClass.SERVICE,
    'footway': RoadClass.FOOTWAY,
    'path': RoadClass.FOOTWAY,
    'cycleway': RoadClass.FOOTWAY,
    'pedestrian': RoadClass.FOOTWAY,
    'steps': RoadClass.FOOTWAY,
    'bridleway': RoadClass.FOOTWAY,
    'track': RoadClass.FOOTWAY,
}

#: Roads with the carriageways apart, where a way without ``oneway`` is driven one way.
_DIVIDED = ('motorway', 'motorway_link')

ROOFS: dict[str, RoofKind] = {
    'flat': RoofKind.FLAT,
    'gabled': RoofKind.GABLE,
    'pitched': RoofKind.GABLE,
    'saltbox': RoofKind.GABLE,
    'gambrel': RoofKind.GABLE,
    'hipped': RoofKind.HIP,
    'half-hipped': RoofKind.HIP,
    'mansard': RoofKind.HIP,
    'pyramidal': RoofKind.HIP,
    'skillion': RoofKind.SHED,
    'lean_to': RoofKind.SHED,
}

_USES: dict[str, BuildingUse] = {
    'house': BuildingUse.HOUSE,
    'detached': BuildingUse.HOUSE,
    'semidetached_house': BuildingUse.HOUSE,
    'semi': BuildingUse.HOUSE,
    'terrace': BuildingUse.HOUSE,
    'bungalow': BuildingUse.HOUSE,
    'farm': BuildingUse.HOUSE,
    'apartments': BuildingUse.APARTMENTS,
    'residential': BuildingUse.APARTMENTS,
    'dormitory': BuildingUse.APARTMENTS,
    'commercial': BuildingUse.OFFICE,
    'office': BuildingUse.OFFICE,
    'school': BuildingUse.OFFICE,
    'public': BuildingUse.OFFICE,
    'civic': BuildingUse.OFFICE,
    'hospital': BuildingUse.OFFICE,
    'hotel': BuildingUse.OFFICE,
    'university': BuildingUse.OFFICE,
    'train_station': BuildingUse.OFFICE,
    'kindergarten': BuildingUse.OFFICE,
    'retail': BuildingUse.SHOPS,
    'supermarket': BuildingUse.INDUSTRIAL,
    'industrial': BuildingUse.INDUSTRIAL,
    'warehouse': BuildingUse.INDUSTRIAL,
    'hangar': BuildingUse.INDUSTRIAL,
    'barn': BuildingUse.INDUSTRIAL,
    'farm_auxiliary': BuildingUse.INDUSTRIAL,
    'greenhouse': BuildingUse.INDUSTRIAL,
    'garage': BuildingUse.GARAGE,
    'garages': BuildingUse.GARAGE,
    'carport': BuildingUse.GARAGE,
    'shed': BuildingUse.GARAGE,
    'hut': BuildingUse.GARAGE,
    'roof': BuildingUse.GARAGE,
    'church': BuildingUse.CHURCH,
    'cathedral': BuildingUse.CHURCH,
    'chapel': BuildingUse.CHURCH,
}

_AMENITY_USES: dict[str, BuildingUse] = {
    'place_of_worship': BuildingUse.CHURCH,
    'school': BuildingUse.OFFICE,
    'kindergarten': BuildingUse.OFFICE,
    'hospital': BuildingUse.OFFICE,
    'university': BuildingUse.OFFICE,
    'townhall': BuildingUse.OFFICE,
    'public_building': BuildingUse.OFFICE,
    'library': BuildingUse.OFFICE,
    'theatre': BuildingUse.OFFICE,
}

#: Ground by key and value, painted in this order: what comes later lies on top.
GROUND: tuple[tuple[str, frozenset[str], AreaKind], ...] = (
    ('landuse', frozenset({'forest', 'meadow', 'grass', 'village_green'}), AreaKind.GRASS),
    (
        'landuse',
        frozenset({'recreation_ground', 'cemetery', 'orchard', 'allotments'}),
        AreaKind.GRASS,
    ),
    ('natural', frozenset({'wood', 'scrub', 'grassland', 'heath'}), AreaKind.GRASS),
    ('leisure', frozenset({'park', 'garden', 'common'}), AreaKind.GRASS),
    ('landuse', frozenset({'farm', 'farmland', 'vineyard'}), AreaKind.SOIL),
    ('landuse', frozenset({'railway', 'construction', 'brownfield', 'quarry'}), AreaKind.SOIL),
    ('natural', frozenset({'sand', 'beach', 'bare_rock', 'mud'}), AreaKind.SOIL),
    ('natural', frozenset({'water'}), AreaKind.WATER),
    ('landuse', frozenset({'reservoir', 'basin'}), AreaKind.WATER),
    ('waterway', frozenset({'riverbank', 'dock'}), AreaKind.WATER),
    ('leisure', frozenset({'pitch', 'playground', 'track'}), AreaKind.SOIL),
    ('leisure', frozenset({'swimming_pool'}), AreaKind.WATER),
    ('amenity', frozenset({'swimming_pool', 'fountain'}), AreaKind.WATER),
    ('place', frozenset({'square'}), AreaKind.SQUARE),
    ('highway', frozenset({'pedestrian', 'footway'}), AreaKind.SQUARE),
    ('amenity', frozenset({'parking'}), AreaKind.PARKING),
)

#: Width of running water without a ``width``, metres.
WATERWAYS_M: dict[str, float] = {
    'river': 12.0,
    'canal': 10.0,
    'stream': 2.5,
    'brook': 2.0,
    'ditch': 1.2,
    'drain': 1.2,
}

_LENGTH = re.compile(r'^\s*(\d+(?:[.,]\d+)?)\s*(m|metres|meters|km|ft|mi)?\s*$')
_FEET = re.compile(r"^\s*(\d+)\s*'\s*(?:(\d+)\s*\")?\s*$")
_UNITS_M = {'m': 1.0, 'metres': 1.0, 'meters': 1.0, 'km': 1000.0, 'ft': 0.3048, 'mi': 1609.344}


def metres(tags: Tags, key: str) -> float | None:
    """A length tag in metres ("3.5", "3,5 m", "12 ft", 11'4"); ``None`` if absent or no length."""
    value = tags.get(key, '')
    found = _LENGTH.match(value)
    if found:
        return float(found[1].replace(',', '.')) * _UNITS_M[found[2] or 'm']
    found = _FEET.match(value)
    if found:
        return 0.3048 * (int(found[1]) + int(found[2] or 0) / 12.0)
    return None


def count(tags: Tags, key: str) -> float | None:
    """A number tag such as lanes or building:levels; ``None`` if absent or no number."""
    try:
        number = float(tags.get(key, '').replace(',', '.'))
    except ValueError:
        return None
    return number if 0.0 < number < 200.0 else None


def direction(tags: Tags) -> int:
    """1 where a way is driven from its first node to its last only, -1 the other way, else 0."""
    value = tags.get('oneway', '')
    if value in ('yes', 'true', '1'):
        return 1
    if value in ('-1', 'reverse'):
        return -1
    divided = tags.get('highway') in _DIVIDED or tags.get('junction') == 'roundabout'
    return int(divided and value not in ('no', 'false', '0'))


def is_area(tags: Tags) -> bool:
    """A closed way with these tags is its inside, not its line."""
    if tags.get('area') in ('yes', 'true', '1'):
        return True
    if tags.get('area') in ('no', 'false', '0') or 'highway' in tags or 'barrier' in tags:
        return False
    return any(key in tags for key in ('landuse', 'natural', 'leisure', 'amenity', 'place')) or (
        tags.get('waterway') in ('riverbank', 'dock')
    )


def is_building(tags: Tags) -> bool:
    """Something with walls that stands on the ground."""
    if tags.get('building', 'no') in ('no', 'roof') or tags.get('location') == 'underground':
        return False
    return (count(tags, 'building:min_level') or 0.0) <= 0.0


def building_use(tags: Tags) -> BuildingUse | None:
    """What a building is for, ``None`` where its tags do not say."""
    use = _USES.get(tags['building']) or _AMENITY_USES.get(tags.get('amenity', ''))
    if use is None and ('shop' in tags or tags.get('amenity') in ('restaurant', 'bank', 'cafe')):
        return BuildingUse.SHOPS
    return use
