"""`efficientnet_lite2_unet`: a larger ImageNet encoder, attention over the picture, a slim decoder.

It costs as much as `efficientnet_lite0_unet`: what the larger encoder costs, the decoder saves by
reducing channels before it enlarges, and the last layer by being one instead of three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.colorizer.conditioning import HINT_CHANNELS, MOOD_SIZE
from rechroma.training.networks.attention import ContextBlock
from rechroma.training.networks.conditioning import ConditioningLayers
from rechroma.training.networks.encoder import encoder_features, load_encoder
from rechroma.training.networks.network import Conditioning, Network, NetworkOutput
from rechroma.training.networks.queries import ColorQueries
from rechroma.training.networks.unet import conv_block

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.training.networks.options import NetworkOptions

__all__ = ["EfficientNetLite2UNet", "ReduceEnlargeBlock"]

_ENCODER = "tf_efficientnet_lite2"
# Channels of the encoder's first convolution.
_STEM = 32
# Channels at stride 32, and the heads that look at them.
_DEEPEST, _DEEPEST_HEADS = 256, 8
# Strides, output channels and 3×3 convolutions of the decoder's levels.
_STRIDES = (16, 8, 4)
_WIDTHS = (160, 112, 64)
_MIXES = (2, 2, 1)
_HEADS = 4
_QUERIES = 32
# The last layer starts with small weights, and even smaller ones for the queries' maps, which are
# large before they have learnt: no bin is preferred by chance.
_HEAD_SCALE = 0.3


class EfficientNetLite2UNet(Network):
    """EfficientNet-lite2 (Tan & Le 2019) on L alone, decoded at strides 16, 8 and 4.

    One last layer sees everything: the decoder's features, the maps that color queries paint, and
    what places take from hints. It takes hints and moods always.

    Args:
        pull: See `Network.from_config`.
        pretrained: Start from ImageNet weights.
        encoder_weights: See `load_encoder`.
    """

    options = frozenset({"encoder_weights"})
    pretrained_parts = ("encoder",)
    stride = 32
    output_stride = 4
    feature_stride = 16

    def __init__(
        self, pull: Tensor, *, pretrained: bool, encoder_weights: Path | None = None
    ) -> None:
        super().__init__()
        self.encoder = load_encoder(_ENCODER, encoder_weights, pretrained=pretrained)
        # Features at strides 2, 4, 8, 16, 32; the first is not needed.
        _, *skips, deepest = self.encoder.feature_info.channels()
        self.bottleneck = nn.Sequential(
            nn.Conv2d(deepest, _DEEPEST, 1, bias=False),
            nn.BatchNorm2d(_DEEPEST),
            nn.ReLU(inplace=True),
        )
        self.context_32 = nn.Sequential(
            ContextBlock(_DEEPEST, _DEEPEST_HEADS), ContextBlock(_DEEPEST, _DEEPEST_HEADS)
        )
        levels = zip((_DEEPEST, *_WIDTHS[:-1]), reversed(skips), _WIDTHS, _MIXES, strict=True)
        self.decoder = nn.ModuleList(ReduceEnlargeBlock(*level) for level in levels)
        self.context_16 = ContextBlock(_WIDTHS[0], _HEADS)
        self.queries = ColorQueries(_QUERIES, _WIDTHS)
        self.conditioning = ConditioningLayers(
            _STEM, list(zip(_STRIDES, _WIDTHS, strict=True)), len(pull)
        )
        self.head = _head(pull)

    @classmethod
    def from_config(cls, config: NetworkOptions, pull: Tensor, *, pretrained: bool) -> Self:
        """Return the network of a config: see `Network.from_config`."""
        return cls(pull, pretrained=pretrained, encoder_weights=config.encoder_weights)

    @property
    def takes_conditioning(self) -> bool:
        """Always."""
        return True

    def hint_parameters(self) -> list[nn.Parameter]:
        """Return what spreads hints."""
        return list(self.conditioning.spread.parameters())

    def forward(self, lightness: Tensor, conditioning: Conditioning | None = None) -> NetworkOutput:
        """Map L (N, 1, H, W), sides divisible by 32, to raw maps (N, maps, H/4, W/4).

        The features are the encoder's at stride 16, (N, 120, H/16, W/16).
        """
        given = conditioning or _nothing_for(lightness)
        # L in −1…1, as timm's weights of this encoder saw pictures.
        *skips, x = encoder_features(
            self.encoder, lightness / 50 - 1, self.conditioning.at_stem(given)
        )
        x = self.context_32(self.bottleneck(x))
        levels: list[Tensor] = []
        added = self.conditioning.at_levels(given)
        for block, skip, more in zip(self.decoder, reversed(skips), added, strict=True):
            x = block(x, skip)
            x = (x if levels else self.context_16(x)) + more
            levels.append(x)
        taken = self.conditioning.taken(given, levels)
        seen = torch.cat([x, self.queries(levels), taken], dim=1)
        # A hint's pull is large, and bins beside each other differ little by it: no half precision.
        with torch.autocast(seen.device.type, enabled=False):
            maps = self.head(seen.float()) + self.conditioning.at_maps(given).float()
        return NetworkOutput(maps, skips[-1], taken[:, 2:])


class ReduceEnlargeBlock(nn.Module):
    """Reduces the channels, doubles the size, adds the encoder's features of that size, and mixes.

    A 1×1 convolution costs a quarter before the size is doubled, and both orders give the same:
    bilinear interpolation treats all channels alike.

    Args:
        inputs: Channels that come in.
        skip: Channels of the encoder's features.
        outputs: Channels that go out.
        mixes: 3×3 convolutions; each but the first is added to what comes in.
    """

    def __init__(self, inputs: int, skip: int, outputs: int, mixes: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.lateral = nn.Conv2d(skip, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.mix = nn.ModuleList(conv_block(outputs, outputs) for _ in range(mixes))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Join x (N, inputs, h, w) with skip (N, skip, 2h, 2w): (N, outputs, 2h, 2w)."""
        x = F.interpolate(self.reduce(x), scale_factor=2, mode="bilinear", align_corners=False)
        x = F.relu(self.norm(x + self.lateral(skip)))
        first, *others = self.mix
        x = first(x)
        for mix in others:
            x = x + mix(x)
        return x


def _head(pull: Tensor) -> nn.Conv2d:
    """Return the last layer, whose last inputs, what is taken from hints, start as `pull`."""
    head = nn.Conv2d(_WIDTHS[-1] + _QUERIES + HINT_CHANNELS, len(pull), 1)
    with torch.no_grad():
        head.weight.mul_(_HEAD_SCALE)
        head.weight[:, _WIDTHS[-1] : -HINT_CHANNELS].mul_(_HEAD_SCALE)
        head.weight[:, -HINT_CHANNELS:] = pull[:, :, None, None]
        nn.init.zeros_(head.bias)  # pyright: ignore[reportArgumentType] - it has one
    return head


def _nothing_for(lightness: Tensor) -> Conditioning:
    """Return neither hints nor a mood."""
    count, _, height, width = lightness.shape
    return Conditioning(
        lightness.new_zeros(count, HINT_CHANNELS, height, width),
        lightness.new_zeros(count, MOOD_SIZE),
    )
