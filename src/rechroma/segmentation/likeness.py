"""How likely two patches of a photograph have one color.

The coefficients are those of two logistic regressions, fitted to 300 training photographs (none of
them of the validation data): pairs of patches, even in their true chroma, count as one color when
it differs by less than 5 units of a and b, and as two when it differs by more than 12. On pictures
that the fit has not seen the area under the curve is 0.86 for patches that touch, and 0.78 for any
two; the network's own distribution of colors tells most of all (0.86 and 0.80 alone, with what is
linear in it), L 0.84 and 0.73.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.segmentation.superpixels import Superpixels

__all__ = ["Looks", "log_odds_of_neighbors", "log_odds_of_one_color", "looks_of"]

# What each is divided by before the fit: L, its spread, and the step across a border.
_L_UNIT, _SPREAD_UNIT, _STEP_UNIT = 20.0, 5.0, 10.0
# Constant; then for L, spread, colors, features, distance: of the value, and of its square root.
_ANY = 9.91
_ANY_LINEAR = np.array([1.230, 0.775, 3.408, 3.627, 1.470], np.float32)
_ANY_ROOT = np.array([-2.817, -1.162, -7.420, -9.332, -3.149], np.float32)
# The same for patches that touch, with the step across their border as the last.
_TOUCHING = 8.47
_TOUCHING_LINEAR = np.array([1.483, 0.266, 3.178, 2.727, 0.127, 0.499], np.float32)
_TOUCHING_ROOT = np.array([-3.807, -0.164, -9.607, -6.415, 0.003, -0.991], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What the network says about each of K patches.

    Attributes:
        colors: Square roots of the probabilities of the bins, of length 1, shape (K, Q).
        features: What the encoder sees, less its mean over the picture, of length 1, shape (K, F).
    """

    colors: NDArray[np.float32]
    features: NDArray[np.float32]


def looks_of(
    patches: Superpixels,
    probability: NDArray[np.float32],
    features: NDArray[np.float32],
    extents: tuple[tuple[float, float], tuple[float, float]],
) -> Looks:
    """Average the network's maps over patches.

    Args:
        patches: Of the picture.
        probability: Of the bins at each cell, shape (Q, h, w).
        features: Shape (F, h', w').
        extents: How many cells the picture covers downwards and to the right, of either.
    """
    spread = features.std(axis=(1, 2), keepdims=True) + 1e-3
    normal = (features - features.mean(axis=(1, 2), keepdims=True)) / spread
    colors = np.sqrt(_cell_means(patches, probability, extents[0]))
    return Looks(_unit(colors), _unit(_smooth_means(patches, normal, extents[1])))


def log_odds_of_one_color(
    patches: Superpixels, looks: Looks, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the logarithm of the odds that patches have one color, for N pairs of any two."""
    differences = _differences(patches, looks, first, second)
    return _ANY + differences @ _ANY_LINEAR + np.sqrt(differences) @ _ANY_ROOT


def log_odds_of_neighbors(patches: Superpixels, looks: Looks) -> NDArray[np.float32]:
    """Return the same for all pairs that touch: an edge between them counts, too."""
    first, second = patches.pairs.T
    step = patches.contrast[:, None] / np.float32(_STEP_UNIT)
    differences = np.concatenate([_differences(patches, looks, first, second), step], axis=1)
    return _TOUCHING + differences @ _TOUCHING_LINEAR + np.sqrt(differences) @ _TOUCHING_ROOT


def _differences(
    patches: Superpixels, looks: Looks, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return in how far patches differ, ≥ 0, shape (N, 5)."""

    def unlike(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        # Of vectors of length 1: half of the squared distance, and rounding gives no -1e-8.
        return np.maximum(1 - (vectors[first] * vectors[second]).sum(axis=1), 0)

    between = patches.position[first] - patches.position[second]
    return np.stack(
        [
            np.abs(patches.lightness[first] - patches.lightness[second]) / _L_UNIT,
            np.abs(patches.spread[first] - patches.spread[second]) / _SPREAD_UNIT,
            unlike(looks.colors),
            unlike(looks.features),
            np.hypot(between[:, 0], between[:, 1]),
        ],
        axis=1,
    ).astype(np.float32)


def _cell_means(
    patches: Superpixels, maps: NDArray[np.float32], extent: tuple[float, float]
) -> NDArray[np.float32]:
    """Average, over each patch's pixels, the cells in which they lie, shape (K, C)."""
    rows, columns = (
        np.minimum(((np.arange(count) + 0.5) * (covered / count)).astype(np.intp), cells - 1)
        for count, covered, cells in zip(patches.labels.shape, extent, maps.shape[1:], strict=True)
    )
    cells = maps.shape[1] * maps.shape[2]
    key = patches.labels * cells + rows[:, None] * maps.shape[2] + columns
    shares = np.bincount(key.reshape(-1), minlength=len(patches.area) * cells)
    weights = shares.reshape(len(patches.area), cells).astype(np.float32)
    return (weights @ maps.reshape(len(maps), -1).T) / patches.area[:, None]


def _smooth_means(
    patches: Superpixels, maps: NDArray[np.float32], extent: tuple[float, float]
) -> NDArray[np.float32]:
    """Return maps whose cells are larger than patches at the patches' centers, bilinearly."""
    height, width = patches.labels.shape
    longer = max(height, width)
    weights = np.zeros((len(patches.area), maps.shape[1], maps.shape[2]), np.float32)
    rows = _between(patches.position[:, 0] * (longer / height), extent[0], maps.shape[1])
    columns = _between(patches.position[:, 1] * (longer / width), extent[1], maps.shape[2])
    everyone = np.arange(len(weights))
    for row, down in rows:
        for column, across in columns:
            np.add.at(weights, (everyone, row, column), down * across)
    return weights.reshape(len(weights), -1) @ maps.reshape(len(maps), -1).T


def _between(
    share: NDArray[np.float32], extent: float, cells: int
) -> list[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Return the two cells beside each place, and their weights."""
    place = np.clip(share * extent - 0.5, 0, cells - 1)
    before = place.astype(np.intp)
    weight = (place - before).astype(np.float32)
    return [(before, 1 - weight), (np.minimum(before + 1, cells - 1), weight)]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
