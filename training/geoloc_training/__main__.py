# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""``python -m geoloc_training``."""

import sys

from geoloc_training.cli import main

if __name__ == '__main__':
    sys.exit(main())
