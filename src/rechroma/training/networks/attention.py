"""Attention: between any tokens, and of every cell of a feature map to every other."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ContextBlock", "multi_head_attention"]


def multi_head_attention(query: Tensor, key: Tensor, value: Tensor, *, heads: int) -> Tensor:
    """Return scaled dot-product attention of several heads (Vaswani et al. 2017), projected before.

    Args:
        query: Shape (N, M, C); heads divide C.
        key: Shape (N, K, C).
        value: Shape (N, K, C).
        heads: How many.

    Returns:
        Shape (N, M, C).
    """
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class ContextBlock(nn.Module):
    """Every cell looks at every other: what a thing is often shows somewhere else.

    A transformer's block on a feature map: self-attention and a small MLP, each on normalized
    features and added to them. A depthwise 3×3 convolution before both tells neighbors and borders
    apart, at any size (conditional positional encoding: Chu et al., ICLR 2023). It starts as the
    identity.

    Args:
        channels: Of the map.
        heads: Of the attention; they divide the channels.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.attention_norm = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.attention_output = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        mlp_output = nn.Linear(2 * channels, channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 2 * channels), nn.GELU(), mlp_output)
        for layer in (self.position, self.attention_output, mlp_output):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Map features (N, C, h, w) to the same shape."""
        x = x + self.position(x)
        tokens = x.flatten(2).transpose(1, 2)
        projected = self.query_key_value(self.attention_norm(tokens)).chunk(3, dim=-1)
        attended = multi_head_attention(*projected, heads=self.heads)
        tokens = tokens + self.attention_output(attended)
        tokens = tokens + self.mlp(self.mlp_norm(tokens))
        return tokens.transpose(1, 2).reshape(x.shape)
