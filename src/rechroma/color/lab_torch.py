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

__all__ = ["lab_to_rgb", "lightness", "linear_to_lab", "rgb_to_lab", "srgb_to_linear"]


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """Undo the sRGB transfer curve; any shape, nominally 0…1."""
    # The clamps here and below feed only the branch that `where` drops: they keep its gradient
    # from being NaN.
    curve = ((encoded.clamp(min=SRGB_THRESHOLD) + SRGB_ALPHA) / (1 + SRGB_ALPHA)) ** SRGB_GAMMA
    return torch.where(encoded <= SRGB_THRESHOLD, encoded / SRGB_LINEAR_SLOPE, curve)


def lightness(luminance: Tensor) -> Tensor:
    """Return L, in 0…100, of linear luminance relative to white; any shape, nominally 0…1."""
    return 116 * _compress(luminance) - 16


def linear_to_lab(linear: Tensor) -> Tensor:
    """Convert linear sRGB, shape (N, 3, H, W), to CIELAB."""
    fx, fy, fz = _compress(_mix(linear, XYZ_FROM_RGB) / _white(linear)).unbind(1)
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], dim=1)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB-encoded values, shape (N, 3, H, W) in 0…1, to CIELAB."""
    return linear_to_lab(srgb_to_linear(rgb))


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


def _compress(t: Tensor) -> Tensor:
    """CIELAB's f: the cube root, a straight line near black."""
    root = t.clamp(min=LAB_EPSILON) ** (1 / 3)
    return torch.where(t > LAB_EPSILON, root, (LAB_KAPPA * t + 16) / 116)


def _mix(channels: Tensor, matrix: tuple[tuple[float, float, float], ...]) -> Tensor:
    return torch.einsum("ij,njhw->nihw", channels.new_tensor(matrix), channels)


def _white(like: Tensor) -> Tensor:
    return like.new_tensor(WHITE).view(1, 3, 1, 1)
