"""Filling scratches from what is on both sides of them.

Each pixel looks along lines in several directions for the nearest known pixels on both sides. A
pair that is near and whose two values are alike tells most: so an edge that a scratch crosses goes
on through it. OpenCV has two classical methods (Telea 2004, Bertalmio et al. 2001); it takes
153 MB, and scratches are thin enough for this one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.photo.samples import is_one_channel, quantize, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]

__all__ = ["inpainted"]

_DIRECTIONS = 12
# A difference of two sides that is noise, of the whole range.
_NOISE = 0.02


def inpainted(samples: NDArray[Any], mask: Mask) -> NDArray[Any]:
    """Return samples whose masked pixels are filled; all others are as they were, bit for bit.

    Args:
        samples: uint8, uint16, or float32 in 0…1, shape (H, W, 3). Channels that share their memory
            do so in the result.
        mask: Shape (H, W).
    """
    if not mask.any() or mask.all():
        return samples
    one = is_one_channel(samples)
    result = (samples[..., :1] if one else samples).copy()
    open_ = mask.copy()
    # A pixel that sees nothing known in any direction waits for its neighbors.
    while open_.any():
        rows, columns, values = _filled(result, open_)
        result[rows, columns] = quantize(values, samples.dtype)
        open_[rows, columns] = False
    return np.broadcast_to(result, samples.shape) if one else result


def _filled(known: NDArray[Any], mask: Mask) -> tuple[Places, Places, NDArray[np.float32]]:
    """Return rows, columns and values of the masked pixels that see known ones."""
    rows, columns = np.nonzero(mask)
    total = np.zeros((len(rows), known.shape[2]))
    weights = np.zeros((len(rows), 1))
    for number in range(_DIRECTIONS):
        turn = math.pi * number / _DIRECTIONS
        step = math.sin(turn), math.cos(turn)
        before, after = (
            _nearest(mask, rows, columns, (sign * step[0], sign * step[1])) for sign in (-1, 1)
        )
        value, weight = _between(known, before, after)
        total += weight * value
        weights += weight
    seen = weights[:, 0] > 0
    values = (total[seen] / weights[seen]).astype(np.float32)
    return rows[seen], columns[seen], values


def _nearest(
    mask: Mask, rows: Places, columns: Places, step: tuple[float, float]
) -> tuple[Places, Places, NDArray[np.float64]]:
    """Return where the first unmasked pixels in a direction are, and how far away.

    The distance is infinite where the picture ends before.
    """
    found_rows, found_columns = rows.copy(), columns.copy()
    distance = np.full(len(rows), np.inf)
    open_ = np.arange(len(rows))
    for count in range(1, math.ceil(math.hypot(*mask.shape)) + 1):
        y = rows[open_] + round(step[0] * count)
        x = columns[open_] + round(step[1] * count)
        inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
        open_, y, x = open_[inside], y[inside], x[inside]
        ends = ~mask[y, x]
        found_rows[open_[ends]], found_columns[open_[ends]] = y[ends], x[ends]
        distance[open_[ends]] = count
        open_ = open_[~ends]
        if not len(open_):
            break
    return found_rows, found_columns, distance


def _between(
    samples: NDArray[Any],
    before: tuple[Places, Places, NDArray[np.float64]],
    after: tuple[Places, Places, NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what two sides say about what is between them, and how much that counts."""
    first, second = (
        to_float(samples[each[0], each[1]]).astype(np.float64) for each in (before, after)
    )
    near, far = before[2][:, None], after[2][:, None]
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(near) & np.isinf(far), 0.5, near / (near + far))
    # One side alone, where the other is outside of the picture.
    share = np.where(np.isinf(near) & ~np.isinf(far), 1.0, np.where(np.isinf(far), 0.0, share))
    value = first + share * (second - first)
    both = ~(np.isinf(near) | np.isinf(far))
    step = np.where(both, np.abs(second - first).mean(axis=1, keepdims=True), 1.0)
    length = np.where(both, near + far, 4 * np.minimum(near, far))
    return value, 1 / (length**2 * (step + _NOISE) ** 2)
