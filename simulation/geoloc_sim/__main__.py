# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Lets ``python -m geoloc_sim`` run the command line."""

from geoloc_sim.cli import main

if __name__ == '__main__':
    raise SystemExit(main())
