"""Bringing colours back into sRGB by lowering chroma at fixed lightness and hue.

Clipping the channels instead would change lightness and hue: a saturated sky turns cyan.
"""

from __future__ import annotations

import numpy as np

from rechroma.color.arrays import FloatArray, as_float
from rechroma.color.lab import lab_to_linear

__all__ = ["chroma_limit", "in_gamut", "limit_chroma"]

# A channel may leave 0…1 by this much in linear light: less than a tenth of an 8-bit step, even in
# the darkest part of the curve, and above float32 rounding.
_TOLERANCE = 2e-5
# Halvings of the interval [0, 1]: chroma is exact to 110 / 2^12 = 0.03.
_STEPS = 12


def in_gamut(lab: FloatArray) -> np.ndarray:
    """Tell, shape (...), which CIELAB colours, shape (..., 3), lie in the sRGB gamut."""
    linear = lab_to_linear(lab)
    return ((linear >= -_TOLERANCE) & (linear <= 1 + _TOLERANCE)).all(axis=-1)


def chroma_limit(lab: FloatArray) -> FloatArray:
    """Return the largest factor in 0…1, shape (...), on a and b that stays inside of sRGB.

    Bisection along the line from the neutral of the same L: in sRGB that line leaves the gamut
    once, to the accuracy that matters here.

    Args:
        lab: Colours, shape (..., 3); L outside of 0…100 gives 0.
    """
    lab = as_float(lab)
    low = np.zeros(lab.shape[:-1], dtype=lab.dtype)
    high = np.ones_like(low)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        fits = in_gamut(_scaled(lab, middle))
        low = np.where(fits, middle, low)
        high = np.where(fits, high, middle)
    return np.where(in_gamut(lab), 1, low).astype(lab.dtype)


def limit_chroma(lab: FloatArray) -> FloatArray:
    """Return CIELAB colours, shape (..., 3), inside of sRGB: same L and hue, chroma lowered.

    Colours that were inside come back bit for bit.
    """
    lab = as_float(lab)
    outside = ~in_gamut(lab)
    if not outside.any():
        return lab
    result = lab.copy()
    result[outside] = _scaled(lab[outside], chroma_limit(lab[outside]))
    return result


def _scaled(lab: FloatArray, factor: FloatArray) -> FloatArray:
    scaled = lab.copy()
    scaled[..., 1:] *= factor[..., None]
    return scaled
