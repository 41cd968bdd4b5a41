"""ST-LPIPS: a learned perceptual distance that tolerates small shifts.

Ghildyal & Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022, the AlexNet variant. The
weights come from the wheel `stlpips-pytorch` (BSD-2), whose code is not imported. Its numbers must
never stand in one column with those of LPIPS proper.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.errors import MissingExtraError, UsageError

__all__ = ["STLPIPS"]

_WEIGHTS = Path("weights", "vST0.0", "alex_shift_tolerant.pth")
# Below this a reflection pad of the deepest level is wider than the map.
_MIN_SIDE = 32
_EPSILON = 1e-10
# (names of the convolution and of the linear layer in the weight file, channels in and out, size,
# padding) of the five stages.
_STAGES = (
    ("net.slice1.0", "lin0", 3, 64, 11, 2),
    ("net.slice2.5", "lin1", 64, 192, 5, 2),
    ("net.slice3.9", "lin2", 192, 384, 3, 1),
    ("net.slice4.11", "lin3", 384, 256, 3, 1),
    ("net.slice5.13", "lin4", 256, 256, 3, 1),
)


class STLPIPS(nn.Module):
    """The distance; its weights are fixed, gradients reach the pictures alone."""

    shift: Tensor
    scale: Tensor
    blur: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, size, padding=padding)
            for _, _, inputs, outputs, size, padding in _STAGES
        )
        self.linear = nn.ParameterList(
            nn.Parameter(torch.empty(1, outputs, 1, 1)) for _, _, _, outputs, _, _ in _STAGES
        )
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1))
        taps = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("blur", torch.outer(taps, taps))
        self.requires_grad_(requires_grad=False)
        self.eval()

    @classmethod
    def load(cls) -> Self:
        """Return the metric with the published weights.

        Raises:
            MissingExtraError: The wheel that carries the weights is not installed.
        """
        weights = torch.load(_weight_file(), map_location="cpu", weights_only=True)
        metric = cls()
        with torch.no_grad():
            stages = zip(metric.convolutions, metric.linear, _STAGES, strict=True)
            for convolution, linear, (conv_name, linear_name, *_) in stages:
                convolution.load_state_dict(
                    {key: weights[f"{conv_name}.{key}"] for key in ("weight", "bias")}
                )
                linear.copy_(weights[f"{linear_name}.model.1.weight"])
        return metric.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the distance, shape (N,), of two batches of sRGB pictures.

        Args:
            x: Shape (N, 3, H, W), sides of at least 32, in 0…1; values outside are not clipped.
            y: The same. A batch that needs no gradient costs none.
        """
        return self.distance(self.features(x), self.features(y))

    def features(self, rgb: Tensor) -> list[Tensor]:
        """Return the five stages' features, each normalised over its channels."""
        if min(rgb.shape[-2:]) < _MIN_SIDE:
            raise UsageError(
                f"ST-LPIPS needs pictures of at least {_MIN_SIDE} px, got {tuple(rgb.shape)}",
                "compare larger pictures",
            )
        x = (2 * rgb - 1 - self.shift) / self.scale
        maps: list[Tensor] = []
        for stage, convolution in enumerate(self.convolutions):
            if stage in (1, 2):
                x = self._halve(F.max_pool2d(x, 3, stride=1))
            x = convolution(x)
            # The first stage is blurred before its ReLU, the next two before their convolution.
            x = F.relu(self._halve(x) if stage == 0 else x)
            maps.append(x / (x.square().sum(1, keepdim=True).add(1e-20).sqrt() + _EPSILON))
        return maps

    def distance(self, x: list[Tensor], y: list[Tensor]) -> Tensor:
        """Return the distance, shape (N,), of two results of `features`."""
        stages = zip(x, y, self.linear, strict=True)
        return torch.stack(
            [((a - b).square() * weight).sum(1).mean((1, 2)) for a, b, weight in stages]
        ).sum(0)

    def _halve(self, x: Tensor) -> Tensor:
        """Blur by [1 2 1]² and drop every second row and column; two pixels of reflected border."""
        channels = x.shape[1]
        kernel = self.blur.expand(channels, 1, 3, 3)
        return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels)


def _weight_file() -> Path:
    spec = find_spec("stlpips_pytorch")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or []:
        if (path := Path(folder) / _WEIGHTS).is_file():
            return path
    raise MissingExtraError(
        "the weights of ST-LPIPS are not installed", "pip install 'rechroma[train]'"
    )
