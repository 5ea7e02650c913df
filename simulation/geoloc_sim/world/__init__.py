# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Worlds: streets, buildings, green and furniture, from a seed, OpenStreetMap or a city model."""
