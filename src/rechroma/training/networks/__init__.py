"""The networks: each takes L, shape (N, 1, H, W) in 0…100, and gives raw maps, (N, C, H/s, W/s).

What the maps mean is not the network's business: see `rechroma.training.outputs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.training.networks.efficientnet_lite0 import EfficientNetLite0UNet
from rechroma.training.networks.efficientnet_lite2 import EfficientNetLite2UNet
from rechroma.training.networks.network import Conditioning, Network, NetworkOutput
from rechroma.training.networks.unet import BaseUNet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NETWORKS", "Conditioning", "Network", "NetworkOutput"]

# NETWORK NAME → what builds it, and says what it can do and which keys it heeds.
NETWORKS: Mapping[str, type[Network]] = {
    "base": BaseUNet,
    "efficientnet_lite0_unet": EfficientNetLite0UNet,
    "efficientnet_lite2_unet": EfficientNetLite2UNet,
}
