"""ST-LPIPS: a learned perceptual distance that tolerates small shifts.

Ghildyal & Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022, the AlexNet variant. The
weights come from the wheel `stlpips-pytorch` (BSD-2), whose code is not imported. Its numbers must
never stand in one column with those of LPIPS proper.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.errors import MissingExtraError, UsageError

__all__ = ["STLPIPS"]

_WEIGHTS = Path("weights", "vST0.0", "alex_shift_tolerant.pth")
# Below this the reflected border of the third stage is wider than its map.
_MIN_SIDE = 21
_EPSILON = 1e-10
# Keeps the root's gradient finite where all channels are zero; far below float32's resolution.
_TINY = 1e-20
# Stages 1 and 2 (of 0…4) start with a maximum and a halving.
_LAST_HALVING = 2
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
            x: Shape (N, 3, H, W), sides of at least 21, in 0…1; values outside are not clipped.
            y: The same. A batch that needs no gradient costs none.
        """
        return self.distance(self.features(x), self.features(y))

    def features(self, rgb: Tensor) -> list[Tensor]:
        """Return the five stages' features, each normalized over its channels."""
        if min(rgb.shape[-2:]) < _MIN_SIDE:
            raise UsageError(
                f"ST-LPIPS needs pictures of at least {_MIN_SIDE} px, got {tuple(rgb.shape)}",
                "compare larger pictures",
            )
        x = F.relu(self._first_stage((2 * rgb - 1 - self.shift) / self.scale))
        maps = [_normalized(x)]
        for stage, convolution in enumerate(self.convolutions[1:], start=1):
            if stage <= _LAST_HALVING:
                x = self._halve(F.max_pool2d(x, 3, stride=1))
            x = F.relu(convolution(x))
            maps.append(_normalized(x))
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

    def _first_stage(self, x: Tensor) -> Tensor:
        """Return `_halve` of the first convolution, in one convolution of stride 2.

        So the full-size map of 64 channels, most of the network's time, is never made. Both are
        linear, and the reflected border is simple: the first row of the result repeats the second;
        the last repeats its neighbor if the height is odd. If it is even, the last row sees the
        taps [2 2], because the border folds [1 2 1] upon itself. Columns likewise.
        """
        height, width = x.shape[-2:]
        x = F.pad(x, (2, 2, 2, 2))
        rows = [
            torch.cat([self._convolve_blurred(x, row, column) for column in _blurs(width)], dim=3)
            for row in _blurs(height)
        ]
        return F.pad(torch.cat(rows, dim=2), (1, width % 2, 1, height % 2), mode="replicate")

    def _convolve_blurred(self, x: Tensor, row: _Blur, column: _Blur) -> Tensor:
        """Convolve by the first kernel blurred by these taps, in strides of 2."""
        first = cast("nn.Conv2d", self.convolutions[0])
        taps = torch.outer(x.new_tensor(row.taps), x.new_tensor(column.taps)) / 16
        kernel = F.conv_transpose2d(first.weight.flatten(0, 1)[:, None], taps[None, None])
        kernel = kernel[:, 0].unflatten(0, first.weight.shape[:2])
        # torch's maximum, further on, is ten times faster with the channels last.
        kernel = kernel.contiguous(memory_format=torch.channels_last)
        return F.conv2d(x[..., row.start :, column.start :], kernel, first.bias, stride=2)


class _Blur(NamedTuple):
    """A blur along one axis: its taps times 4, and the first place of the input that it sees."""

    taps: tuple[float, ...]
    start: int


def _blurs(side: int) -> tuple[_Blur, ...]:
    """Return the blurs that meet an axis of that length: the inner one and, if even, the last."""
    inner = _Blur((1, 2, 1), 0)
    # 11 + 1: what two neighboring places of the first convolution see.
    return (inner,) if side % 2 else (inner, _Blur((2, 2), -12))


def _normalized(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True).add(_TINY).sqrt() + _EPSILON)


def _weight_file() -> Path:
    spec = find_spec("stlpips_pytorch")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or []:
        if (path := Path(folder) / _WEIGHTS).is_file():
            return path
    raise MissingExtraError(
        "the weights of ST-LPIPS are not installed", "pip install 'rechroma[train]'"
    )
