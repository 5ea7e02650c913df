# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Training needs torch; where there is none its tests are left out, and pytest says so."""

import importlib.util

HAS_TORCH = importlib.util.find_spec('torch') is not None

collect_ignore_glob = [] if HAS_TORCH else ['test_*.py']
