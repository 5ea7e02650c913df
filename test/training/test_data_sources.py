# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by words of the command line."""

import painted_drives
import pytest

from geoloc_ros.errors import DriveError
from geoloc_training.data.sources import open_data


def test_places_of_one_name_and_other_imagery_are_refused(tmp_path):
    one, two = (
        painted_drives.write_place(tmp_path / name, ((1, 2), (2, 2)), seed)
        for seed, name in enumerate(('a', 'b'))
    )
    with pytest.raises(
        DriveError, match=r"two places are named 'painted': .*a/painted.*b/painted"
    ):
        open_data([str(one / 'day_1'), str(two / 'day_2')])
    days = [str(one / 'day_1'), str(tmp_path / 'b' / '..' / 'a' / 'painted' / 'day_2')]
    assert len(open_data(days).drives) == 2
