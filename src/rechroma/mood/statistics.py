"""Means, covariances, and the linear map between two Gaussians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

__all__ = ["NOISE", "monge_kantorovich", "weighted_moments"]

# Added to variances, in CIELAB units squared: the noise of 8 bits. A flat picture has some, too.
NOISE = 0.25


def weighted_moments(
    points: Matrix, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], Matrix]:
    """Return the mean, shape (3,), and the covariance, shape (3, 3), of points, shape (N, 3)."""
    w = np.full(len(points), 1 / len(points)) if weights is None else weights / weights.sum()
    mean = w @ points
    centered = points - mean
    return mean, (centered * w[:, None]).T @ centered


def monge_kantorovich(source: Matrix, target: Matrix) -> Matrix:
    """Return the symmetric matrix T with T·target·T = source, both covariances, shape (3, 3).

    Of all linear maps from one Gaussian to the other it moves colors least (Pitié & Kokaram 2007,
    equation 10). Variances get a little added, so that a flat picture gives a finite map.
    """
    noise = NOISE * np.eye(len(source))
    root = _root(target + noise)
    inverse = np.linalg.inv(root)
    return inverse @ _root(root @ (source + noise) @ root) @ inverse


def _root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
