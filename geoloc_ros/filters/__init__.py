# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Particle and Kalman filters, motion integration, gating, the delay buffer."""
