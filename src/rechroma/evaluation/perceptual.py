"""The perceptual distances by name, for losses and for scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from torch import Tensor, nn
from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

from rechroma.errors import MissingExtraError
from rechroma.evaluation.stlpips import STLPIPS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METRIC_TITLES", "LPIPSAlex", "PerceptualDistance", "PerceptualName", "load_perceptual"]

PerceptualName = Literal["lpips", "st_lpips"]
METRIC_TITLES: Mapping[str, str] = {"lpips": "LPIPS-Alex", "st_lpips": "ST-LPIPS-Alex"}


class PerceptualDistance(Protocol):
    """Anything that compares two batches of sRGB pictures, (N, 3, H, W) in 0…1: shape (N,)."""

    def __call__(self, x: Tensor, y: Tensor) -> Tensor: ...  # noqa: D102


class LPIPSAlex(nn.Module):
    """LPIPS with AlexNet (Zhang et al., CVPR 2018), torchmetrics' network.

    Raises:
        MissingExtraError: torchvision can't download AlexNet's ImageNet weights here.
    """

    def __init__(self) -> None:
        super().__init__()
        try:
            self.net = LearnedPerceptualImagePatchSimilarity(net_type="alex").net
        except OSError as error:
            raise MissingExtraError(
                f"AlexNet's ImageNet weights can't be downloaded for LPIPS: {error}",
                "go online once, or use st_lpips",
            ) from error
        self.requires_grad_(requires_grad=False)
        self.eval()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the distance, shape (N,), of pictures in 0…1; values outside are not clipped."""
        return self.net(2 * x - 1, 2 * y - 1).view(-1)


def load_perceptual(name: PerceptualName) -> STLPIPS | LPIPSAlex:
    """Return the distance of that name with its published weights.

    Raises:
        MissingExtraError: Its weights can't be had.
    """
    match name:
        case "st_lpips":
            return STLPIPS.load()
        case "lpips":
            return LPIPSAlex()
