"""What a network holds for possible at each place: a distribution over bins of (a, b)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color.bins import bin_centers
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.card import ModelCard

__all__ = [
    "Distribution",
    "Likely",
    "before_curve",
    "chroma_factor",
    "distribution_of",
    "single_answer_error",
]

# Suggestions are at least so far apart, in CIELAB units.
_APART = 15.0
# The entropy, in nats, of what training shows for one color at the center of a bin: a Gaussian of
# σ = 5 over bins of 10 units.
_SUREST = 1.135


@dataclass(frozen=True, slots=True)
class Likely:
    """A color that a place may have: a and b, and how likely it and its neighbors are, 0…1."""

    a: float
    b: float
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Logits over `bin_centers()`.

    Attributes:
        logits: Float32, shape (Q, h, w).
        temperature: T of the annealed mean (Zhang et al. 2016, equation 5).
        gain: Factor on the annealed mean.
        curve: r of `chroma_factor`; 0 for none.
        log_weights: What training added to the logits, by weighing rare colors more, shape (Q,).
    """

    logits: NDArray[np.float32]
    temperature: float
    gain: float = 1.0
    curve: float = 0.0
    log_weights: NDArray[np.float32] | None = None

    @property
    def probability(self) -> NDArray[np.float32]:
        """How likely each bin is, shape (Q, h, w): what training weighed more is no likelier."""
        if self.log_weights is None:
            return _softmax(self.logits)
        return _softmax(self.logits - self.log_weights[:, None, None])

    def mean(self) -> NDArray[np.float32]:
        """Return the mean a and b, (2, h, w): the least squared error, and the palest answer."""
        return _decoded(self.probability)

    def pushed(self, push: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the answer, a and b, shape (2, h, w), if colors in a direction were likelier.

        Exponential tilting: where the network is sure nothing moves, where it is not, the next
        possible color in that direction wins, without a seam.

        Args:
            push: Nats for each unit of a and b, shape (2, h, w).
        """
        along = np.tensordot(bin_centers(), push, axes=1)
        logits = (self.logits + along) / np.float32(self.temperature)
        annealed = _decoded(_softmax(logits.astype(np.float32)))
        return annealed * chroma_factor(annealed, self.gain, self.curve)

    def decoded_bins(self, probability: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the answer, a and b, shape (2,), where bins are as likely as that, shape (Q,)."""
        likely = np.log(np.maximum(probability, 1e-12)).astype(np.float32)
        if self.log_weights is not None:
            likely = likely + self.log_weights
        annealed = _decoded(_softmax((likely / self.temperature)[:, None, None].astype(np.float32)))
        return (annealed * chroma_factor(annealed, self.gain, self.curve))[:, 0, 0]

    def confidence(self) -> NDArray[np.float32]:
        """Return how sure the network is, shape (h, w), by its entropy.

        1 is as sure as it can be taught to be, 0 where all bins are as likely.
        """
        probability = self.probability
        entropy = -(probability * np.log(np.maximum(probability, 1e-12))).sum(axis=0)
        unsure = (entropy - _SUREST) / (np.log(len(self.logits)) - _SUREST)
        return np.clip(1 - unsure, 0, 1).astype(np.float32)

    def likely(self, row: int, column: int, count: int) -> list[Likely]:
        """Return the likeliest colors of one cell, `count` at most, the likeliest first."""
        centers = bin_centers()
        place = np.s_[:, row : row + 1, column : column + 1]
        left = replace(self, logits=self.logits[place]).probability[:, 0, 0]
        found: list[Likely] = []
        while len(found) < count and left.max() > 1e-3:
            best = centers[int(left.argmax())]
            near = np.linalg.norm(centers - best, axis=1) < _APART
            a, b = left[near] @ centers[near] / left[near].sum()
            found.append(Likely(float(a), float(b), float(left[near].sum())))
            left = np.where(near, 0, left)
        return sorted(found, key=lambda likely: -likely.probability)


def distribution_of(card: ModelCard, logits: NDArray[np.float32]) -> Distribution:
    """Return the distribution of a model with that card."""
    weights = np.array(card.log_weights, np.float32) if card.log_weights else None
    return Distribution(logits, card.temperature, card.chroma_gain, card.chroma_curve, weights)


def chroma_factor(
    chroma: NDArray[np.float32], gain: float, curve: float
) -> NDArray[np.float32] | np.float32:
    """Return what an annealed mean is multiplied by to become the answer: gain · c² / (c² + r²).

    Args:
        chroma: a and b, shape (2, h, w).
        gain: See `ModelCard.chroma_gain`.
        curve: r, in CIELAB units; 0: no curve.
    """
    if not curve:
        return np.float32(gain)
    square = (chroma**2).sum(axis=0)
    return (gain * square / (square + curve**2)).astype(np.float32)


def before_curve(chroma: NDArray[np.float32], gain: float, curve: float) -> NDArray[np.float32]:
    """Return the a and b that `chroma_factor` makes these of; the last axis has a and b.

    The curve's inverse: the one real root of c³ - t·c² - t·r² = 0, with t the chroma over the gain
    (Cardano's formula).
    """
    if not curve:
        return chroma / np.float32(gain)
    wanted = np.linalg.norm(chroma, axis=-1, keepdims=True).astype(np.float64) / abs(gain)
    half = wanted**3 / 27 + wanted * curve**2 / 2
    root = np.cbrt(half + np.sqrt(half**2 - wanted**6 / 729))
    found = wanted / 3 + root + wanted**2 / (9 * np.maximum(root, 1e-12))
    scale = np.where(wanted > 0, found / np.maximum(wanted, 1e-12), 0) / gain
    return (chroma * scale).astype(np.float32)


def single_answer_error() -> UsageError:
    """Return the error for a model that has no distribution."""
    return UsageError(
        "this model gives one answer, and no others",
        "vividness, variants and confidence need a model that says how likely colors are",
    )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    likelihood = np.exp(logits - logits.max(axis=0))
    return likelihood / likelihood.sum(axis=0)


def _decoded(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.tensordot(bin_centers().T, probability, axes=1).astype(np.float32)
