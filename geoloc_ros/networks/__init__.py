# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Networks that describe ground images and aerial patches, and what runs them.

Only the modules that define or run torch networks import torch; contract, distances, cylinder and
the ONNX Runtime back end work without it.
"""
