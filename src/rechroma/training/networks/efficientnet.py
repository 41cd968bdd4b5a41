"""`efficientnet_lite0_unet`: an ImageNet encoder and a slim decoder to a quarter of the size.

Chroma needs little resolution (the truth's at a quarter scores 38 dB), so the two most expensive
levels of a U-Net are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import timm
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn

from rechroma.errors import ConfigError
from rechroma.training.networks.conditioning import Conditioning, ConditioningLayers
from rechroma.training.networks.queries import ColorQueries
from rechroma.training.networks.unet import UpBlock, normalize_lightness

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EfficientNetUNet"]

_ENCODER = "tf_efficientnet_lite0"
# Channels of the encoder's first convolution.
_STEM = 32
# Strides and output channels of the decoder's levels.
_STRIDES = (16, 8, 4)
_WIDTHS = (128, 96, 64)


class EfficientNetUNet(nn.Module):
    """EfficientNet-lite0 (Tan & Le 2019) on L alone, decoded at strides 16, 8 and 4.

    Args:
        channels: Output maps.
        pretrained: Start from ImageNet weights; the stem's three color kernels are added up, which
            equals feeding L three times.
        encoder_weights: A safetensors file with timm's names; absent: timm's download.
        pull: Take hints and moods, with that start; see `ConditioningLayers`.
        queries: Color queries; 0: none.
    """

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
        self.encoder = _encoder(encoder_weights, pretrained=pretrained)
        # Features at strides 2, 4, 8, 16, 32; the first is not needed.
        _, *skips, deepest = self.encoder.feature_info.channels()
        inputs = (deepest, *_WIDTHS[:-1])
        self.decoder = nn.ModuleList(
            UpBlock(i, s, w) for i, s, w in zip(inputs, reversed(skips), _WIDTHS, strict=True)
        )
        self.head = nn.Conv2d(_WIDTHS[-1], channels, 1)
        levels = list(zip(_STRIDES, _WIDTHS, strict=True))
        self.side = None if pull is None else ConditioningLayers(_STEM, levels, pull)
        self.queries = ColorQueries(queries, list(_WIDTHS), channels) if queries else None
        self.frozen = False

    def freeze_pretrained(self) -> None:
        """Keep the encoder as it is, its running statistics too."""
        self.frozen = True
        self.encoder.requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - as in the parent
        """Switch everything that is not frozen."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def hint_parameters(self) -> list[nn.Parameter]:
        """Return what spreads hints, which has few samples to learn from and may learn faster."""
        return [] if self.side is None else self.side.hint_parameters()

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """Return the encoder's parameters, which learn at their own rate."""
        return list(self.encoder.parameters())

    def forward(self, lightness: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        """Map L (N, 1, H, W), sides divisible by 32, to raw maps (N, channels, H/4, W/4)."""
        return self.with_features(lightness, conditioning)[0]

    def with_features(
        self, lightness: Tensor, conditioning: Conditioning | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the raw maps, and the encoder's features at stride 16, (N, 112, H/16, W/16).

        With conditioning also how much of its color each place takes from hints, (N, 1, H/4, W/4).
        """
        side = self.side if conditioning else None
        *skips, x = self._encode(
            lightness, side.at_stem(conditioning) if side and conditioning else None
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
            return maps, skips[-1], None
        taken = side.taken(conditioning, levels)
        return maps + side.at_maps(conditioning, taken), skips[-1], taken[:, 2:]

    def _encode(self, lightness: Tensor, added: Tensor | None) -> list[Tensor]:
        """Return the features at strides 4, 8, 16 and 32; `added` joins the first convolution's."""
        x = self.encoder.conv_stem(normalize_lightness(lightness))
        x = self.encoder.bn1(x if added is None else x + added)
        features: list[Tensor] = []
        kept = self.encoder.feature_info.module_name()
        for stage, block in enumerate(self.encoder.blocks):
            x = block(x)
            if f"blocks.{stage}" in kept:
                features.append(x)
        return features[1:]


def _encoder(weights: Path | None, *, pretrained: bool) -> EfficientNetFeatures:
    source = {"file": str(weights)} if weights else None
    if weights and not weights.is_file():
        raise ConfigError(
            f"{weights}: no such file",
            "mend NETWORK ENCODER_WEIGHTS, or leave it out: timm downloads the weights",
        )
    try:
        encoder = timm.create_model(
            _ENCODER,
            pretrained=pretrained,
            pretrained_cfg_overlay=source,
            features_only=True,
            in_chans=1,
        )
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"the ImageNet weights of {_ENCODER} can't be loaded: {error}",
            "give a file in NETWORK ENCODER_WEIGHTS",
        ) from error
    assert isinstance(encoder, EfficientNetFeatures)  # noqa: S101 - what features_only gives
    return encoder
