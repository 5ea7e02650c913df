# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The errors this package raises: one root, a child for each kind of trouble.

Every message says what was wrong, what was got, what was expected and what to do.
"""


class GeolocError(Exception):
    """Root of every error this package raises on purpose."""


class ShapeError(GeolocError):
    """An array argument has the wrong shape; the message holds both shapes."""


class SettingError(GeolocError):
    """A parameter is unknown, of the wrong type, or out of its range."""


class MeasurementError(GeolocError):
    """A measurement cannot be used as it is (NaN, absurd covariance, wrong frame)."""


class FrameError(GeolocError):
    """A transform between two frames is not known."""


class GeodesyError(GeolocError):
    """A coordinate is off the Earth or outside what its projection can represent."""


class FilterStateError(GeolocError):
    """A filter was used before it was initialised, or asked to go back in time."""


class DriveError(GeolocError):
    """A recorded drive (bag, KITTI folder, comma2k19 segment) cannot be read or written."""


class EvaluationError(GeolocError):
    """Trajectories cannot be compared (no common time span, too few samples)."""


class MapError(GeolocError):
    """A map or city model (OpenStreetMap, CityJSON, CityGML, Lanelet2) cannot be used."""


class NetworkError(GeolocError):
    """A network, its weights, its contract or what runs it cannot be used."""
