"""The sRGB transfer curve (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np

from rechroma.color.arrays import FloatArray, as_float
from rechroma.color.constants import (
    SRGB_ALPHA,
    SRGB_GAMMA,
    SRGB_LINEAR_LIMIT,
    SRGB_LINEAR_SLOPE,
    SRGB_THRESHOLD,
)

__all__ = ["linear_to_srgb", "srgb_to_linear"]


def srgb_to_linear(encoded: FloatArray) -> FloatArray:
    """Undo the sRGB transfer curve.

    Args:
        encoded: Any shape, nominally 0…1. Negative values follow the curve's straight part.

    Returns:
        Linear light in the same shape and float type.
    """
    encoded = as_float(encoded)
    curve = ((np.maximum(encoded, 0) + SRGB_ALPHA) / (1 + SRGB_ALPHA)) ** SRGB_GAMMA
    return np.where(encoded <= SRGB_THRESHOLD, encoded / SRGB_LINEAR_SLOPE, curve)


def linear_to_srgb(linear: FloatArray) -> FloatArray:
    """Apply the sRGB transfer curve.

    Args:
        linear: Any shape, nominally 0…1. Negative values follow the curve's straight part.

    Returns:
        Encoded values in the same shape and float type, not clipped.
    """
    linear = as_float(linear)
    curve = (1 + SRGB_ALPHA) * np.maximum(linear, 0) ** (1 / SRGB_GAMMA) - SRGB_ALPHA
    return np.where(linear <= SRGB_LINEAR_LIMIT, linear * SRGB_LINEAR_SLOPE, curve)
