# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""WGS-84: ECEF, ENU at a datum, UTM; headings and bearings."""
