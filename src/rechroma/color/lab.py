"""CIELAB (CIE 15:2004) of sRGB pictures, white point D65.

`L` runs over 0…100, `a` and `b` over about −110…110; the last axis holds the three channels.
"""

from __future__ import annotations

import numpy as np

from rechroma.color.arrays import FloatArray, as_float
from rechroma.color.constants import (
    LAB_EPSILON,
    LAB_KAPPA,
    RGB_FROM_XYZ,
    WHITE,
    XYZ_FROM_RGB,
)
from rechroma.color.srgb import linear_to_srgb, srgb_to_linear

__all__ = ["lab_to_linear", "lab_to_rgb", "lightness", "linear_to_lab", "rgb_to_lab"]

_XYZ_FROM_RGB = np.array(XYZ_FROM_RGB) / np.array(WHITE)[:, None]
_RGB_FROM_XYZ = np.array(RGB_FROM_XYZ) * np.array(WHITE)[None, :]


def _compress(t: FloatArray) -> FloatArray:
    """CIELAB's f: the cube root, a straight line near black."""
    return np.where(t > LAB_EPSILON, np.cbrt(t), (LAB_KAPPA * t + 16) / 116)


def _expand(f: FloatArray) -> FloatArray:
    """The inverse of `_compress`."""
    return np.where(f > LAB_EPSILON ** (1 / 3), f * f * f, (116 * f - 16) / LAB_KAPPA)


def _mix(channels: FloatArray, matrix: np.ndarray) -> FloatArray:
    return channels @ matrix.T.astype(channels.dtype)


def linear_to_lab(linear: FloatArray) -> FloatArray:
    """Convert linear sRGB, shape (..., 3), to CIELAB in the same float type."""
    f = _compress(_mix(as_float(linear), _XYZ_FROM_RGB))
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_linear(lab: FloatArray) -> FloatArray:
    """Convert CIELAB, shape (..., 3), to linear sRGB in the same float type, not clipped."""
    lab = as_float(lab)
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    return _mix(_expand(f), _RGB_FROM_XYZ)


def rgb_to_lab(rgb: FloatArray) -> FloatArray:
    """Convert sRGB-encoded values, shape (..., 3) in 0…1, to CIELAB in the same float type."""
    return linear_to_lab(srgb_to_linear(rgb))


def lab_to_rgb(lab: FloatArray) -> FloatArray:
    """Convert CIELAB, shape (..., 3), to sRGB-encoded values in the same float type.

    Colours outside of the gamut come back outside of 0…1; see `rechroma.color.gamut`.
    """
    return linear_to_srgb(lab_to_linear(lab))


def lightness(rgb: FloatArray) -> FloatArray:
    """Return L, shape (...), in 0…100, of sRGB-encoded values, shape (..., 3) in 0…1."""
    linear = srgb_to_linear(rgb)
    return 116 * _compress(linear @ _XYZ_FROM_RGB[1].astype(linear.dtype)) - 16
