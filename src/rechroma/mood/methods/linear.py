"""`mkl`: the Monge–Kantorovich linear map (Pitié & Kokaram 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

    Matrix = NDArray[np.float64]

__all__ = ["NOISE", "Affine", "fit_mkl", "monge_kantorovich", "weighted_moments"]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """lab ↦ matrix · (lab − center) + destination.

    Attributes:
        matrix: Shape (3, 3).
        center: Shape (3,).
        destination: Shape (3,).
    """

    matrix: NDArray[np.float64]
    center: NDArray[np.float64]
    destination: NDArray[np.float64]

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        return (np.asarray(lab, np.float64) - self.center) @ self.matrix.T + self.destination


def fit_mkl(source: Palette, target: Palette) -> Affine:
    """Match mean and covariance in CIELAB, by the linear map that moves colors least."""
    mean_source, covariance_source = weighted_moments(source.lab)
    mean_target, covariance_target = weighted_moments(target.lab)
    matrix = monge_kantorovich(covariance_source, covariance_target)
    return Affine(matrix, mean_target, mean_source)


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
