# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Tells a ground vehicle where it is on Earth from a camera and phone-grade GPS."""

__version__ = '0.1.0'
