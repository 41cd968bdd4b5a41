"""The networks: each takes L, shape (N, 1, H, W) in 0…100, and gives raw maps, (N, C, H/s, W/s).

What the maps mean is not the network's business: see `rechroma.training.outputs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.training.networks.conditioning import Conditioning
from rechroma.training.networks.efficientnet import EfficientNetUNet
from rechroma.training.networks.unet import BaseUNet

if TYPE_CHECKING:
    from torch import Tensor

    from rechroma.training.config import NetworkConfig

__all__ = ["Conditioning", "EfficientNetUNet", "Network", "build_network"]

# Classes are many: their maps are a quarter of the picture's size, as in Zhang et al. 2016.
_BINS_STRIDE = 4

Network = BaseUNet | EfficientNetUNet


def build_network(config: NetworkConfig, pull: Tensor, *, pretrained: bool) -> Network:
    """Return the network of that name.

    Args:
        config: The NETWORK section.
        pull: See `hint_pull`: its rows are the output maps.
        pretrained: Load the encoder's ImageNet weights; no need where a checkpoint follows.

    Raises:
        ConfigError: The encoder's weights can't be had.
    """
    channels = len(pull)
    match config.name:
        case "base":
            stride = _BINS_STRIDE if config.output == "bins" else 1
            return BaseUNet(channels, config.width, stride)
        case "efficientnet_lite0_unet":
            return EfficientNetUNet(
                channels,
                pretrained=pretrained,
                encoder_weights=config.encoder_weights,
                pull=pull if config.conditioning else None,
                queries=config.queries,
            )
