"""Color queries: a few learnt vectors that look at the whole picture and each paint one map.

After DDColor (Kang et al., ICCV 2023, section 3.2), far smaller: its largest gain came from here,
and 20 queries did nearly what 100 did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from rechroma.training.networks.attention import multi_head_attention

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ColorQueries"]

_WIDTH = 64
_HEADS = 4


class ColorQueries(nn.Module):
    """Queries attend to the decoder's features, coarse to fine, then to each other.

    Args:
        count: Queries.
        levels: Channels of the decoder's features, coarse to fine.
    """

    def __init__(self, count: int, levels: Sequence[int]) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(count, _WIDTH) * 0.5)
        self.blocks = nn.ModuleList(_QueryBlock(width) for width in levels)
        self.pixel_embedding = nn.Conv2d(levels[-1], _WIDTH, 1)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Map features (N, width, h, w) of each level to (N, count, h, w) of the finest."""
        queries = self.queries.expand(levels[0].shape[0], -1, -1)
        for block, features in zip(self.blocks, levels, strict=True):
            queries = block(queries, features)
        pixels = self.pixel_embedding(levels[-1])
        painted = queries @ pixels.flatten(2) / _WIDTH**0.5
        return painted.unflatten(2, pixels.shape[-2:])


class _QueryBlock(nn.Module):
    """Cross-attention to one level's features, self-attention, and a small MLP, each residual."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.cross_norm, self.self_norm, self.mlp_norm = (nn.LayerNorm(_WIDTH) for _ in range(3))
        self.cross_query = nn.Linear(_WIDTH, _WIDTH)
        self.cross_key_value = nn.Conv2d(features, 2 * _WIDTH, 1)
        self.cross_output = nn.Linear(_WIDTH, _WIDTH)
        self.self_query_key_value = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.self_output = nn.Linear(_WIDTH, _WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(_WIDTH, 2 * _WIDTH), nn.ReLU(), nn.Linear(2 * _WIDTH, _WIDTH)
        )

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        """Map queries (N, K, 64) and features (N, C, h, w) to queries (N, K, 64)."""
        tokens = self.cross_key_value(features).flatten(2).transpose(1, 2)
        query = self.cross_query(self.cross_norm(queries))
        attended = multi_head_attention(query, *tokens.chunk(2, dim=-1), heads=_HEADS)
        queries = queries + self.cross_output(attended)
        projected = self.self_query_key_value(self.self_norm(queries)).chunk(3, dim=-1)
        queries = queries + self.self_output(multi_head_attention(*projected, heads=_HEADS))
        return queries + self.mlp(self.mlp_norm(queries))
