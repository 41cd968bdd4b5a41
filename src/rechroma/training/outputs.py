"""What a network's raw maps mean, and how they are compared with the truth.

Every kind ends in the same two things: an answer for the run-time colorizer, which is chroma or
RGB, and RGB for perceptual losses. `rgb` is the original's first variant, `ab` its LAB variant,
`bins` Zhang et al. 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.color import lab_torch
from rechroma.training.bins import BinCodec

if TYPE_CHECKING:
    from rechroma.training.config import NetworkConfig

__all__ = [
    "AbOutput",
    "BinsOutput",
    "Output",
    "RgbOutput",
    "Truth",
    "build_output",
    "hint_pull",
    "truth_of",
]

# a and b lie within ±110 in sRGB; the networks work on them normalized to 0…1, as in the original.
AB_RANGE = 110.0
# How wide the pull of a hint is at the start, in units of a and b.
_HINT_SIGMA = 7.0


@dataclass(frozen=True, slots=True)
class Truth:
    """A batch of color pictures: rgb (N, 3, H, W) in 0…1, and the same in CIELAB."""

    rgb: Tensor
    lab: Tensor

    @property
    def lightness(self) -> Tensor:
        """The network's input: L, shape (N, 1, H, W), in 0…100."""
        return self.lab[:, :1]

    def at(self, numbers: list[int]) -> Truth:
        """Return some of the pictures."""
        return Truth(self.rgb[numbers], self.lab[numbers])

    def chroma(self, stride: int) -> Tensor:
        """Return a and b, averaged over blocks: (N, 2, H/stride, W/stride)."""
        return F.avg_pool2d(self.lab[:, 1:], stride) if stride > 1 else self.lab[:, 1:]


def truth_of(pixels: Tensor) -> Truth:
    """Return the truth of 8-bit sRGB pictures, shape (N, 3, H, W)."""
    rgb = pixels.float() / 255
    return Truth(rgb, lab_torch.rgb_to_lab(rgb))


class RgbOutput(nn.Module):
    """Three maps are sRGB in 0…1."""

    channels = 3
    kind = "rgb"

    def comparable(self, raw: Tensor, truth: Truth) -> tuple[Tensor, Tensor]:
        """Return what pixel losses compare: RGB in 0…1."""
        return raw, truth.rgb

    def rgb(self, raw: Tensor, lightness: Tensor) -> Tensor:  # noqa: ARG002 - the kinds' common shape
        """Return the prediction as it is, not clipped."""
        return raw

    def answer(self, raw: Tensor) -> Tensor:
        """Return sRGB, not clipped: the run-time colorizer takes its a and b."""
        return raw


class AbOutput(nn.Module):
    """Two maps are a and b, normalized to 0…1 about a center of ½."""

    channels = 2
    kind = "chroma"

    def comparable(self, raw: Tensor, truth: Truth) -> tuple[Tensor, Tensor]:
        """Return what pixel losses compare: a and b normalized to 0…1, at the maps' size."""
        stride = truth.rgb.shape[-1] // raw.shape[-1]
        return raw + 0.5, truth.chroma(stride) / (2 * AB_RANGE) + 0.5

    def rgb(self, raw: Tensor, lightness: Tensor) -> Tensor:
        """Return the prediction's chroma on the input's L, as RGB that is not clipped."""
        return _join(lightness, self.answer(raw))

    def answer(self, raw: Tensor) -> Tensor:
        """Return a and b in CIELAB units."""
        return raw * (2 * AB_RANGE)


class BinsOutput(nn.Module):
    """Q maps are logits over bins of the (a, b) plane.

    Args:
        temperature: Of the annealed mean.
    """

    kind = "chroma"
    temperature: float

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.codec = BinCodec()
        self.temperature = temperature
        self.channels = len(self.codec.centers)

    def mean(self, raw: Tensor) -> Tensor:
        """Return the mean of the distribution: the answer with the least squared error."""
        return self.codec.decode(raw, 1.0)

    def comparable(self, raw: Tensor, truth: Truth) -> tuple[Tensor, Tensor]:
        """Return what pixel losses compare: the mean, normalized to 0…1."""
        stride = truth.rgb.shape[-1] // raw.shape[-1]
        scale = 2 * AB_RANGE
        return self.mean(raw) / scale + 0.5, truth.chroma(stride) / scale + 0.5

    def rgb(self, raw: Tensor, lightness: Tensor) -> Tensor:
        """Return the annealed mean on the input's L, as RGB that is not clipped."""
        return _join(lightness, self.answer(raw))

    def answer(self, raw: Tensor) -> Tensor:
        """Return the annealed mean: a and b in CIELAB units."""
        return self.codec.decode(raw, self.temperature)


Output = RgbOutput | AbOutput | BinsOutput


def build_output(config: NetworkConfig) -> Output:
    """Return the meaning of the config's OUTPUT."""
    match config.output:
        case "rgb":
            return RgbOutput()
        case "ab":
            return AbOutput()
        case "bins":
            return BinsOutput(config.temperature)


def hint_pull(output: Output) -> Tensor:
    """Return what a hint adds to raw maps, shape (channels, 3), to be multiplied by w·a, w·b and w.

    With w the hint's weight, and a and b over 110. For bins e it is w·(2·e·c - |e|²) / (2·σ²): a
    Gaussian about the hint's color c, but for what is the same for all bins. Otherwise zeros.
    """
    pull = torch.zeros(output.channels, 3)
    if isinstance(output, BinsOutput):
        centers = output.codec.centers
        pull[:, :2] = 2 * centers * AB_RANGE
        pull[:, 2] = -centers.square().sum(1)
    return pull / (2 * _HINT_SIGMA**2)


def _join(lightness: Tensor, chroma: Tensor) -> Tensor:
    size = lightness.shape[-2:]
    if chroma.shape[-2:] != size:
        chroma = F.interpolate(chroma, size=size, mode="bilinear", align_corners=False)
    return lab_torch.lab_to_rgb(torch.cat([lightness, chroma], dim=1))
