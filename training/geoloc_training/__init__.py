# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Training, evaluation and export of the networks of ``geoloc_ros``."""
