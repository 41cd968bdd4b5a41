"""A Gaussian mixture of colours: soft regions that depend on colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray

    Matrix = NDArray[np.float64]

__all__ = ["MAX_REGIONS", "Mixture", "fit_mixture"]

MAX_REGIONS = 8
# Added to variances, in CIELAB units squared: the width of the narrowest region, so that the
# passage from one to the next is never a step.
_BLUR = 50.0
# Where the number of regions is left to the data, those with less than this share of all colours
# are given up, one by one.
_LEAST_SHARE = 0.05
_ROUNDS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Regions of colour.

    Attributes:
        means: CIELAB, shape (K, 3).
        covariances: Shape (K, 3, 3).
        shares: Of all colours, shape (K,); their sum is 1.
    """

    means: Matrix
    covariances: Matrix
    shares: NDArray[np.float64]

    def memberships(self, lab: FloatArray) -> Matrix:
        """Return how far each colour, shape (N, 3), is in each region, (N, K); rows add up to 1."""
        # Inverse of the Cholesky factor: the squared norm of its product is Mahalanobis' distance.
        whitening = np.linalg.inv(np.linalg.cholesky(self.covariances))
        offset = np.einsum("kij,kj->ki", whitening, self.means)
        white = np.einsum("nj,kij->nki", np.asarray(lab, np.float64), whitening) - offset
        log_volume = np.log(np.einsum("kii->ki", whitening)).sum(axis=1)
        density = np.log(self.shares) + log_volume - 0.5 * np.einsum("nki,nki->nk", white, white)
        density -= density.max(axis=1, keepdims=True)
        likelihood = np.exp(density)
        return likelihood / likelihood.sum(axis=1, keepdims=True)


def fit_mixture(lab: Matrix, weights: NDArray[np.float64], regions: int | None = None) -> Mixture:
    """Fit a mixture to weighted colours, by expectation and maximization; deterministic.

    Args:
        lab: CIELAB, shape (N, 3).
        weights: Shape (N,).
        regions: How many; None starts with eight and gives up those that hold less than a
            twentieth of the colours, down to two.
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
    """Return colours to start from, each far from those before it and not rare."""
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
    centred = lab[:, None] - means
    covariances = np.einsum("nk,nki,nkj->kij", held, centred, centred, optimize=True)
    covariances /= shares[:, None, None]
    return Mixture(means, covariances + _BLUR * np.eye(3), shares / shares.sum())


def _without(mixture: Mixture, index: int) -> Mixture:
    shares = np.delete(mixture.shares, index)
    return Mixture(
        np.delete(mixture.means, index, axis=0),
        np.delete(mixture.covariances, index, axis=0),
        shares / shares.sum(),
    )
