# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Each pytest process has a ROS domain of its own."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import socket
import subprocess
import sys

import pytest

CONFTEST = Path(__file__).with_name('conftest.py')


@pytest.fixture(scope='module')
def domains():
    spec = importlib.util.spec_from_file_location('domain_claims', CONFTEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_claims_get_two_domains(domains):
    first, first_lock = domains.claim_free_domain()
    second, second_lock = domains.claim_free_domain()
    with first_lock, second_lock:
        assert first != second
        assert domains._claim(first) is None


def test_a_domain_that_another_process_uses_is_passed_over(domains):
    number, lock = domains.claim_free_domain()
    lock.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(('', 7400 + 250 * number))
        assert domains._claim(number) is None
    freed = domains._claim(number)
    assert freed is not None
    freed.close()


def test_a_killed_process_gives_its_domain_back(domains):
    code = (
        'import importlib.util, time\n'
        f'spec = importlib.util.spec_from_file_location("claims", {str(CONFTEST)!r})\n'
        'module = importlib.util.module_from_spec(spec)\n'
        'spec.loader.exec_module(module)\n'
        'number, lock = module.claim_free_domain()\n'
        'print(number, flush=True)\n'
        'time.sleep(60)\n'
    )
    with subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, text=True
    ) as child:
        number = int(child.stdout.readline())
        held = domains._claim(number)
        child.kill()
    assert held is None
    with domains._claim(number) as lock:
        assert lock is not None


@pytest.mark.ros
def test_this_process_has_a_domain_and_stays_on_the_machine():
    assert 1 <= int(os.environ['ROS_DOMAIN_ID']) <= 100
    assert os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
