# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""A small descriptor network without weights: mean colours of a patch's parts."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np


@dataclasses.dataclass(frozen=True)
class ColourNetwork:
    """Describes a patch by the mean colours of parts x parts equal pieces, centred, of length 1.

    Attributes:
        parts: pieces a side; ``patch_size_px`` is a multiple of it.
        patch_size_m: side of a patch on the ground.
        patch_size_px: its rows, and columns.
        name: for people.
    """

    parts: int = 4
    patch_size_m: float = 40.0
    patch_size_px: int = 64
    name: str = 'mean colours'

    @property
    def sha256(self) -> str:
        """Of what decides the descriptor."""
        return hashlib.sha256(f'{self.parts} {self.patch_size_px}'.encode()).hexdigest()

    @property
    def descriptor_shape(self) -> tuple[int, ...]:
        """(rows, columns, colours)."""
        return (self.parts, self.parts, 3)

    def describe_reference(self, patches: np.ndarray) -> np.ndarray:
        """Descriptors (n, parts, parts, 3) of patches (n, s, s, 3)."""
        side = self.patch_size_px // self.parts
        pieces = patches.reshape(len(patches), self.parts, side, self.parts, side, 3)
        means = pieces.mean(axis=(2, 4), dtype=np.float32) - 127.5
        lengths = np.linalg.norm(means.reshape(len(patches), -1), axis=1)
        return (means / np.maximum(lengths, 1e-6)[:, None, None, None]).astype(np.float32)
