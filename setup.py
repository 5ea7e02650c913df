# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Packaging for colcon (ament_python) and pip; package.xml holds the version."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

PACKAGE = 'geoloc_ros'
HERE = Path(__file__).resolve().parent
SHARE = f'share/{PACKAGE}'


def manifest_text(tag: str) -> str:
    """The text of one top-level element of package.xml, on one line."""
    element = ElementTree.parse(HERE / 'package.xml').getroot().find(tag)
    if element is None or element.text is None:
        raise SystemExit(f'package.xml has no <{tag}>: the package cannot be built without it')
    return ' '.join(element.text.split())


def requirements(name: str) -> list[str]:
    """The requirement lines of requirements/<name>.txt without comments."""
    lines = (HERE / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    stripped = (line.split('#')[0].strip() for line in lines)
    return [line for line in stripped if line and not line.startswith('-')]


def shared_folder(folder: str) -> list[tuple[str, list[str]]]:
    """(install folder, files) pairs for every file below `folder`, keeping its layout."""
    places: dict[str, list[str]] = {}
    for path in sorted((HERE / folder).rglob('*')):
        if path.is_file() and path.suffix != '.pyc':
            relative = path.relative_to(HERE)
            places.setdefault(f'{SHARE}/{relative.parent}', []).append(str(relative))
    return list(places.items())


setup(
    name=PACKAGE,
    version=manifest_text('version'),
    description=manifest_text('description'),
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=manifest_text('maintainer'),
    maintainer=manifest_text('maintainer'),
    maintainer_email='maintainers@users.noreply.b-seed-b09d60e3.example',
    license='Apache-2.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        *shared_folder('launch'),
        *shared_folder('config'),
        *shared_folder('models'),
    ],
    python_requires='>=3.10',
    install_requires=['setuptools', *requirements('runtime')],
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'geoloc = geoloc_ros.cli.main:main',
            'particle_filter_node = geoloc_ros.nodes.particle_filter_node:main',
            'kalman_filter_node = geoloc_ros.nodes.kalman_filter_node:main',
            'cross_view_node = geoloc_ros.nodes.cross_view_node:main',
            'map_server_node = geoloc_ros.nodes.map_server_node:main',
            'replay_node = geoloc_ros.nodes.replay_node:main',
        ],
    },
)
