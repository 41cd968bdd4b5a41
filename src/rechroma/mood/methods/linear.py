"""`mkl`: the Monge–Kantorovich linear map (Pitié & Kokaram 2007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.statistics import monge_kantorovich, weighted_moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

__all__ = ["Affine", "fit_mkl"]


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
