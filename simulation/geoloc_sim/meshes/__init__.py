# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Triangles with surfaces: what a world looks like on a day, before light falls on it."""
