"""CIELAB (CIE 15:2004) of sRGB pictures, white point D65.

`L` runs over 0…100, `a` and `b` over about −110…110; the last axis holds the three channels. The
memory of a result may lie plane by plane.
"""

from __future__ import annotations

import numpy as np

from rechroma.color.arrays import FloatArray, from_planes, to_planes
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


def _mix(planes: FloatArray, matrix: FloatArray) -> FloatArray:
    """Multiply planes, shape (3, ...), by a 3×3 matrix.

    Not with `@`: BLAS wakes its threads for this, which costs more than the nine products.
    """
    mixed = np.empty_like(planes)
    for row, weights in enumerate(matrix.astype(planes.dtype)):
        mixed[row] = weights[0] * planes[0] + weights[1] * planes[1] + weights[2] * planes[2]
    return mixed


def linear_to_lab(linear: FloatArray) -> FloatArray:
    """Convert linear sRGB, shape (..., 3), to CIELAB in the same float type."""
    fx, fy, fz = _compress(_mix(to_planes(linear), _XYZ_FROM_RGB))
    return from_planes(np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]))


def lab_to_linear(lab: FloatArray) -> FloatArray:
    """Convert CIELAB, shape (..., 3), to linear sRGB in the same float type, not clipped."""
    lightness, a, b = to_planes(lab)
    fy = (lightness + 16) / 116
    return from_planes(_mix(_expand(np.stack([fy + a / 500, fy, fy - b / 200])), _RGB_FROM_XYZ))


def rgb_to_lab(rgb: FloatArray) -> FloatArray:
    """Convert sRGB-encoded values, shape (..., 3) in 0…1, to CIELAB in the same float type."""
    return linear_to_lab(srgb_to_linear(rgb))


def lab_to_rgb(lab: FloatArray) -> FloatArray:
    """Convert CIELAB, shape (..., 3), to sRGB-encoded values in the same float type.

    Colors outside of the gamut come back outside of 0…1; see `rechroma.color.gamut`.
    """
    return linear_to_srgb(lab_to_linear(lab))


def lightness(rgb: FloatArray) -> FloatArray:
    """Return L, shape (...), in 0…100, of sRGB-encoded values, shape (..., 3) in 0…1."""
    red, green, blue = srgb_to_linear(to_planes(rgb))
    weights = _XYZ_FROM_RGB[1].astype(red.dtype)
    return 116 * _compress(weights[0] * red + weights[1] * green + weights[2] * blue) - 16
