"""The differentiable twin of `lab` and `srgb` for training: same constants, channels first.

Nothing is clipped: a clip inside of a loss has no gradient where it is needed most. The curves are
continued by their straight parts, so values and gradients are finite everywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rechroma.color.constants import (
    LAB_EPSILON,
    LAB_KAPPA,
    RGB_FROM_XYZ,
    SRGB_ALPHA,
    SRGB_GAMMA,
    SRGB_LINEAR_LIMIT,
    SRGB_LINEAR_SLOPE,
    SRGB_THRESHOLD,
    WHITE,
    XYZ_FROM_RGB,
)

__all__ = ["lab_to_rgb", "rgb_to_lab"]


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB-encoded values, shape (N, 3, H, W) in 0…1, to CIELAB."""
    # The clamps feed only the branch that `where` drops: they keep its gradient from being NaN.
    curve = ((rgb.clamp(min=SRGB_THRESHOLD) + SRGB_ALPHA) / (1 + SRGB_ALPHA)) ** SRGB_GAMMA
    linear = torch.where(rgb <= SRGB_THRESHOLD, rgb / SRGB_LINEAR_SLOPE, curve)
    xyz = _mix(linear, XYZ_FROM_RGB) / _white(rgb)
    root = xyz.clamp(min=LAB_EPSILON) ** (1 / 3)
    fx, fy, fz = torch.where(xyz > LAB_EPSILON, root, (LAB_KAPPA * xyz + 16) / 116).unbind(1)
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Convert CIELAB, shape (N, 3, H, W), to sRGB-encoded values, not clipped."""
    lightness, a, b = lab.unbind(1)
    fy = (lightness + 16) / 116
    f = torch.stack([fy + a / 500, fy, fy - b / 200], dim=1)
    xyz = torch.where(f > LAB_EPSILON ** (1 / 3), f**3, (116 * f - 16) / LAB_KAPPA)
    linear = _mix(xyz * _white(lab), RGB_FROM_XYZ)
    power = linear.clamp(min=SRGB_LINEAR_LIMIT) ** (1 / SRGB_GAMMA)
    curve = (1 + SRGB_ALPHA) * power - SRGB_ALPHA
    return torch.where(linear <= SRGB_LINEAR_LIMIT, linear * SRGB_LINEAR_SLOPE, curve)


def _mix(channels: Tensor, matrix: tuple[tuple[float, float, float], ...]) -> Tensor:
    return torch.einsum("ij,njhw->nihw", channels.new_tensor(matrix), channels)


def _white(like: Tensor) -> Tensor:
    return like.new_tensor(WHITE).view(1, 3, 1, 1)
