"""Color queries: a few learnt vectors that look at the whole picture and each paint one map.

After DDColor (Kang et al., ICCV 2023, section 3.2), far smaller: its largest gain came from here,
and 20 queries did nearly what 100 did.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ColorQueries"]

_WIDTH = 64
_HEADS = 4


class ColorQueries(nn.Module):
    """Queries attend to the decoder's features, coarse to fine, then to each other.

    Args:
        count: Queries.
        levels: Channels of the decoder's features, coarse to fine.
        maps: Channels of the raw maps that the answer is added to; it starts at zero.
    """

    def __init__(self, count: int, levels: list[int], maps: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(count, _WIDTH) * 0.5)
        self.blocks = nn.ModuleList(_QueryBlock(width) for width in levels)
        self.pixels = nn.Conv2d(levels[-1], _WIDTH, 1)
        self.paint = nn.Conv2d(count, maps, 1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # pyright: ignore[reportArgumentType] - it has one

    def forward(self, levels: list[Tensor]) -> Tensor:
        """Map features (N, width, h, w) of each level to (N, maps, h, w) of the finest."""
        queries = self.queries.expand(levels[0].shape[0], -1, -1)
        for block, features in zip(self.blocks, levels, strict=True):
            queries = block(queries, features)
        pixels = self.pixels(levels[-1])
        painted = queries @ pixels.flatten(2) / _WIDTH**0.5
        return self.paint(painted.unflatten(2, pixels.shape[-2:]))


class _QueryBlock(nn.Module):
    """Cross-attention to one level's features, self-attention, and a small MLP, each residual."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.keys = nn.Conv2d(features, 2 * _WIDTH, 1)
        self.look = nn.Linear(_WIDTH, _WIDTH)
        self.looked = nn.Linear(_WIDTH, _WIDTH)
        self.talk = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.talked = nn.Linear(_WIDTH, _WIDTH)
        self.think = nn.Sequential(
            nn.Linear(_WIDTH, 2 * _WIDTH), nn.ReLU(), nn.Linear(2 * _WIDTH, _WIDTH)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(_WIDTH) for _ in range(3))

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        """Map queries (N, K, 64) and features (N, C, h, w) to queries (N, K, 64)."""
        looking, talking, thinking = self.norms
        keys, values = self.keys(features).flatten(2).transpose(1, 2).chunk(2, dim=-1)
        queries = queries + self.looked(_attend(self.look(looking(queries)), keys, values))
        queries = queries + self.talked(_attend(*self.talk(talking(queries)).chunk(3, dim=-1)))
        return queries + self.think(thinking(queries))


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention of several heads; all (N, tokens, 64)."""
    split = [x.unflatten(-1, (_HEADS, -1)).transpose(1, 2) for x in (queries, keys, values)]
    attended = F.scaled_dot_product_attention(split[0], split[1], split[2])
    return attended.transpose(1, 2).flatten(2)
