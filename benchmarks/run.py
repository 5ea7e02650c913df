# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Runs every benchmark in turn, each in a process of its own: ``make bench``.

BLAS is held to one thread, as the figures are for one core. Results go to benchmarks/results/.
"""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

HERE = Path(__file__).parent
BENCHMARKS = (
    'kalman_filter.py',
    'particle_filter.py',
    'kitti_00.py',
    'map_store.py',
    'networks.py',
    'scoring.py',
    'frame.py',
    'simulation_rendering.py',
    'simulation_aerial.py',
    'simulation_tricks.py',
)


def main() -> int:
    """Run them all; the number of those that failed is the exit status."""
    folders = [str(HERE.parent), str(HERE.parent / 'simulation')]
    environment = {
        **os.environ,
        'OPENBLAS_NUM_THREADS': '1',
        'OMP_NUM_THREADS': '1',
        'PYTHONPATH': os.pathsep.join([*folders, os.environ.get('PYTHONPATH', '')]),
    }
    failed = 0
    for name in BENCHMARKS:
        print(f'\n== {name}', flush=True)
        command = [sys.executable, f'benchmarks/{name}']
        failed += subprocess.run(command, cwd=HERE.parent, env=environment).returncode != 0
    return failed


if __name__ == '__main__':
    sys.exit(main())
