"""KID-lite0: kernel inception distance (Bińkowski et al. 2018) on EfficientNet-lite0's features.

It sees a desaturated set of pictures, which PSNR rewards. Its features are not Inception's: the
number must not stand beside published KID or FID.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import timm
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchmetrics.image.kid import KernelInceptionDistance

from rechroma.errors import ModelError, UsageError
from rechroma.files import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Lite0Features", "kid"]

_NAME = "tf_efficientnet_lite0"
_SIZE = 224
_SUBSETS = 100
_SUBSET = 100
# The estimate divides by the number of pairs of different pictures.
_FEWEST = 2


class Lite0Features(nn.Module):
    """The pooled 1280 features of ImageNet's EfficientNet-lite0.

    Args:
        weights: A safetensors file with timm's names; None for timm's download.

    Raises:
        ModelError: The weights can't be had.
    """

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        try:
            self.network = timm.create_model(_NAME, pretrained=weights is None, num_classes=0)
            if weights is not None:
                _load(self.network, weights)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"the weights of {_NAME} can't be had: {reason_of(error)}",
                "give --kid-encoder FILE",
            ) from error
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Return features, shape (N, 1280), of pictures, shape (N, 3, 224, 224), in 0…1."""
        # The tf_ weights were trained on −1…1.
        return self.network(rgb * 2 - 1)


def _load(network: nn.Module, file: Path) -> None:
    """Load exactly this network's weights; a classifier in the file is left out."""
    weights = {k: v for k, v in load_file(file).items() if not k.startswith("classifier.")}
    counters = {name for name in network.state_dict() if name.endswith("num_batches_tracked")}
    if wrong := sorted((network.state_dict().keys() ^ weights.keys()) - counters):
        raise ModelError(
            f"{file}: not the weights of {_NAME}: {len(wrong)} names differ, such as {wrong[0]}",
            "give a safetensors file with timm's names",
        )
    network.load_state_dict(weights, strict=False)


def kid(
    results: Iterable[NDArray[np.uint8]],
    truths: Iterable[NDArray[np.uint8]],
    features: nn.Module,
    seed: int = 0,
) -> float:
    """Return the mean KID over seeded subsets of 100 pictures (all, if there are fewer).

    Args:
        results: 8-bit sRGB pictures, shape (H, W, 3), of any sizes: the shorter side is scaled to
            224 and the center is taken.
        truths: The same.
        features: Maps (N, 3, 224, 224) in 0…1 to (N, C).
        seed: Of the subsets.

    Raises:
        UsageError: There are fewer than two of either.
    """
    fake = torch.cat([central_square(picture) for picture in results])
    real = torch.cat([central_square(picture) for picture in truths])
    size = min(_SUBSET, len(fake), len(real))
    if size < _FEWEST:
        raise UsageError("KID needs at least two pictures", "give more, or leave KID out")
    with warnings.catch_warnings():
        # It keeps all features; 1280 numbers a picture are meant to be kept.
        warnings.filterwarnings("ignore", "Metric `Kernel Inception Distance` will save")
        metric = KernelInceptionDistance(feature=features, subsets=_SUBSETS, subset_size=size)
    for batch in real.split(32):
        metric.update(batch, real=True)
    for batch in fake.split(32):
        metric.update(batch, real=False)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        mean, _ = metric.compute()
    return float(mean)


def central_square(picture: NDArray[np.uint8]) -> Tensor:
    """Return the central square at 224 px, shape (1, 3, 224, 224), in 0…1."""
    values = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
    rgb = torch.from_numpy(values).float() / 255
    side = min(rgb.shape[-2:])
    top, left = (rgb.shape[-2] - side) // 2, (rgb.shape[-1] - side) // 2
    square = rgb[..., top : top + side, left : left + side]
    scaled = F.interpolate(square, (_SIZE, _SIZE), mode="bicubic", antialias=True)
    return scaled.clamp(0, 1)
