# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that are whole or not there."""

import pytest

from geoloc_ros.errors import DriveError
from geoloc_sim.output_paths import new_folder, require_new, whole_file


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with new_folder(tmp_path / 'a/b') as part:
        (part / 'x').write_text('1')
        assert not (tmp_path / 'a/b').exists()
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['b']
    assert (tmp_path / 'a/b/x').read_text() == '1'


@pytest.mark.parametrize('stop', [KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_what_was_stopped(tmp_path, stop):
    (tmp_path / 'file').write_text('before')

    def stop_in_a_folder():
        with new_folder(tmp_path / 'folder') as part:
            (part / 'x').write_text('1')
            raise stop

    def stop_in_a_file():
        with whole_file(tmp_path / 'file') as part:
            part.write_text('half')
            raise stop

    with pytest.raises(stop):
        stop_in_a_folder()
    with pytest.raises(stop):
        stop_in_a_file()
    assert [path.name for path in tmp_path.iterdir()] == ['file']
    assert (tmp_path / 'file').read_text() == 'before'


def test_a_file_replaces_the_one_before_and_keeps_its_ending(tmp_path):
    (tmp_path / 'a.png').write_text('before')
    with whole_file(tmp_path / 'a.png') as part:
        assert part.suffix == '.png'
        part.write_text('after')
    assert (tmp_path / 'a.png').read_text() == 'after'
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_there_is_kept(tmp_path):
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'file').write_text('mine')
    for name in ('folder', 'file'):
        with pytest.raises(DriveError, match='exists already'):
            require_new(tmp_path / name)
        with pytest.raises(DriveError, match='exists already'), new_folder(tmp_path / name):
            pass
    with pytest.raises(DriveError, match='is a folder'), whole_file(tmp_path / 'folder'):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(DriveError, match='cannot be written'), whole_file(tmp_path / 'file/x'):
        pass
    with pytest.raises(DriveError, match='cannot be written'), new_folder(tmp_path / 'file/x'):
        pass
