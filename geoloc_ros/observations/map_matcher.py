# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Opens a map together with the network that made it, for the node and for the command line."""

from __future__ import annotations

from pathlib import Path

from geoloc_ros.errors import NetworkError
from geoloc_ros.map_store.descriptor_store import DescriptorStore
from geoloc_ros.networks.weights import (
    MANIFEST_NAME,
    Backend,
    load_network,
    models_folder,
    name_of,
    read_manifest,
)
from geoloc_ros.observations.cross_view import CrossViewMatcher
from geoloc_ros.observations.cross_view_settings import CrossViewSettings


def open_matcher(
    map_path: Path,
    weights: str,
    backend: Backend,
    settings: CrossViewSettings,
    *,
    provider: str = 'auto',
    threads: int = 0,
) -> CrossViewMatcher:
    """A matcher for a map.

    Args:
        map_path: folder of the map.
        weights: name or path; empty takes those of the manifest that made the map.
        backend: what runs the network.
        settings: where it looks and how it scores.
        provider: where the network runs.
        threads: of the network on a CPU; 0 takes half of the cores, at most 4.

    Raises:
        MapError: no such map, or one of other weights.
        NetworkError: the weights cannot be found or loaded.
    """
    store = DescriptorStore.open(map_path)
    name = weights or _weights_of(store)
    network = load_network(name, backend, provider=provider, threads=threads)
    return CrossViewMatcher(network, store, settings)


def _weights_of(store: DescriptorStore) -> str:
    entries = read_manifest(models_folder() / MANIFEST_NAME)
    name = name_of(store.record.network_sha256, entries)
    if name is not None:
        return name
    raise NetworkError(
        f'map {store.path} was built with {store.record.network_name} (sha256 '
        f'{store.record.network_sha256}), which is none of {", ".join(entries) or "(nothing)"} in '
        'the manifest; name the weights with --weights, or the parameter network.weights of a node'
    )
