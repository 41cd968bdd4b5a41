"""How far a hint reaches: to places that look like its own, and the less the farther they are.

Attention of every place to the hinted ones, by likeness of features and by distance, and to nothing
at all, so that a place that is like no hint takes no colour from any.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["HintPropagation"]

_WIDTH = 32
# Distance, in cells, at which a hint's pull is down to e^-½; learnt from there.
_REACH = 6.0
# A score that no place without a hint can reach.
_NEVER = 1e4


class HintPropagation(nn.Module):
    """Spreads the colours of hints over a map of features.

    Args:
        features: Channels of the map.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.asking = nn.Conv2d(features, _WIDTH, 1)
        self.answering = nn.Conv2d(features, _WIDTH, 1)
        self.log_reach = nn.Parameter(torch.tensor(_REACH).log())
        # The score of "no hint".
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor, hints: Tensor) -> Tensor:
        """Return w·a, w·b and w, shape (N, 3, h, w): the colour taken, and how much of it.

        Args:
            features: Shape (N, C, h, w).
            hints: a and b over 110, and a mask, at the same size: (N, 3, h, w).
        """
        height, width = features.shape[-2:]
        asking = self.asking(features).flatten(2).transpose(1, 2)
        scores = asking @ self.answering(features).flatten(2) / _WIDTH**0.5
        scores = scores - self._distance(height, width, features)
        given = hints.flatten(2)
        scores = scores - _NEVER * (1 - given[:, 2:])
        nothing = self.nothing.expand(scores.shape[0], scores.shape[1], 1)
        share = torch.softmax(torch.cat([scores, nothing], dim=2), dim=2)[:, :, :-1]
        # Rows of the unhinted cells are zero: they give neither colour nor weight.
        taken = share @ (given * given[:, 2:]).transpose(1, 2)
        return taken.transpose(1, 2).unflatten(2, (height, width))

    def _distance(self, height: int, width: int, like: Tensor) -> Tensor:
        """Return half of the squared distances of all cells, in reaches: (h·w, h·w)."""
        rows = torch.arange(height, device=like.device, dtype=like.dtype)
        columns = torch.arange(width, device=like.device, dtype=like.dtype)
        y = rows[:, None].expand(height, width).flatten()
        x = columns[None].expand(height, width).flatten()
        squared = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
        return squared / (2 * (2 * self.log_reach).exp())
