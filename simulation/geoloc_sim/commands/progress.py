# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Progress bars, and settings from words of the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
from typing import TypeAlias

from tqdm import tqdm

from geoloc_ros.errors import SettingError

SettingWord: TypeAlias = int | float | str | bool


@contextlib.contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told (done, total)."""
    with tqdm(unit=unit, desc=title, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


@contextlib.contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done and for how long; it is told each new step."""
    with tqdm(desc=title, bar_format='{desc} {elapsed}', disable=None) as bar:
        yield bar.set_description


def settings_of(words: Sequence[str]) -> dict[str, SettingWord]:
    """``NAME=VALUE`` words as a mapping.

    Raises:
        SettingError: a word is not of that form.
    """
    values: dict[str, SettingWord] = {}
    for word in words:
        name, separator, text = word.partition('=')
        if not separator or not name or not text:
            raise SettingError(
                f'--set has {word!r}; expected NAME=VALUE such as odometry.imu_rate_hz=50'
            )
        values[name] = _value(text)
    return values


def split_settings(
    values: Mapping[str, SettingWord], group: str
) -> tuple[dict[str, SettingWord], dict[str, SettingWord]]:
    """The values named ``group.NAME``, by NAME, and all others."""
    start = f'{group}.'
    inside = {name[len(start) :]: v for name, v in values.items() if name.startswith(start)}
    return inside, {name: v for name, v in values.items() if not name.startswith(start)}


def _value(text: str) -> SettingWord:
    if text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(text)
    return text
