# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by words of the command line."""

import painted_drives
import pytest

from geoloc_ros.errors import DriveError
from geoloc_training.data.sources import open_data


def test_folders_are_not_split_and_their_places_not_mixed(tmp_path):
    one, two = (
        painted_drives.write_place(tmp_path / name, ((1, 2), (2, 2)), seed)
        for seed, name in enumerate(('a', 'b'))
    )
    with pytest.raises(
        DriveError, match=r"two places are named 'painted': .*a/painted.*b/painted"
    ):
        open_data([str(one / 'day_1'), str(two / 'day_2')])
    with pytest.raises(DriveError, match=r'day_1,.*day_2 holds no drives'):
        open_data([f'{one / "day_1"},{one / "day_2"}'])  # words of folders are one folder each
    comma = painted_drives.write_place(tmp_path / 'c,d', ((1, 2), (2, 2)))
    found = open_data([str(comma)])
    assert (len(found.drives), found.test_spacing_m) == (2, 5.0)
    days = [str(one / 'day_1'), str(tmp_path / 'b' / '..' / 'a' / 'painted' / 'day_2')]
    assert len(open_data(days).drives) == 2
