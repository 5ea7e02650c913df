# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Gives each pytest process its own ROS domain, and keeps ROS tests out where ROS is not."""

from __future__ import annotations

import fcntl
import importlib.util
import os
from pathlib import Path
import random
import socket
import tempfile
from typing import IO

import pytest

# Domains above 100 would use UDP ports of the range that Linux hands out to anybody.
DOMAINS = range(1, 101)
ROS_FOLDERS = ('ros', 'nodes')
HAS_ROS = importlib.util.find_spec('rclpy') is not None

collect_ignore = [] if HAS_ROS else list(ROS_FOLDERS)

# Kept open for the life of the process: the lock goes with it, also when it is killed.
_held_lock: IO[str] | None = None


def _ports_are_free(domain: int) -> bool:
    """Whether nobody on this machine takes part in a domain (its discovery ports, RTPS 9.6.1)."""
    first = 7400 + 250 * domain
    for port in (first, first + 10, first + 11):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', port))
            except OSError:
                return False
    return True


def _claim(domain: int) -> IO[str] | None:
    """The open lock file of a domain that is ours now, or None when it is taken."""
    folder = Path(tempfile.gettempdir()) / f'geoloc_ros_domains_{os.getuid()}'
    folder.mkdir(exist_ok=True)
    handle = (folder / f'{domain}.lock').open('w')
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    if _ports_are_free(domain):
        return handle
    handle.close()
    return None


def claim_free_domain() -> tuple[int, IO[str]]:
    """A domain that no other process of this machine uses, with the lock that keeps it."""
    domains = list(DOMAINS)
    random.SystemRandom().shuffle(domains)
    for domain in domains:
        handle = _claim(domain)
        if handle is not None:
            return domain, handle
    raise RuntimeError(f'no free ROS domain in {DOMAINS}: end the ROS processes that hold them')


def pytest_configure(config: pytest.Config) -> None:
    """Set the domain of this process (an xdist worker or the only one) before rclpy starts."""
    global _held_lock
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    if HAS_ROS:
        domain, _held_lock = claim_free_domain()
        os.environ['ROS_DOMAIN_ID'] = str(domain)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies in the ROS folders, so that `-m 'not ros'` leaves it out."""
    here = Path(__file__).parent
    for item in items:
        if any(here / folder in item.path.parents for folder in ROS_FOLDERS):
            item.add_marker(pytest.mark.ros)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which domain is used, and which tests are left out for want of what they need."""
    lines = ['no rclpy here: test/ros and test/nodes are left out']
    if HAS_ROS:
        lines = [f'ROS domain: {os.environ["ROS_DOMAIN_ID"]} (discovery on this machine only)']
    if importlib.util.find_spec('torch') is None:
        lines.append('no torch here: test/training is left out')
    return lines
