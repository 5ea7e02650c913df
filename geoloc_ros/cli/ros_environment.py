# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The environment of nodes that a command starts: their own domain, on this machine only."""

from __future__ import annotations

from pathlib import Path
import random
import socket

import geoloc_ros
from geoloc_ros.errors import GeolocError
from geoloc_ros.ros.transport import transport_environment

# Domains above 100 would use UDP ports of the range that Linux hands out to anybody.
_DOMAINS = range(1, 101)


class RosEnvironmentError(GeolocError):
    """The machine lacks what the nodes need."""


def project_folder() -> Path:
    """The folder that holds the package: the project, for a checkout."""
    return Path(geoloc_ros.__file__).resolve().parent.parent


def ros_environment() -> dict[str, str]:
    """Environment variables for nodes that speak with nobody but one another.

    Raises:
        RosEnvironmentError: every ROS domain is taken.
        SettingError: the Fast DDS profile is not installed.
    """
    return {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(free_domain()),
        'PYTHONUNBUFFERED': '1',
        # One thread a process: pools of several processes would fight for the cores.
        'OPENBLAS_NUM_THREADS': '1',
        'OMP_NUM_THREADS': '1',
        **transport_environment(),
    }


def free_domain() -> int:
    """A ROS domain that nobody on this machine takes part in.

    Raises:
        RosEnvironmentError: there is none.
    """
    domains = list(_DOMAINS)
    random.SystemRandom().shuffle(domains)
    for domain in domains:
        if _is_free(domain):
            return domain
    raise RosEnvironmentError(
        f'no free ROS domain in {_DOMAINS.start} to {_DOMAINS.stop - 1}: end the ROS processes '
        'that hold them'
    )


def _is_free(domain: int) -> bool:
    """Whether the discovery ports of a domain are free (RTPS 2.5, section 9.6.2)."""
    first = 7400 + 250 * domain
    for port in (first, first + 10, first + 11):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', port))
            except OSError:
                return False
    return True
