"""`base`: a plain U-Net (Ronneberger et al. 2015) from scratch, for the original's recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.training.networks.network import Conditioning, Network, NetworkOutput

if TYPE_CHECKING:
    from rechroma.training.networks.options import NetworkOptions

__all__ = ["BaseUNet", "UpBlock", "conv_block", "normalize_lightness"]


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


_LEVELS = 4
# Classes are many: their maps are a quarter of the picture's size, as in Zhang et al. 2016.
_BINS_STRIDE = 4


class BaseUNet(Network):
    """Four levels of two convolutions each, down by max pooling, up by `UpBlock`.

    Args:
        channels: Output maps.
        width: Channels of the first level; each level doubles them.
        output_stride: The maps' size is the input's over this; features are averaged on the way.
    """

    options = frozenset({"width"})
    outputs = frozenset({"rgb", "ab", "bins"})
    stride = 2**_LEVELS
    # Trained from scratch on few pictures, its features know little of what things are.
    feature_stride = 0

    def __init__(self, channels: int, width: int, output_stride: int = 1) -> None:
        super().__init__()
        self.output_stride = output_stride
        widths = [width * 2**level for level in range(_LEVELS + 1)]
        inputs = [1, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(i, w), conv_block(w, w))
            for i, w in zip(inputs, widths, strict=True)
        )
        self.up = nn.ModuleList(UpBlock(2 * w, w, w) for w in reversed(widths[:-1]))
        self.head = nn.Conv2d(width, channels, 1)

    @classmethod
    def from_config(cls, config: NetworkOptions, pull: Tensor, *, pretrained: bool) -> Self:  # noqa: ARG003 - from scratch
        """Return the network of a config: see `Network.from_config`."""
        return cls(len(pull), config.width, _BINS_STRIDE if config.output == "bins" else 1)

    def forward(
        self,
        lightness: Tensor,
        conditioning: Conditioning | None = None,  # noqa: ARG002 - it takes none
    ) -> NetworkOutput:
        """Map L (N, 1, H, W), sides divisible by 16, to raw maps (N, channels, H/s, W/s)."""
        x, skips = normalize_lightness(lightness), list[Tensor]()
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = block(x, skip)
        x = F.avg_pool2d(x, self.output_stride) if self.output_stride > 1 else x
        return NetworkOutput(self.head(x))
