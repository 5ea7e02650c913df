# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Simulated drives with known truth: streets, motion, GNSS and odometry errors, bags."""
