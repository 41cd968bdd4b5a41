"""How far a hint reaches: to places that look like its own, and the less the farther they are.

Attention of every place to the hinted ones, by likeness of features and by distance, and to nothing
at all, so that a place that is like no hint takes no color from any.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["HintPropagation"]

_WIDTH = 32
# Distance, in sixteenths of the shorter side, at which a hint's pull is down to 1/e, and the score
# of what is most alike; both are learnt from there. Of the forms that were tried, each for 16,000
# samples with all else frozen (gain of one hint and of five, dB): products of features and a
# Gaussian of the distance 0.83 and 2.59, their cosine and an exponential 1.05 and 2.83, their
# cosine and a power 1.07, 2.80.
_REACH = 5.0
# A share of the picture, not cells: training's crops have fewer cells than pictures at run time,
# and things are as large in either.
_SIXTEENTHS = 16
_LIKENESS = 7.0
# A score that no place without a hint can reach.
_NEVER = 1e4


class HintPropagation(nn.Module):
    """Spreads the colors of hints over a map of features.

    Args:
        features: Channels of the map.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(features, _WIDTH, 1)
        self.key = nn.Conv2d(features, _WIDTH, 1)
        self.log_reach = nn.Parameter(torch.tensor(_REACH).log())
        self.log_likeness = nn.Parameter(torch.tensor(_LIKENESS).log())
        # The score of "no hint".
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor, hints: Tensor) -> Tensor:
        """Return w·a, w·b and w, shape (N, 3, h, w): the color taken, and how much of it.

        Args:
            features: Shape (N, C, h, w).
            hints: a and b over 110, and a mask, at the same size: (N, 3, h, w).
        """
        height, width = features.shape[-2:]
        given = hints.flatten(2)
        # Only cells that are hinted, in any of the samples, are looked at: none cost nothing.
        hinted = given[:, 2].amax(dim=0).nonzero()[:, 0]
        given = given.index_select(2, hinted)
        query = F.normalize(self.query(features).flatten(2), dim=1).transpose(1, 2)
        key = F.normalize(self.key(features).flatten(2).index_select(2, hinted), dim=1)
        scores = (query @ key) * self.log_likeness.exp()
        scores = scores - self._distance(height, width, hinted).to(scores)
        scores = scores - _NEVER * (1 - given[:, 2:])
        nothing = self.nothing.expand(scores.shape[0], scores.shape[1], 1)
        share = torch.softmax(torch.cat([scores, nothing], dim=2), dim=2)[:, :, :-1]
        # Rows of the unhinted cells are zero: they give neither color nor weight.
        taken = share @ (given * given[:, 2:]).transpose(1, 2)
        return taken.transpose(1, 2).unflatten(2, (height, width))

    def _distance(self, height: int, width: int, cells: Tensor) -> Tensor:
        """Return the distances from all cells to some, in reaches: (h·w, K).

        All in tensors: an exported graph is to work for every size.
        """
        rows = torch.arange(height, device=cells.device)
        columns = torch.arange(width, device=cells.device)
        y = rows[:, None].expand(height, width).flatten()
        x = columns[None].expand(height, width).flatten()
        below = y[:, None] - torch.div(cells, width, rounding_mode="floor")
        right = x[:, None] - cells % width
        unit = (torch.minimum(rows[-1], columns[-1]) + 1) / _SIXTEENTHS
        # The 1 keeps the root's slope finite.
        distance = (below**2 + right**2 + 1).to(self.log_reach).sqrt()
        return distance / (unit * self.log_reach.exp())
