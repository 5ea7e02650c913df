# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Nothing is left to be compiled when the first message comes."""

import subprocess
import sys

import pytest

PROGRAM = """
from geoloc_ros.filters import particle_kernels
from geoloc_ros.localizer.settings import KalmanLocalizerSettings, ParticleLocalizerSettings
from geoloc_ros.nodes.warm_up import warm_up
from geoloc_ros.observations.score_kernels import interpolated

warm_up(KalmanLocalizerSettings())
warm_up(ParticleLocalizerSettings())
print(len(interpolated.signatures), len(particle_kernels.propagate.signatures))
"""


def test_scores_and_steps_are_compiled():
    pytest.importorskip('numba', reason='numba is not installed')
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM], capture_output=True, text=True, timeout=120, check=True
    )
    assert [int(word) > 0 for word in done.stdout.split()] == [True, True]
