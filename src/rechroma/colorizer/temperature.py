"""Warmer and cooler light on colors whose lightness stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_linear, linear_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["warmed"]

# What white by D65 looks like in the light of D50, in linear sRGB: CIE's white points (15:2018,
# table 3) by sRGB's own matrix.
_D50 = np.array([1.1776, 0.9760, 0.7224])


def warmed(
    chroma: NDArray[np.float32], lightness: NDArray[np.float32], temperature: float
) -> NDArray[np.float32]:
    """Return a and b in another light; L is left alone.

    Args:
        chroma: a and b, shape (2, h, w).
        lightness: L, shape (h, w).
        temperature: 1 for daylight of 5000 K where it was 6500 K, −1 for the opposite; between
            and beyond by powers of the same factors.
    """
    if temperature == 0:
        return chroma
    lab = np.stack([lightness, chroma[0], chroma[1]], axis=-1).astype(np.float64)
    lit = linear_to_lab(lab_to_linear(lab) * _D50**temperature)
    return np.ascontiguousarray(np.moveaxis(lit[..., 1:], -1, 0), dtype=np.float32)
