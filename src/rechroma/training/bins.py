"""Color as a class: bins of the (a, b) plane (Zhang, Isola & Efros, ECCV 2016, section 2).

The plane is cut on a grid of 10 units; a bin is kept when sRGB reaches into its cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.color.bins import bin_centers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BinCodec", "class_weights", "smoothed_prior"]

NEIGHBORS = 5
# σ of the soft encoding and of the prior's smoothing, in units of a and b (the paper's value).
SIGMA = 5.0
# The table of nearest bins covers −REACH…REACH in steps of one unit.
_REACH = 120


def smoothed_prior(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth the bins' frequencies, shape (Q,), by a Gaussian over the plane; sums to 1."""
    centers = bin_centers().astype(np.float64)
    distance2 = ((centers[:, None] - centers[None]) ** 2).sum(-1)
    kernel = np.exp(-distance2 / (2 * SIGMA**2))
    smoothed = (kernel / kernel.sum(0)) @ (counts / counts.sum())
    return smoothed / smoothed.sum()


def class_weights(prior: NDArray[np.float64], uniform: float) -> NDArray[np.float64]:
    """Return w ∝ ((1 − λ)·p + λ/Q)⁻¹, with mean 1 under the prior p (equation 4).

    Args:
        prior: Smoothed frequencies, shape (Q,).
        uniform: λ, the share of the uniform distribution: 1 weighs all bins alike, the paper takes
            0.5, 0 weighs each bin by the inverse of its frequency.
    """
    weights = 1 / ((1 - uniform) * prior + uniform / prior.size)
    return weights / (prior * weights).sum()


class BinCodec(nn.Module):
    """Encodes chroma as a soft distribution over bins, and decodes logits to chroma."""

    centers: Tensor
    nearest: Tensor

    def __init__(self) -> None:
        super().__init__()
        centers = torch.from_numpy(bin_centers().copy())
        self.register_buffer("centers", centers, persistent=False)
        self.register_buffer("nearest", _nearest_table(centers), persistent=False)

    def encode(self, chroma: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest bins and their weights, both (N, 5, h, w), of ab (N, 2, h, w)."""
        cell = chroma.round().long().clamp(-_REACH, _REACH) + _REACH
        index = self.nearest[cell[:, 0] * (2 * _REACH + 1) + cell[:, 1]]
        distance2 = (self.centers[index] - chroma.movedim(1, -1).unsqueeze(-2)).square().sum(-1)
        weights = torch.softmax(-distance2 / (2 * SIGMA**2), dim=-1)
        return index.movedim(-1, 1), weights.movedim(-1, 1)

    def decode(self, logits: Tensor, temperature: float) -> Tensor:
        """Return the annealed mean ab, shape (N, 2, h, w), of logits (N, Q, h, w).

        Args:
            logits: Of every bin.
            temperature: T (equation 5): 1 gives the mean, → 0 the mode.
        """
        probability = torch.softmax(logits / temperature, dim=1)
        return F.conv2d(probability, self.centers.T[:, :, None, None])

    def cross_entropy(self, logits: Tensor, chroma: Tensor, weights: Tensor) -> Tensor:
        """Return the weighted cross-entropy (equation 2): a scalar.

        Each pixel weighs as much as its nearest bin. The soft target has five entries, so its
        dense form, 60 times larger, is never built.
        """
        index, share = self.encode(chroma)
        log_probability = logits.gather(1, index) - logits.logsumexp(1, keepdim=True)
        nearest = index.gather(1, share.argmax(1, keepdim=True))[:, 0]
        return -(weights[nearest] * (share * log_probability).sum(1)).mean()

    def count(self, chroma: Tensor) -> Tensor:
        """Return how often each bin is the nearest one, shape (Q,), in ab (N, 2, h, w)."""
        index, share = self.encode(chroma)
        nearest = index.gather(1, share.argmax(1, keepdim=True))
        return torch.bincount(nearest.flatten(), minlength=len(self.centers))


def _nearest_table(centers: Tensor) -> Tensor:
    """Return the five bins nearest to every whole (a, b), shape ((2·REACH + 1)², 5)."""
    axis = torch.arange(-_REACH, _REACH + 1, dtype=torch.float32)
    points = torch.cartesian_prod(axis, axis)
    return torch.cdist(points, centers).topk(NEIGHBORS, largest=False).indices
