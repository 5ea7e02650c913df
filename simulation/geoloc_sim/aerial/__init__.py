# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Aerial images of a world: orthophotos, GeoTIFF, MBTiles and XYZ tiles."""
