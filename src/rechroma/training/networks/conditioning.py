"""Conditioning layers: hints and a mood, added to a network that works without them.

Without conditioning nothing is added, whatever has been learnt. Last layers start at zero; that a
hint pulls the answer to its color from the start is the network's own last layer's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.colorizer.conditioning import HINT_CHANNELS, MOOD_SIZE
from rechroma.training.networks.hint_propagation import HintPropagation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.training.networks.network import Conditioning

__all__ = ["ConditioningLayers"]

_HIDDEN = 128
# The decoder's level on whose features hints spread: the middle one, of cells of 8 pixels.
_SPREAD_AT = 1


class ConditioningLayers(nn.Module):
    """Turns conditioning into what is added to features of a network.

    Args:
        stem: Channels of the encoder's first features, at stride 2: through these a hint reaches
            everything that is like its place.
        levels: (stride, channels) of the decoder's features.
        maps: Raw maps, whose bias a mood moves; for bins that is the prior.
    """

    def __init__(self, stem: int, levels: Sequence[tuple[int, int]], maps: int) -> None:
        super().__init__()
        self.strides = [stride for stride, _ in levels]
        self.stem = _zero(nn.Conv2d(HINT_CHANNELS, stem, 3, padding=1, bias=False))
        self.hint_levels = nn.ModuleList(
            _zero(nn.Conv2d(HINT_CHANNELS, width, 3, padding=1, bias=False)) for _, width in levels
        )
        self.mood = nn.Sequential(nn.Linear(MOOD_SIZE, _HIDDEN), nn.ReLU())
        self.mood_levels = nn.ModuleList(_zero(nn.Linear(_HIDDEN, width)) for _, width in levels)
        self.mood_maps = _zero(nn.Linear(_HIDDEN, maps))
        _, width = levels[_SPREAD_AT]
        self.spread = HintPropagation(width)

    def at_stem(self, conditioning: Conditioning) -> Tensor:
        """Return what is added to the encoder's first features, (N, stem, H/2, W/2)."""
        return self.stem(F.avg_pool2d(conditioning.hints, 2))

    def at_levels(self, conditioning: Conditioning) -> list[Tensor]:
        """Return what is added to each of the decoder's features, (N, width, H/s, W/s)."""
        layers = zip(self.strides, self.hint_levels, self.mood_levels, strict=True)
        return [
            hint(_pooled(conditioning.hints, stride)) + self._toned(conditioning, tone)
            for stride, hint, tone in layers
        ]

    def taken(self, conditioning: Conditioning, levels: Sequence[Tensor]) -> Tensor:
        """Return the color that each place takes from hints, and how much: see `HintPropagation`.

        Args:
            conditioning: What the user says.
            levels: The decoder's features.

        Returns:
            Shape (N, 3, h, w), at the size of the last of the features.
        """
        hints = _pooled(conditioning.hints, self.strides[_SPREAD_AT])
        taken = self.spread(levels[_SPREAD_AT], hints)
        factor = self.strides[_SPREAD_AT] // self.strides[-1]
        return F.interpolate(taken, scale_factor=factor, mode="bilinear", align_corners=False)

    def at_maps(self, conditioning: Conditioning) -> Tensor:
        """Return what a mood adds to the raw maps, (N, maps, 1, 1)."""
        return self._toned(conditioning, self.mood_maps)

    def _toned(self, conditioning: Conditioning, tone: nn.Module) -> Tensor:
        # The vector's last entry is 0 where there is no mood: biases must not speak then.
        return (tone(self.mood(conditioning.mood)) * conditioning.mood[:, -1:])[..., None, None]


def _pooled(hints: Tensor, stride: int) -> Tensor:
    """Average a and b over the hinted pixels of each block: a small hint stays as strong."""
    share = F.avg_pool2d(hints, stride)
    amount = share[:, 2:]
    return torch.cat([share[:, :2] / amount.clamp(min=1e-5), (amount > 0).to(share)], dim=1)


def _zero(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
