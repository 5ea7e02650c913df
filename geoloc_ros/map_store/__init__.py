# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Imagery sources, the grid of cells, and the descriptors stored for each cell."""
