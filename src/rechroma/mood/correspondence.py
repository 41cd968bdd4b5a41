"""Which parts of two photographs correspond by what they show.

A grade is told best by comparing like with like: sky with sky, skin with skin. Whole pictures
differ by what is in them, too, and matching their statistics takes that for mood. So colors are
weighted by how much of the other photograph shows the same. Cells of the two are matched by
unbalanced optimal transport (Chizat et al. 2018, the scaling algorithm) with the cosine distance of
the encoder's features: what has no counterpart may be left out. How far the two photographs are
alike at all decides how far the weights are trusted.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.features import features_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.mood.features import PhotoFeatures
    from rechroma.mood.palette import Palette

    Matrix = NDArray[np.float32]

__all__ = ["Correspondence", "correspondence"]

# Cosine similarities are compared on these scales: matching, and measuring likeness as a whole.
_SHARP, _BROAD = 0.03, 0.1
# What it costs to leave a cell out, on the same scale.
_LEAVE_OUT = 0.05
_ROUNDS = 15
# Mean similarity of the best one-to-one matching below which nothing corresponds, and above which
# the weights are trusted: two halves of one photograph have 0.13 and more, 95 in 100; two
# photographs picked at random 0.15 and less, 95 in 100 (60 pairs each, training pictures).
_UNLIKE, _ALIKE = 0.09, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """How much each color counts.

    Attributes:
        source: Weights of the source's colors, shape (N,); their sum is 1.
        target: Weights of the target's colors, shape (M,); their sum is 1.
        trust: 0 (the photographs show different things: all colors count alike) … 1.
    """

    source: NDArray[np.float64]
    target: NDArray[np.float64]
    trust: float


def correspondence(source: Palette, target: Palette) -> Correspondence:
    """Weight the colors of two palettes by what their photographs have in common."""
    with ThreadPoolExecutor(2) as pool:
        seen, shown = pool.map(features_of, (source, target))
    if seen is None or shown is None:
        return Correspondence(_even(len(source.lab)), _even(len(target.lab)), 0.0)
    mass_source, mass_target = _masses(seen), _masses(shown)
    similarity = _similarity(shown.features, seen.features)
    trust = _trust(similarity, mass_target, mass_source)
    plan = _transport(similarity, mass_target, mass_source, _SHARP, _LEAVE_OUT)
    plan /= plan.sum()
    return Correspondence(
        _spread(plan.sum(axis=0), mass_source, seen.cell, trust),
        _spread(plan.sum(axis=1), mass_target, shown.cell, trust),
        trust,
    )


def _masses(content: PhotoFeatures) -> Matrix:
    """Return the share of the colors that each cell has, shape (C,)."""
    return (np.bincount(content.cell) / len(content.cell)).astype(np.float32)


def _even(count: int) -> NDArray[np.float64]:
    return np.full(count, 1 / count)


def _similarity(target: Matrix, source: Matrix) -> Matrix:
    """Return cosines, shape (T, S), of features that were brought to mean 0 and spread 1."""
    both = np.concatenate([target, source])
    normal = (both - both.mean(axis=0)) / (both.std(axis=0) + 1e-4)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6
    return normal[: len(target)] @ normal[len(target) :].T


def _trust(similarity: Matrix, mass_target: Matrix, mass_source: Matrix) -> float:
    plan = _transport(similarity, mass_target, mass_source, _BROAD, None)
    mean = float((plan * similarity).sum() / plan.sum())
    return float(np.clip((mean - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1))


def _transport(
    similarity: Matrix, rows: Matrix, columns: Matrix, scale: float, leave_out: float | None
) -> Matrix:
    """Return the entropic transport plan, shape (T, S); with `leave_out` None all mass moves."""
    kernel = np.exp((similarity - similarity.max()) / np.float32(scale))
    power = np.float32(1 if leave_out is None else leave_out / (leave_out + scale))
    left, right = np.ones_like(rows), np.ones_like(columns)
    least = np.float32(1e-30)
    for _ in range(_ROUNDS):
        left = (rows / (kernel @ right + least)) ** power
        right = (columns / (kernel.T @ left + least)) ** power
    return left[:, None] * kernel * right


def _spread(
    moved: Matrix, mass: Matrix, cell: NDArray[np.intp], trust: float
) -> NDArray[np.float64]:
    """Return the weight of each color: its cell's, shared by the cell's colors."""
    per_cell = trust * moved.astype(np.float64) / mass + (1 - trust)
    return per_cell[cell] / len(cell)
