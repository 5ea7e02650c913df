# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Remembers which steps of a set-up are done, so that it resumes and repeats in no time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import hashlib
import json
from pathlib import Path


def digest(files: Iterable[Path], *facts: str) -> str:
    """A short fingerprint of file contents and further facts."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    for fact in facts:
        total.update(fact.encode() + b'\0')
    return total.hexdigest()[:16]


class Stamp:
    """Finished steps of one environment, kept in a file inside it."""

    def __init__(self, venv: Path) -> None:
        self._path = venv / 'geoloc_setup.json'
        self._done = self._read()

    def _read(self) -> Mapping[str, str]:
        try:
            content = json.loads(self._path.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def has(self, step: str, fingerprint: str) -> bool:
        """Whether the step was finished with the same inputs."""
        return self._done.get(step) == fingerprint

    def record(self, step: str, fingerprint: str) -> None:
        """Note that the step is finished; written whole or not at all."""
        self._done = {**self._done, step: fingerprint}
        draft = self._path.with_suffix('.tmp')
        draft.write_text(json.dumps(self._done, indent=1), encoding='utf-8')
        draft.replace(self._path)
