"""Blotches: what is even in the truth and uneven in an answer.

A wall that runs from brown to blue costs little in PSNR, and is the first thing that people see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Unevenness", "even_regions", "splits", "spread", "unevenness"]

# Neighbors are of one region if their (a, b) differ by less. A region that is too wide, as by a
# chain of small steps, is cut again by the next of these.
_LINKS = (2.0, 1.0, 0.5)
# How far the (a, b) of an even region lie from their mean at most, root mean square.
_MOST_SPREAD = 3.0
# Of the picture.
_SMALLEST_SHARE = 0.02
# Two parts of a region have two colors if each is at least a fifth of it, and their means differ by
# as much as a step of the colors' bins.
_SMALLEST_PART = 0.2
_TWO_COLORS = 10.0


class Unevenness(NamedTuple):
    """Sums over the even regions of a picture's truth.

    Attributes:
        regions: How many there are.
        spread: Of the answer's chroma in each, summed up, units of CIELAB.
        spread_truth: The same, of the truth's.
        split: In how many the answer has two colors.
    """

    regions: int
    spread: float
    spread_truth: float
    split: int


def unevenness(answer: NDArray[Any], truth: NDArray[Any]) -> Unevenness:
    """Compare an answer with its truth in all regions in which the truth is even.

    Args:
        answer: a and b, shape (h, w, 2); about 128 pixels a side are enough, and quick.
        truth: The same.
    """
    regions = even_regions(truth)
    answers = [answer[region] for region in regions]
    return Unevenness(
        len(regions),
        sum(spread(colors) for colors in answers),
        sum(spread(truth[region]) for region in regions),
        sum(splits(colors) for colors in answers),
    )


def even_regions(chroma: NDArray[Any]) -> list[NDArray[np.bool_]]:
    """Return masks of the regions that are connected, even, and not small.

    Even: the root mean square distance of their colors from their mean is below 3 units. Not small:
    at least 2 % of the picture.

    Args:
        chroma: a and b, shape (h, w, 2).

    Returns:
        Masks of shape (h, w), which have nothing in common.
    """
    shape = chroma.shape[:2]
    steps = [
        np.linalg.norm(np.diff(chroma.astype(np.float64), axis=axis), axis=-1) for axis in (0, 1)
    ]
    smallest = _SMALLEST_SHARE * shape[0] * shape[1]
    found: list[NDArray[np.bool_]] = []
    left = np.ones(shape, dtype=np.bool_)
    for most in _LINKS:
        labels = _linked(left, steps, most)
        sizes = np.bincount(labels[left])
        wide = np.zeros(shape, dtype=np.bool_)
        for label in np.flatnonzero(sizes >= smallest):
            region = left & (labels == label)
            if spread(chroma[region]) < _MOST_SPREAD:
                found.append(region)
            else:
                wide |= region
        left = wide
    return found


def _linked(
    inside: NDArray[np.bool_], steps: list[NDArray[np.float64]], most: float
) -> NDArray[np.int32]:
    """Return a number for each pixel: alike where a path of steps below `most` leads, inside."""
    number = np.arange(inside.size).reshape(inside.shape)
    down = (steps[0] < most) & inside[1:] & inside[:-1]
    right = (steps[1] < most) & inside[:, 1:] & inside[:, :-1]
    first = np.concatenate([number[:-1][down], number[:, :-1][right]])
    second = np.concatenate([number[1:][down], number[:, 1:][right]])
    links = coo_array((np.ones(len(first), np.int8), (first, second)), (inside.size, inside.size))
    _, labels = connected_components(links, directed=False)
    return labels.reshape(inside.shape)


def spread(colors: NDArray[Any]) -> float:
    """Return the root mean square distance of colors, shape (n, 2), from their mean."""
    centered = colors.astype(np.float64) - colors.mean(axis=0, dtype=np.float64)
    return float(np.sqrt((centered**2).sum(axis=1).mean()))


def splits(colors: NDArray[Any]) -> bool:
    """Tell whether colors, shape (n, 2), are two rather than one.

    They are cut in two across their longest axis, where the parts' means lie farthest from each
    other for the parts' sizes (Otsu 1979). They are two if the smaller part is at least a fifth,
    and the means of a and b are at least 10 units apart.
    """
    centered = colors.astype(np.float64) - colors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    along = np.sort(centered @ axes[:, -1])
    count = len(along)
    sums = np.cumsum(along)[:-1]
    before = np.arange(1, count)
    # The whole sum is zero, so that the variance between the parts is this, but for a factor.
    between = sums**2 / (before * (count - before))
    if not between.size:
        return False
    cut = int(between.argmax())
    distance = abs(sums[cut]) / before[cut] + abs(sums[cut]) / (count - before[cut])
    smaller = min(before[cut], count - before[cut])
    return bool(smaller >= _SMALLEST_PART * count and distance >= _TWO_COLORS)
