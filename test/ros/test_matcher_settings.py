# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The choices of a parameter are those of what it is handed to."""

from __future__ import annotations

import pytest

from geoloc_ros.networks.weights import BACKENDS
from geoloc_ros.ros.matcher_settings import NetworkSettings
from geoloc_ros.settings import specs

CHOICES = {spec.name: spec.info.choices for spec in specs(NetworkSettings)}


def test_backends_are_those_that_networks_are_loaded_with():
    assert CHOICES['backend'] == BACKENDS


def test_providers_are_those_that_networks_run_on():
    pytest.importorskip('onnxruntime', reason='its back end lists the providers')
    from geoloc_ros.networks import onnx_backend

    assert CHOICES['provider'] == ('auto', *onnx_backend._PROVIDERS)
