"""The pieces that the networks share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["UpBlock", "conv_block", "normalize_lightness"]


def normalize_lightness(lightness: Tensor) -> Tensor:
    """Map L in 0…100 to about −2…2, the range that ImageNet's encoders saw."""
    return (lightness / 100 - 0.5) / 0.25


def conv_block(inputs: int, outputs: int) -> nn.Sequential:
    """Return a 3×3 convolution with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UpBlock(nn.Module):
    """Doubles the size, joins the encoder's features of that size, and mixes both.

    Bilinear, not a transposed convolution: that leaves a checkerboard at its own period.
    """

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(conv_block(inputs + skip, outputs), conv_block(outputs, outputs))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Join x (N, inputs, h, w) with skip (N, skip, 2h, 2w): (N, outputs, 2h, 2w)."""
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.mix(torch.cat([x, skip], dim=1))
