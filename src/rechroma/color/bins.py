"""Bins of the (a, b) plane, on a grid of 10 units: those whose cell sRGB reaches into.

After Zhang, Isola & Efros (ECCV 2016, section 2.2), who count 313; of sRGB's cube at D65 it is 261.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color.lab import rgb_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "GRID", "bin_centers"]

GRID = 10
# How many `bin_centers` finds, which takes a quarter of a second: as long as colorizing does.
BINS = 261


@lru_cache(maxsize=1)
def bin_centers() -> NDArray[np.float32]:
    """Return the centers (a, b) of the bins that sRGB reaches, shape (Q, 2), sorted.

    The six faces of the RGB cube are enough: from any color inside, a walk along L at fixed a and
    b ends on a face.
    """
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    first, second = np.meshgrid(levels, levels, indexing="ij")
    cells: set[tuple[int, int]] = set()
    for channel in range(3):
        for end in (0.0, 1.0):
            face = np.insert(np.stack([first, second], axis=-1), channel, end, axis=-1)
            nearest = np.round(rgb_to_lab(face)[..., 1:] / GRID).astype(int).reshape(-1, 2)
            cells.update(map(tuple, np.unique(nearest, axis=0).tolist()))
    return np.array(sorted(cells), dtype=np.float32) * GRID
