"""Making a photograph small by averaging blocks of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.photo.model import to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["block_mean"]


def block_mean(samples: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average blocks of factor × factor pixels; blocks at the bottom and right may be cut.

    Args:
        samples: Shape (H, W, C): uint8, uint16, or float32 in 0…1.
        factor: ≥ 1.

    Returns:
        Float32 in 0…1, shape (⌈H/factor⌉, ⌈W/factor⌉, C).
    """
    if factor == 1:
        return to_float(samples)
    rows = _mean_of_runs(samples, factor)
    means = _mean_of_runs(rows.swapaxes(0, 1), factor).swapaxes(0, 1)
    if samples.dtype.kind == "u":
        means /= np.float32(np.iinfo(samples.dtype).max)
    return means


def _mean_of_runs(values: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average runs of `factor` along the first axis, by adding whole slices."""
    whole = len(values) // factor * factor
    total = values[0:whole:factor].astype(np.float32)
    for offset in range(1, factor):
        total += values[offset:whole:factor]
    total /= factor
    if whole == len(values):
        return total
    rest = values[whole:].mean(axis=0, keepdims=True, dtype=np.float32)
    return np.concatenate([total, rest])
