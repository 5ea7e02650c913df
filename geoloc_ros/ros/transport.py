# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Where the Fast DDS profile and the parameter files are; imports no ROS."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import sys

from geoloc_ros.errors import SettingError

PROFILE_NAME = 'fastdds_profile.xml'
#: Distributions whose Fast DDS knows the profile's variable by its old name only.
_OLD_NAMES = ('foxy', 'galactic', 'humble', 'iron', 'jazzy')


def config_file(name: str) -> Path:
    """A file of ``config/``, in the checkout or where the package was installed.

    Raises:
        SettingError: it is in neither place.
    """
    folders = [Path(__file__).resolve().parents[2] / 'config']
    prefixes = [*os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep), sys.prefix]
    folders += [Path(prefix) / 'share' / 'geoloc_ros' / 'config' for prefix in prefixes if prefix]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise SettingError(
        f'config file {name!r} is in none of {", ".join(str(folder) for folder in folders)}; '
        'install the package again (make setup, or colcon build)'
    )


def transport_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that make Fast DDS carry images between processes without loss.

    Args:
        environment: the one the nodes would start with, this process's when ``None``; a profile
            that the user has chosen there is kept.

    Returns:
        What to add to it; empty where the user has a profile of their own.

    Raises:
        SettingError: the profile is not installed.
    """
    given = os.environ if environment is None else environment
    names = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
    if any(given.get(name) for name in names):
        return {}
    name = names[1] if given.get('ROS_DISTRO', '') in _OLD_NAMES else names[0]
    return {name: str(config_file(PROFILE_NAME))}
