"""Soft borders of regions that follow the picture: the guided filter (He, Sun & Tang 2013)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.guided import fit_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray

__all__ = ["guided_filter"]


def guided_filter(
    planes: NDArray[np.float32], guide: NDArray[np.float32], radius: int, epsilon: float
) -> NDArray[np.float32]:
    """Smooth planes, but not across the guide's edges (the paper's equations 5, 6 and 8).

    Args:
        planes: Shape (C, H, W).
        guide: Shape (H, W).
        radius: Windows are (2·radius + 1) pixels a side, cut at the border.
        epsilon: Variance of the guide, in its units squared, below which it has no edges.

    Returns:
        Float32, shape (C, H, W).
    """
    light, mean = guide.astype(np.float64), partial(_box_mean, radius=radius)
    slopes, offsets = fit_lines(planes.astype(np.float64), light, epsilon, mean)
    return (mean(slopes) * light + mean(offsets)).astype(np.float32)


def _box_mean(values: FloatArray, radius: int) -> FloatArray:
    """Average over the window around each pixel, of planes in the last two axes."""
    for axis in (-2, -1):
        values = _window_mean(values, radius, axis)
    return values


def _window_mean(values: FloatArray, radius: int, axis: int) -> FloatArray:
    count = values.shape[axis]
    first = np.maximum(np.arange(count) - radius, 0)
    behind = np.minimum(np.arange(count) + radius + 1, count)
    padding = [(0, 0)] * values.ndim
    padding[axis] = (1, 0)
    total = np.pad(values, padding).cumsum(axis=axis)
    sums = total.take(behind, axis=axis) - total.take(first, axis=axis)
    shape = [1] * values.ndim
    shape[axis] = count
    return sums / (behind - first).reshape(shape)
