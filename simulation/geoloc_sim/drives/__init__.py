# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Drives through a rendered city: lanes, sky view, GNSS, traffic, images, panoramas."""
