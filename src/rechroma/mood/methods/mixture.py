"""A Gaussian mixture of colors: soft regions that depend on color alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.options import MAX_REGIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray

    Matrix = NDArray[np.float64]

__all__ = ["Mixture", "fit_mixture"]

# Added to variances, in CIELAB units squared: the width of the narrowest region, so that the
# passage from one to the next is never a step.
_BLUR = 50.0
# Where the number of regions is left to the data, those with less than this share of all colors
# are given up, one by one.
_LEAST_SHARE = 0.05
_ROUNDS = 12


_PAIRS = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Regions of color.

    Attributes:
        means: CIELAB, shape (K, 3).
        covariances: Shape (K, 3, 3).
        shares: Of all colors, shape (K,); their sum is 1.
    """

    means: Matrix
    covariances: Matrix
    shares: NDArray[np.float64]

    def memberships(self, lab: FloatArray) -> Matrix:
        """Return how far each color, shape (N, 3), is in each region, (N, K); rows add up to 1."""
        density = _monomials(np.asarray(lab, np.float64)) @ self._log_densities()
        density -= density.max(axis=1, keepdims=True)
        likelihood = np.exp(density, out=density)
        likelihood /= likelihood.sum(axis=1, keepdims=True)
        return likelihood

    def _log_densities(self) -> Matrix:
        """Return the log densities as polynomials, shape (10, K): coefficients of `_monomials`."""
        precision = np.linalg.inv(self.covariances).astype(np.float64)
        linear = np.einsum("kij,kj->ki", precision, self.means)
        _, log_volume = np.linalg.slogdet(precision)
        constant = np.log(self.shares) + 0.5 * (log_volume - (linear * self.means).sum(axis=1))
        squares = [-0.5 * precision[:, i, i] for i in range(3)]
        mixed = [-precision[:, i, j] for i, j in _PAIRS]
        return np.array([*squares, *mixed, *linear.T, constant])


def _monomials(lab: Matrix) -> Matrix:
    """Return squares, products, values and 1, shape (N, 10), of colors, shape (N, 3)."""
    products = [lab[:, i] * lab[:, j] for i, j in _PAIRS]
    return np.column_stack([lab**2, *products, lab, np.ones(len(lab))])


def fit_mixture(lab: Matrix, weights: NDArray[np.float64], regions: int | None = None) -> Mixture:
    """Fit a mixture to weighted colors, by expectation and maximization; deterministic.

    Args:
        lab: CIELAB, shape (N, 3).
        weights: Shape (N,).
        regions: How many; None starts with eight and gives up those that hold less than a
            twentieth of the colors, down to two.
    """
    weights = weights / weights.sum()
    means = _far_apart(lab, weights, regions or MAX_REGIONS)
    count = len(means)
    spread = np.cov(lab.T, aweights=weights, ddof=0) / count + _BLUR * np.eye(3)
    mixture = Mixture(means, np.tile(spread, (count, 1, 1)), np.full(count, 1 / count))
    for _ in range(_ROUNDS):
        mixture = _improved(mixture, lab, weights)
        smallest = int(np.argmin(mixture.shares))
        if regions is None and len(mixture.shares) > 2 and mixture.shares[smallest] < _LEAST_SHARE:
            mixture = _without(mixture, smallest)
    return mixture


def _far_apart(lab: Matrix, weights: NDArray[np.float64], count: int) -> Matrix:
    """Return colors to start from, each far from those before it and not rare."""
    chosen = [int(np.argmax(weights))]
    distance = np.full(len(lab), np.inf)
    for _ in range(count - 1):
        distance = np.minimum(distance, ((lab - lab[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(distance * np.sqrt(weights))))
    return lab[chosen]


def _improved(mixture: Mixture, lab: Matrix, weights: NDArray[np.float64]) -> Mixture:
    held = mixture.memberships(lab) * weights[:, None]
    shares = held.sum(axis=0) + 1e-12
    means = held.T @ lab / shares[:, None]
    centered = lab[:, None] - means
    covariances = np.einsum("nk,nki,nkj->kij", held, centered, centered, optimize=True)
    covariances /= shares[:, None, None]
    return Mixture(means, covariances + _BLUR * np.eye(3), shares / shares.sum())


def _without(mixture: Mixture, index: int) -> Mixture:
    shares = np.delete(mixture.shares, index)
    return Mixture(
        np.delete(mixture.means, index, axis=0),
        np.delete(mixture.covariances, index, axis=0),
        shares / shares.sum(),
    )
