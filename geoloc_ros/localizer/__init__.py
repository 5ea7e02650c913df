# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Composes observations, motion and a filter; time is an argument, results are returned."""
