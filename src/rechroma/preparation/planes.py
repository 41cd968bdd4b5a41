"""What several parts of the room do to planes of numbers: means, extremes, connected parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo import Photo

    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["box_mean", "closed", "components", "dilated", "opened", "thumbnail"]


def thumbnail(photo: Photo, side: int) -> tuple[NDArray[np.float32], int]:
    """Return a photo with blocks of pixels averaged, and how many pixels a side a block has.

    Args:
        photo: The photo.
        side: Pixels of the longer side, at most.

    Returns:
        sRGB-encoded, float32 in 0…1, shape (h, w, 3), and the block's side.
    """
    factor = max(1, math.ceil(max(photo.height, photo.width) / side))
    return np.asarray(block_mean(photo.samples, factor), np.float32), factor


def box_mean(plane: NDArray[Any], radius: int) -> Plane:
    """Average over squares of 2·radius + 1 a side, shape (H, W); the rim is repeated outwards."""
    for axis in (0, 1):
        count = plane.shape[axis]
        before = [(radius + 1, radius) if each == axis else (0, 0) for each in (0, 1)]
        total = np.pad(plane, before, mode="edge").cumsum(axis=axis, dtype=np.float64)
        window = 2 * radius + 1
        plane = total.take(range(window, count + window), axis) - total.take(range(count), axis)
        plane = plane / window
    return plane.astype(np.float32)


def dilated(plane: NDArray[Any], radius: int) -> NDArray[Any]:
    """Return the largest value of the square around each pixel, shape (H, W)."""
    return _extreme(plane, radius, largest=True)


def opened(plane: Plane, radius: int) -> Plane:
    """Return a plane without what is lighter than its surroundings and thinner than the square."""
    return _extreme(_extreme(plane, radius, largest=False), radius, largest=True)


def closed(plane: Plane, radius: int) -> Plane:
    """Return a plane without what is darker than its surroundings and thinner than the square."""
    return _extreme(_extreme(plane, radius, largest=True), radius, largest=False)


def _extreme(plane: NDArray[Any], radius: int, *, largest: bool) -> NDArray[Any]:
    """Return the extremes of squares: runs are doubled until they are as long as the side."""
    combine = np.maximum if largest else np.minimum
    window = 2 * radius + 1
    for axis in (0, 1):
        count = plane.shape[axis]
        around = [(radius, radius) if each == axis else (0, 0) for each in (0, 1)]
        runs = np.moveaxis(np.pad(plane, around, mode="edge"), axis, 0)
        length = 1
        while length < window:
            step = min(length, window - length)
            runs = combine(runs[:-step], runs[step:])
            length += step
        plane = np.moveaxis(runs[:count], 0, axis)
    return np.ascontiguousarray(plane)


def components(mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Find the connected parts of a mask; pixels touch at their sides and corners.

    Returns:
        The flat places of its pixels, the part of each of them, and how many parts there are.
    """
    places = np.flatnonzero(mask)
    number = np.full(mask.shape, -1, np.intp)
    number.flat[places] = np.arange(len(places))
    links: list[NDArray[np.intp]] = []
    height, width = mask.shape
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        first = number[: height - down, max(0, -across) : width - max(0, across)]
        second = number[down:, max(0, across) : width + min(0, across)]
        both = (first >= 0) & (second >= 0)
        links.append(np.stack([first[both], second[both]]))
    one, other = np.concatenate(links, axis=1) if links else np.empty((2, 0), np.intp)
    # Each pixel points to a smaller number of its part, until nothing changes any more.
    root = np.arange(len(places))
    while True:
        low = np.minimum(root[one], root[other])
        before = root.copy()
        np.minimum.at(root, root[one], low)
        np.minimum.at(root, root[other], low)
        root = root[root]
        if np.array_equal(before, root):
            break
    kept, parts = np.unique(root, return_inverse=True)
    return places, parts, len(kept)
