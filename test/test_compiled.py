# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from geoloc_ros.compiled import compiled


def made_without_a_file(body):
    space: dict[str, object] = {}
    exec(body, space)  # no file, so numba refuses to cache it
    return space['f']


@pytest.mark.parametrize('decorate', [compiled, compiled(fastmath=True)])
def test_it_compiles_where_no_cache_can_be_written(decorate):
    pytest.importorskip('numba')
    twice = decorate(made_without_a_file('def f(x):\n    return 2.0 * x'))
    assert twice(1.5) == 3.0
    assert twice.signatures  # compiled indeed


def test_fastmath_leaves_nan_and_infinity_alone():
    body = 'import math\ndef f(x):\n    return math.isnan(x), x - x, 1.0 / x'
    strange = compiled(fastmath=True)(made_without_a_file(body))
    assert strange(np.nan)[0]
    assert np.isnan(strange(np.inf)[1])
    assert strange(0.0)[2] == np.inf


def test_without_numba_functions_stay_as_they_are():
    code = (
        'import sys; sys.modules["numba"] = None\n'
        'from geoloc_ros.compiled import COMPILED, compiled\n'
        'f = lambda x: x\n'
        'print(COMPILED, compiled(f) is f, compiled(fastmath=True)(f) is f)\n'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ['False', 'True', 'True']
