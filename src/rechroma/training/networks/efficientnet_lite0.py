"""`efficientnet_lite0_unet`: an ImageNet encoder and a slim decoder to a quarter of the size.

Chroma needs little resolution (the truth's at a quarter scores 38 dB), so the two most expensive
levels of a U-Net are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from torch import Tensor, nn

from rechroma.colorizer.conditioning import HINT_CHANNELS
from rechroma.training.networks.conditioning import ConditioningLayers
from rechroma.training.networks.encoder import encoder_features, load_encoder
from rechroma.training.networks.network import Conditioning, Network, NetworkOutput
from rechroma.training.networks.queries import ColorQueries
from rechroma.training.networks.unet import UpBlock, normalize_lightness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rechroma.training.networks.options import NetworkOptions

__all__ = ["EfficientNetLite0UNet"]

_ENCODER = "tf_efficientnet_lite0"
# Channels of the encoder's first convolution.
_STEM = 32
# Strides and output channels of the decoder's levels.
_STRIDES = (16, 8, 4)
_WIDTHS = (128, 96, 64)


class EfficientNetLite0UNet(Network):
    """EfficientNet-lite0 (Tan & Le 2019) on L alone, decoded at strides 16, 8 and 4.

    Its raw maps are a sum: of the decoder's, the color queries', and what follows hints.

    Args:
        channels: Output maps.
        pretrained: Start from ImageNet weights.
        encoder_weights: See `load_encoder`.
        pull: Take hints and moods, with that start; see `Network.from_config`.
        queries: Color queries; 0: none.
    """

    options = frozenset({"encoder_weights", "conditioning", "queries"})
    pretrained_parts = ("encoder",)
    optional_parts = ("side", "queries")
    stride = 32
    output_stride = 4
    feature_stride = 16

    def __init__(
        self,
        channels: int,
        *,
        pretrained: bool,
        encoder_weights: Path | None = None,
        pull: Tensor | None = None,
        queries: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = load_encoder(_ENCODER, encoder_weights, pretrained=pretrained)
        # Features at strides 2, 4, 8, 16, 32; the first is not needed.
        _, *skips, deepest = self.encoder.feature_info.channels()
        inputs = (deepest, *_WIDTHS[:-1])
        self.decoder = nn.ModuleList(
            UpBlock(i, s, w) for i, s, w in zip(inputs, reversed(skips), _WIDTHS, strict=True)
        )
        self.head = nn.Conv2d(_WIDTHS[-1], channels, 1)
        self.side = None if pull is None else _PullingLayers(pull)
        self.queries = _PaintingQueries(queries, channels) if queries else None

    @classmethod
    def from_config(cls, config: NetworkOptions, pull: Tensor, *, pretrained: bool) -> Self:
        """Return the network of a config: see `Network.from_config`."""
        return cls(
            len(pull),
            pretrained=pretrained,
            encoder_weights=config.encoder_weights,
            pull=pull if config.conditioning else None,
            queries=config.queries,
        )

    @property
    def takes_conditioning(self) -> bool:
        """Whether it was built with side inputs."""
        return self.side is not None

    def hint_parameters(self) -> list[nn.Parameter]:
        """Return what spreads hints and follows them."""
        if self.side is None:
            return []
        return [*self.side.spread.parameters(), *self.side.pull.parameters()]

    def forward(self, lightness: Tensor, conditioning: Conditioning | None = None) -> NetworkOutput:
        """Map L (N, 1, H, W), sides divisible by 32, to raw maps (N, channels, H/4, W/4).

        The features are the encoder's at stride 16, (N, 112, H/16, W/16).
        """
        side = self.side if conditioning else None
        *skips, x = encoder_features(
            self.encoder,
            normalize_lightness(lightness),
            side.at_stem(conditioning) if side and conditioning else None,
        )
        added = side.at_levels(conditioning) if side and conditioning else [None] * len(_STRIDES)
        levels: list[Tensor] = []
        for block, skip, more in zip(self.decoder, reversed(skips), added, strict=True):
            x = block(x, skip) if more is None else block(x, skip) + more
            levels.append(x)
        maps = self.head(x)
        if self.queries is not None:
            maps = maps + self.queries(levels)
        if not (side and conditioning):
            return NetworkOutput(maps, skips[-1])
        taken = side.taken(conditioning, levels)
        maps = maps + side.pull(taken) + side.at_maps(conditioning)
        return NetworkOutput(maps, skips[-1], taken[:, 2:])


class _PullingLayers(ConditioningLayers):
    """Conditioning layers with one more, which is no zero at the start: hints pull the maps."""

    def __init__(self, pull: Tensor) -> None:
        super().__init__(_STEM, list(zip(_STRIDES, _WIDTHS, strict=True)), len(pull))
        self.pull = nn.Conv2d(HINT_CHANNELS, len(pull), 1, bias=False)
        self.pull.weight.data = pull[:, :, None, None].clone()


class _PaintingQueries(ColorQueries):
    """Color queries with a last layer of their own, zero at the start, to raw maps."""

    def __init__(self, count: int, maps: int) -> None:
        super().__init__(count, _WIDTHS)
        self.paint = nn.Conv2d(count, maps, 1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # pyright: ignore[reportArgumentType] - it has one

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Map features (N, width, h, w) of each level to (N, maps, h, w) of the finest."""
        return self.paint(super().forward(levels))
