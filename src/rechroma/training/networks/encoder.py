"""ImageNet encoders on L alone, from timm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import timm
from timm.models.efficientnet import EfficientNetFeatures

from rechroma.errors import ConfigError
from rechroma.files import reason_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

__all__ = ["encoder_features", "load_encoder"]


def load_encoder(name: str, weights: Path | None, *, pretrained: bool) -> EfficientNetFeatures:
    """Return one of timm's EfficientNets (Tan & Le 2019) for one channel, without its classifier.

    Args:
        name: timm's name.
        weights: A safetensors file with timm's names; None: timm's own download.
        pretrained: Start from ImageNet's weights; the first layer's three color kernels are added
            up, which equals feeding L three times.

    Raises:
        ConfigError: The weights can't be had.
    """
    if weights and not weights.is_file():
        raise ConfigError(
            f"{weights}: no such file",
            "mend NETWORK ENCODER_WEIGHTS, or leave it out: timm downloads the weights",
        )
    try:
        encoder = timm.create_model(
            name,
            pretrained=pretrained,
            pretrained_cfg_overlay={"file": str(weights)} if weights else None,
            features_only=True,
            in_chans=1,
        )
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"the ImageNet weights of {name} can't be loaded: {reason_of(error)}",
            "give a file in NETWORK ENCODER_WEIGHTS",
        ) from error
    assert isinstance(encoder, EfficientNetFeatures)  # noqa: S101 - what features_only gives
    return encoder


def encoder_features(
    encoder: EfficientNetFeatures, x: Tensor, added: Tensor | None = None
) -> list[Tensor]:
    """Return the features at strides 4, 8, 16 and 32.

    Args:
        encoder: As `load_encoder` makes it.
        x: Normalized L, shape (N, 1, H, W), sides divisible by 32.
        added: Joins what the first convolution gives, shape (N, stem, H/2, W/2).
    """
    x = encoder.conv_stem(x)
    x = encoder.bn1(x if added is None else x + added)
    features: list[Tensor] = []
    kept = encoder.feature_info.module_name()
    for stage, block in enumerate(encoder.blocks):
        x = block(x)
        if f"blocks.{stage}" in kept:
            features.append(x)
    # The first is at stride 2.
    return features[1:]
