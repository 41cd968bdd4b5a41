"""Separable linear filters, each sample with its own, and what JPEG leaves of a gray picture.

A filter along a side is a matrix, (n, out, in): two products apply it to a batch at once, whatever
the samples' strengths.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["filtered", "gaussian_matrices", "jpeg_round_trip", "shrinking_matrices"]


def filtered(pictures: Tensor, matrices: Callable[[int], Tensor]) -> Tensor:
    """Apply filters along both sides.

    Args:
        pictures: Shape (n, H, W).
        matrices: Returns the filters of a side of so many pixels, shape (n, pixels, pixels).
    """
    height, width = pictures.shape[1:]
    rows = matrices(height)
    columns = rows if height == width else matrices(width)
    return rows @ pictures @ columns.mT


def gaussian_matrices(sigma: Tensor, largest: float, size: int) -> Tensor:
    """Return Gaussian blurs of a side, shape (n, size, size), as `scipy.ndimage` has them.

    Cut at 4 sigma; beyond its ends a side is mirrored, the last pixel twice.

    Args:
        sigma: In pixels, shape (n,).
        largest: The largest sigma that there may be, at most a quarter of the size.
        size: Pixels of the side.
    """
    sigma = sigma[:, None]
    distance = torch.arange(_radius(largest) + 1, device=sigma.device)
    kernel = torch.exp(-(distance**2) / (2 * sigma**2)) * (distance <= (4 * sigma + 0.5).floor())
    kernel = kernel / (2 * kernel.sum(1, keepdim=True) - kernel[:, :1])
    return (kernel @ _neighbors(_radius(largest), size, sigma.device)).view(-1, size, size)


def _radius(sigma: float) -> int:
    return int(4 * sigma + 0.5)


@lru_cache(maxsize=16)
def _neighbors(radius: int, size: int, device: torch.device) -> Tensor:
    """Return which pixels of a mirrored side are how far apart: 0 or more, (radius+1, size²)."""
    distance = torch.arange(radius + 1)[:, None, None]
    place = torch.arange(size)
    apart = (place[:, None] - place).abs()
    together = place[:, None] + place + 1
    images = (apart, together, 2 * size - together)
    counts = torch.stack([image == distance for image in images]).sum(0)
    return counts.float().flatten(1).to(device)


def shrinking_matrices(small: Tensor, size: int) -> Tensor:
    """Return what a time at a smaller size does to a side, shape (n, size, size), as Pillow does.

    Shrunk by `Resampling.BOX`, enlarged by `Resampling.BICUBIC`.

    Args:
        small: Whole numbers, shape (n,): the smaller sizes, at least 1.
        size: Pixels of the side.
    """
    small = small[:, None, None].float()
    place = torch.arange(size, device=small.device, dtype=torch.float32)
    exists = place[:, None] < small
    # Where each large pixel's center lies on the small side, measured from each small pixel's.
    offset = (place + 0.5) * (small / size) - (place[:, None] + 0.5)
    # A pixel that lies exactly between two boxes counts for the first.
    inside = (offset > -0.5 + 1e-4) & (offset <= 0.5 + 1e-4) & exists
    down = inside / inside.sum(-1, keepdim=True).clamp(min=1)
    up = (_cubic(offset) * exists).mT
    return (up / up.sum(-1, keepdim=True)) @ down


def _cubic(offset: Tensor) -> Tensor:
    """Keys' cubic kernel with a = -1/2 (IEEE Trans. ASSP 29, 1981)."""
    x = offset.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


# Annex K of ITU-T T.81: the luminance table of quality 50, row by row.
_QUANTIZATION = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def jpeg_round_trip(pictures: Tensor, quality: Tensor) -> Tensor:
    """Return what baseline JPEG leaves of gray pictures: rounded, coded, decoded.

    Args:
        pictures: Shape (n, H, W) in 0…1; what lies outside is clipped.
        quality: Whole numbers 1…100 as libjpeg has them, shape (n,).

    Returns:
        Multiples of 1/255 in the same shape.
    """
    n, height, width = pictures.shape
    pixels = (pictures.clamp(0, 1) * 255).round() - 128
    # Like libjpeg's: the last row and column fill up the last blocks.
    rows, columns = (_up_to_blocks(side, pictures.device) for side in (height, width))
    if len(rows) != height or len(columns) != width:
        pixels = pixels[:, rows[:, None], columns]
    down, across = len(rows) // 8, len(columns) // 8
    blocks = pixels.view(n, down, 8, across, 8).transpose(2, 3).reshape(n, -1, 64)
    basis = _cosine_basis(pictures.device)
    step = _steps(quality)
    # As libjpeg's integers have it: coefficients in eighths, and halves rounded away from zero.
    coefficients = (blocks @ basis.T * 8).round() / 8
    coded = (coefficients / step * (1 + 1e-6)).round() * step
    decoded = ((coded @ basis + 128).round().clamp(0, 255) / 255).view(n, down, across, 8, 8)
    return decoded.transpose(2, 3).reshape(n, down * 8, across * 8)[:, :height, :width]


def _up_to_blocks(side: int, device: torch.device) -> Tensor:
    return torch.arange(math.ceil(side / 8) * 8, device=device).clamp(max=side - 1)


def _steps(quality: Tensor) -> Tensor:
    """Return libjpeg's quantization steps, shape (n, 1, 64)."""
    quality = quality[:, None, None].float()
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    table = quality.new_tensor(_QUANTIZATION)
    return ((table * percent + 50) / 100).floor().clamp(1, 255)


@lru_cache(maxsize=8)
def _cosine_basis(device: torch.device) -> Tensor:
    """Return the orthonormal cosine transform of 8×8 blocks as one matrix, (64, 64)."""
    n = torch.arange(8, dtype=torch.float64)
    basis = torch.cos((2 * n + 1) * n[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return torch.kron(basis, basis).float().to(device)
