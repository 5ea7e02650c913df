# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Keeps thread pools from fighting; imported before numpy by the nodes that run networks.

BLAS, OpenCV and the network's runtime each start a thread a core. On two cores the slowest frame
in a hundred then takes seven times as long as with one BLAS thread.
"""

from __future__ import annotations

import os

for _name in ('OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'BLIS_NUM_THREADS'):
    os.environ.setdefault(_name, '1')
