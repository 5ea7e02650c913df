# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Approximate time synchronisation: ``message_filters`` where installed, else our own module."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

#: Whether the distribution's own library is used.
USES_MESSAGE_FILTERS = importlib.util.find_spec('message_filters') is not None

if USES_MESSAGE_FILTERS and not TYPE_CHECKING:
    from message_filters import ApproximateTimeSynchronizer, Subscriber
else:
    from geoloc_ros.ros.message_filters_fallback import ApproximateTimeSynchronizer, Subscriber

__all__ = ['USES_MESSAGE_FILTERS', 'ApproximateTimeSynchronizer', 'Subscriber']
