# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Machine code older than its sources is forgotten."""

import os

from geoloc_sim.rendering import compiled


def test_old_machine_code_is_forgotten_and_new_is_kept(tmp_path):
    old, new = tmp_path / 'old.nbi', tmp_path / 'new.nbi'
    for path in (old, new):
        path.write_bytes(b'')
    newest = compiled._newest_source()
    os.utime(old, (newest - 10.0, newest - 10.0))
    os.utime(new, (newest + 10.0, newest + 10.0))
    for path in (old, new, tmp_path / 'gone.nbi'):
        compiled._forget_if_old(path)
    assert not old.exists()
    assert new.exists()


def test_a_kernel_computes_what_the_function_does():
    @compiled.compiled
    def total(count: int) -> int:
        value = 0
        for k in range(count):
            value += k
        return value

    assert total(10) == 45
