# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Compares a camera picture with the cells of a map around the vehicle.

Source: Xia, Booij, Manfredi and Kooij, 2021, section III-D; key xia2021 in docs/references.bib.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from geoloc_ros.errors import MapError, NetworkError
from geoloc_ros.geodesy.datum import Datum
from geoloc_ros.geodesy.headings import true_north_yaw_rad
from geoloc_ros.geometry.angles import wrap_angle
from geoloc_ros.geometry.se3 import Pose3
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.map_store.tile_grid import GridWindow
from geoloc_ros.networks.contract import DescriptorNetwork
from geoloc_ros.networks.cylinder import Camera, Cylinder
from geoloc_ros.networks.weights import MANIFEST_NAME, models_folder, name_of, read_manifest
from geoloc_ros.observations.calibration import Calibration, read_calibration
from geoloc_ros.observations.cross_view_settings import CrossViewSettings
from geoloc_ros.observations.search_area import SearchCircle
from geoloc_ros.types import FloatArray, ScoreLattice

ImageU8 = npt.NDArray[np.uint8]

#: A heading less certain than this does not say where a camera before the axle is.
_YAW_SIGMA_FOR_LEVER_RAD = 0.5
#: Axes of the level optical frame that looks ahead (right, down, ahead) as columns in the body.
_BASE_FROM_FORWARD = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """What a picture matches.

    Attributes:
        lattice: the scores.
        best: x (m) and y (m) of the camera at the best cell, and its yaw (rad, NaN if none).
        coverage: share of the cells the circle touches for which the map has data.
        entropy_bits: of the scores as a probability over cells; that of a flat field is log2 n.
    """

    lattice: ScoreLattice
    best: tuple[float, float, float]
    coverage: float
    entropy_bits: float


class GroundCamera:
    """A camera on the vehicle: makes the picture that a network looks at.

    Args:
        camera: its intrinsics.
        base_from_optical: where it sits.
        network: what looks.
    """

    def __init__(
        self, camera: Camera, base_from_optical: Pose3, network: DescriptorNetwork
    ) -> None:
        rotation = base_from_optical.rotation().T @ _BASE_FROM_FORWARD
        self.camera = camera
        self.base_from_optical = base_from_optical
        self._cylinder = Cylinder(camera, network.contract, rotation)

    @property
    def place_m(self) -> tuple[float, float]:
        """(forward, left) of ``base_link``."""
        forward, left = self.base_from_optical.translation_m[:2]
        return float(forward), float(left)

    @property
    def seen_share(self) -> float:
        """Share of the network's picture that the camera sees."""
        return self._cylinder.seen_share

    @property
    def reduction(self) -> int:
        """Greatest factor by which images may be decoded smaller: it is averaged out anyway."""
        return self._cylinder.reduction

    def picture(self, image_rgb_u8: ImageU8, reduction: int = 1) -> ImageU8:
        """The network's picture of a camera image of shape (height, width, 3).

        Args:
            image_rgb_u8: whole, or its size divided by ``reduction`` and rounded up.
            reduction: 1 or ``self.reduction``.
        """
        return self._cylinder(image_rgb_u8, reduction)


class CrossViewMatcher:
    """Scores pictures against a map.

    Args:
        network: describes pictures; the one that made the map.
        store: the map.
        settings: where it looks, and the temperature.
        source: name of what it makes.

    Raises:
        MapError: the map was built with other weights, or for another kind of heading.
    """

    def __init__(
        self,
        network: DescriptorNetwork,
        store: DescriptorStore,
        settings: CrossViewSettings,
        source: str = 'cross_view/scores',
    ) -> None:
        self.network = network
        self.store = store
        self.source = source
        self._settings = settings
        _check_map(network, store)
        self.calibration = _usable(read_calibration(store.path), network, settings)
        self._temperature = self._stated_temperature() * settings.temperature_factor

    @property
    def temperature(self) -> float:
        """Log-likelihood is minus the distance over this."""
        return self._temperature

    @property
    def is_calibrated(self) -> bool:
        """Whether these weights' scores are known to be likelihoods on pictures like these.

        What a drive has shown counts; without one, what the weights were trained on.
        """
        if self.calibration is not None:
            return self.calibration.is_good
        return self.network.domain == self._settings.input_domain

    def _stated_temperature(self) -> float:
        if self._settings.temperature > 0.0:
            return self._settings.temperature
        if self.calibration is not None:
            return self.calibration.temperature
        return self.network.contract.distance_scale

    def warm_up(self) -> None:
        """Compare a black picture with a made-up cell: all is then loaded and compiled."""
        contract = self.network.contract
        black = np.zeros((1, contract.ground_height_px, contract.ground_width_px, 3), np.uint8)
        cell = np.zeros((1, *contract.descriptor_shape), np.float32)
        cell.flags.writeable = False  # as those of the map
        self.network.distances(self.network.describe_ground(black)[0], cell)

    def match(
        self,
        picture: ImageU8,
        stamp_ns: int,
        circle: SearchCircle,
        datum: Datum,
        camera_place_m: tuple[float, float] = (0.0, 0.0),
    ) -> Match | None:
        """Compare a picture with every cell that touches a circle.

        The whole block of cells about the circle is scored: its corners cost little and say where
        the truth is not.

        Args:
            picture: as the network wants it, shape (height, width, 3).
            stamp_ns: when it was taken.
            circle: where to look.
            datum: origin of ``map``.
            camera_place_m: of the camera in ``base_link``, (forward, left).

        Returns:
            ``None`` where the map has no data within the circle.
        """
        window = self.window(circle, datum)
        if window is None:
            return None
        distances, has_data = self.distances(picture, window)
        if not has_data.any() or has_data.size < 2:
            return None
        lattice = self._lattice(stamp_ns, window, distances, datum, circle, camera_place_m)
        touched = window.touched
        return Match(
            lattice,
            _best(window, lattice),
            float(np.count_nonzero(has_data & touched) / np.count_nonzero(touched)),
            entropy_bits(lattice.log_likelihood),
        )

    def window(self, circle: SearchCircle, datum: Datum) -> GridWindow | None:
        """The cells about a circle, never one alone inside the map; ``None`` off the map."""
        grid = self.store.grid
        radius_m = max(circle.radius_m, grid.spacing_m)  # one cell alone compares with nothing
        return grid.window(datum, circle.x_m, circle.y_m, radius_m, self.store.record.datum.alt_m)

    def distances(
        self, picture: ImageU8, window: GridWindow
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Distance of a picture to each heading and cell of a window, and which have data.

        Returns:
            shape (n_yaw, ny, nx), NaN without data; and shape (ny, nx).
        """
        ny, nx = window.ny, window.nx
        read = self.store.read_window(window.ix0, window.iy0, nx, ny)
        ground = self.network.describe_ground(picture[None])[0]
        shape = self.network.contract.descriptor_shape
        references = read.descriptors.reshape(-1, *shape)
        values = self.network.distances(ground, references).reshape(ny * nx, -1)
        by_heading = values.T.reshape(-1, ny, nx).copy()
        if not read.has_data.all():
            by_heading[:, ~read.has_data] = np.nan
        return by_heading, read.has_data

    def yaws_rad(self, window: GridWindow, datum: Datum) -> FloatArray:
        """Heading in ``map`` of each layer of ``distances``; empty where there is one only."""
        contract = self.network.contract
        yaws = contract.yaws_rad
        if contract.heading == 'aligned' and len(self.store.record.yaws_rad) > 1:
            yaws = np.array(self.store.record.yaws_rad)
        if not len(yaws):
            return yaws
        x_m, y_m = (np.einsum('ijk->k', window.enu_m) / window.touched.size).tolist()
        place = datum.geodetic_at_altitude(x_m, y_m, datum.origin.alt_m)
        return np.asarray(wrap_angle(yaws + true_north_yaw_rad(datum, place)))

    def _lattice(
        self,
        stamp_ns: int,
        window: GridWindow,
        distances: npt.NDArray[np.float32],
        datum: Datum,
        circle: SearchCircle,
        camera_place_m: tuple[float, float],
    ) -> ScoreLattice:
        yaws = self.yaws_rad(window, datum)
        x_m, y_m = window.origin_m
        forward_m, left_m = camera_place_m
        if not len(yaws):  # the body is where the believed heading says, or nobody knows
            if circle.yaw_rad is not None and circle.yaw_sigma_rad < _YAW_SIGMA_FOR_LEVER_RAD:
                cosine, sine = math.cos(circle.yaw_rad), math.sin(circle.yaw_rad)
                x_m -= cosine * forward_m - sine * left_m
                y_m -= sine * forward_m + cosine * left_m
            forward_m = left_m = 0.0
        return ScoreLattice(
            stamp_ns=stamp_ns,
            source=self.source,
            origin_x_m=x_m,
            origin_y_m=y_m,
            rotation_rad=window.rotation_rad,
            spacing_m=window.spacing_m,
            yaws_rad=yaws,
            log_likelihood=(-distances / np.float32(self.temperature)).astype(np.float32),
            calibrated=self.is_calibrated,
            sensor_forward_m=forward_m,
            sensor_left_m=left_m,
        )


def entropy_bits(log_likelihood: npt.NDArray[np.float32]) -> float:
    """Entropy of scores as a probability over the cells (and headings) with data."""
    finite = np.isfinite(log_likelihood)
    known = log_likelihood.ravel() if finite.all() else log_likelihood[finite]
    scores = known.astype(np.float64)
    scores -= scores.max()
    weights = np.exp(scores)
    total = float(weights.sum())
    # -sum p log p with p = w / total and log w = the score
    return (math.log(total) - float(weights @ scores) / total) / math.log(2.0)


def _best(window: GridWindow, lattice: ScoreLattice) -> tuple[float, float, float]:
    scores = lattice.log_likelihood
    place = int(np.argmax(scores))  # the first NaN, where there is one
    if math.isnan(scores.flat[place]):
        place = int(np.nanargmax(scores))
    layer, row, column = np.unravel_index(place, scores.shape)
    x_m, y_m = window.enu_m[row, column]
    yaw_rad = float(lattice.yaws_rad[layer]) if len(lattice.yaws_rad) else math.nan
    return float(x_m), float(y_m), yaw_rad


def _check_map(network: DescriptorNetwork, store: DescriptorStore) -> None:
    record, contract = store.record, network.contract
    if record.network_sha256 != network.sha256:
        made = _weights(record.network_name, record.network_sha256)
        alike = record.network_name == contract.name
        raise MapError(
            f'map {store.path} was built with {made}, not with '
            f'{_weights(contract.name, network.sha256)}; '
            + (f'both are of architecture {contract.name}, but trained apart, and ' * alike)
            + 'their descriptors cannot be compared; load those weights, or build the map again'
        )
    per_cell = (
        (len(record.yaws_rad), *contract.descriptor_shape)
        if len(record.yaws_rad) > 1
        else contract.descriptor_shape
    )
    if record.descriptor_shape != tuple(per_cell):
        raise MapError(
            f'map {store.path} holds descriptors {record.descriptor_shape}; expected {per_cell} '
            f'of {contract.name}; build it again'
        )


def _weights(architecture: str, sha256: str) -> str:
    """Weights in words, by the name that the manifest has for them."""
    try:
        entries = read_manifest(models_folder() / MANIFEST_NAME)
    except NetworkError:
        entries = {}
    name = name_of(sha256, entries)
    known = 'weights that the manifest does not know' if name is None else f'the weights {name}'
    return f'{known} (architecture {architecture}, sha256 {sha256})'


def _usable(
    calibration: Calibration | None, network: DescriptorNetwork, settings: CrossViewSettings
) -> Calibration | None:
    """A calibration of these weights on pictures of this domain."""
    if calibration is None or calibration.network_sha256 != network.sha256:
        return None
    return calibration if calibration.domain == settings.input_domain else None
