"""Bringing colors back into sRGB by lowering chroma at fixed lightness and hue.

Clipping the channels instead would change lightness and hue: a saturated sky turns cyan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color.arrays import FloatArray, as_float, from_planes, to_planes
from rechroma.color.lab import lab_to_linear
from rechroma.color.srgb import linear_to_srgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["chroma_limit", "in_gamut", "lab_to_gamut_rgb", "limit_chroma"]

# A channel may leave 0…1 by this much in linear light: less than a tenth of an 8-bit step, even in
# the darkest part of the curve, and above float32 rounding.
TOLERANCE = 2e-5
# Halvings of the interval [0, 1]: chroma is exact to 110 / 2^12 = 0.03.
_STEPS = 12


def in_gamut(lab: FloatArray) -> NDArray[np.bool_]:
    """Tell, shape (...), which CIELAB colors, shape (..., 3), lie in the sRGB gamut."""
    return _excess(lab_to_linear(lab)) <= 0


def chroma_limit(lab: FloatArray) -> FloatArray:
    """Return the largest factor in 0…1, shape (...), on a and b that stays inside of sRGB.

    Bisection along the line from the neutral of the same L: in sRGB that line leaves the gamut
    once, to the accuracy that matters here.

    Args:
        lab: Colors, shape (..., 3); L outside of 0…100 gives 0.
    """
    lab = from_planes(to_planes(lab))
    low = np.zeros_like(lab[..., 0])
    step = lab.dtype.type(0.5)
    for _ in range(_STEPS):
        low += step * in_gamut(_scaled(lab, low + step))
        step /= 2
    return np.where(in_gamut(lab), 1, low).astype(lab.dtype)


def limit_chroma(lab: FloatArray) -> FloatArray:
    """Return CIELAB colors, shape (..., 3), inside of sRGB: same L and hue, chroma lowered.

    Colors that were inside come back bit for bit.
    """
    lab = as_float(lab)
    outside = ~in_gamut(lab)
    if not outside.any():
        return lab
    result = lab.copy()
    result[outside] = _limited(lab[outside])
    return result


def lab_to_gamut_rgb(lab: FloatArray) -> FloatArray:
    """Convert CIELAB, shape (..., 3), to sRGB-encoded values in 0…1 in the same float type.

    The same as `lab_to_rgb(limit_chroma(lab))` clipped, at half of the work.
    """
    linear = lab_to_linear(lab)
    outside = _excess(linear) > 0
    if outside.any():
        linear[outside] = lab_to_linear(_limited(as_float(lab)[outside]))
    return linear_to_srgb(np.clip(linear, 0, 1))


def _excess(linear: FloatArray) -> FloatArray:
    """Return by how much, shape (...), linear sRGB, shape (..., 3), is outside; ≤ 0 is inside."""
    red, green, blue = linear[..., 0], linear[..., 1], linear[..., 2]
    above = np.maximum(np.maximum(red, green), blue) - 1
    below = np.minimum(np.minimum(red, green), blue)
    return np.maximum(above, -below) - linear.dtype.type(TOLERANCE)


def _limited(lab: FloatArray) -> FloatArray:
    return _scaled(lab, chroma_limit(lab))


def _scaled(lab: FloatArray, factor: FloatArray) -> FloatArray:
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    return from_planes(np.stack([lightness, a * factor, b * factor]))
