"""Superpixels: small patches of a photograph that follow its edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Superpixels", "find_superpixels"]

_COUNT = 500
# Rounds of moving the centers; more change hardly a pixel.
_ROUNDS = 3
# CIELAB units that weigh as much as one patch's width: more makes patches rounder.
_COMPACTNESS = 20.0
# Predicted a and b are vaguer than the photograph's own L.
_CHROMA_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Superpixels:
    """Patches, K of them, and which of them touch.

    Attributes:
        labels: The patch of each pixel, shape (H, W).
        area: Pixels of each, shape (K,).
        lightness: Mean L of each, shape (K,).
        spread: Standard deviation of L inside of each, shape (K,).
        position: Rows and columns of the centers over the longer side, shape (K, 2).
        pairs: Patches that touch, the smaller number first, shape (E, 2).
        border: Pixels along which they touch, shape (E,).
        contrast: Mean step of L across that border, shape (E,).
    """

    labels: NDArray[np.intp]
    area: NDArray[np.float32]
    lightness: NDArray[np.float32]
    spread: NDArray[np.float32]
    position: NDArray[np.float32]
    pairs: NDArray[np.intp]
    border: NDArray[np.float32]
    contrast: NDArray[np.float32]

    def mean(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average a plane of shape (H, W) over each patch."""
        return _sums(self.labels, plane, len(self.area)) / self.area


def find_superpixels(
    lightness: NDArray[np.float32], chroma: NDArray[np.float32], *, count: int = _COUNT
) -> Superpixels:
    """Divide a photograph by SLIC (Achanta et al. 2012), with their equation 3 as the distance.

    Patches begin as cells of a grid; in each round a pixel goes to the nearest of the nine centers
    that began around it, which lets all pixels be looked at together.

    Args:
        lightness: L in 0…100, shape (H, W).
        chroma: Predicted a and b, shape (2, H, W).
        count: Patches, about; fewer where there are fewer pixels.
    """
    height, width = lightness.shape
    step = max(1.0, math.sqrt(height * width / count))
    rows, columns = max(1, round(height / step)), max(1, round(width / step))
    down, across = np.indices((height, width), dtype=np.float32)
    home = np.stack(
        [down * (rows / height), across * (columns / width)]  # The cell in which a pixel began.
    ).astype(np.intp)
    scale = np.float32(_COMPACTNESS / step)
    points = np.stack(
        [lightness, *(np.float32(_CHROMA_WEIGHT) * chroma), scale * down, scale * across]
    ).astype(np.float32)
    labels = home[0] * columns + home[1]
    for _ in range(_ROUNDS):
        labels = _nearest(points, home, _centers(points, labels, rows * columns), rows, columns)
    _, labels = np.unique(labels, return_inverse=True)
    return _described(labels.reshape(height, width), lightness)


def _centers(
    points: NDArray[np.float32], labels: NDArray[np.intp], count: int
) -> NDArray[np.float32]:
    area = np.maximum(np.bincount(labels.reshape(-1), minlength=count), 1).astype(np.float32)
    return np.stack([_sums(labels, plane, count) / area for plane in points])


def _nearest(
    points: NDArray[np.float32],
    home: NDArray[np.intp],
    centers: NDArray[np.float32],
    rows: int,
    columns: int,
) -> NDArray[np.intp]:
    """Return the nearest of the nine centers around each pixel's first one."""
    least = np.full(points.shape[1:], np.inf, np.float32)
    labels = np.zeros(points.shape[1:], np.intp)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, column = home[0] + down, home[1] + across
            outside = (row < 0) | (row >= rows) | (column < 0) | (column >= columns)
            candidate = np.where(outside, 0, row * columns + column)
            distance = np.zeros_like(least)
            for plane, center in zip(points, centers, strict=True):
                distance += (plane - center[candidate]) ** 2
            nearer = ~outside & (distance < least)
            np.copyto(least, distance, where=nearer)
            np.copyto(labels, candidate, where=nearer)
    return labels


def _described(labels: NDArray[np.intp], lightness: NDArray[np.float32]) -> Superpixels:
    count = int(labels.max()) + 1
    area = np.bincount(labels.reshape(-1), minlength=count).astype(np.float32)

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return _sums(labels, plane, count) / area

    light = mean(lightness)
    variance = np.maximum(mean(lightness**2) - light**2, 0)
    place = np.indices(labels.shape, dtype=np.float32) / max(labels.shape)
    pairs, border, contrast = _borders(labels, lightness, count)
    return Superpixels(
        labels, area, light, np.sqrt(variance), np.stack([mean(place[0]), mean(place[1])], axis=1),
        pairs, border, contrast,
    )  # fmt: skip


def _borders(
    labels: NDArray[np.intp], lightness: NDArray[np.float32], count: int
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    before = np.concatenate([labels[:-1].reshape(-1), labels[:, :-1].reshape(-1)])
    after = np.concatenate([labels[1:].reshape(-1), labels[:, 1:].reshape(-1)])
    step = np.concatenate([np.abs(np.diff(lightness, axis=axis)).reshape(-1) for axis in (0, 1)])
    differ = before != after
    low, high = np.minimum(before, after)[differ], np.maximum(before, after)[differ]
    keys, which, length = np.unique(low * count + high, return_inverse=True, return_counts=True)
    pairs = np.stack(np.divmod(keys, count), axis=1)
    contrast = np.bincount(which, step[differ], len(keys)) / np.maximum(length, 1)
    return pairs, length.astype(np.float32), contrast.astype(np.float32)


def _sums(labels: NDArray[np.intp], plane: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    return np.bincount(labels.reshape(-1), plane.reshape(-1), count).astype(np.float32)
