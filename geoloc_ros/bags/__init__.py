# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Recorded drives: rosbag2 reading and writing, converters from data sets."""
