"""The numbers of sRGB and CIELAB, written once for NumPy and torch alike.

Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (CIELAB).
"""

from __future__ import annotations

__all__ = [
    "LAB_EPSILON",
    "LAB_KAPPA",
    "RGB_FROM_XYZ",
    "SRGB_ALPHA",
    "SRGB_GAMMA",
    "SRGB_LINEAR_LIMIT",
    "SRGB_LINEAR_SLOPE",
    "SRGB_THRESHOLD",
    "WHITE",
    "XYZ_FROM_RGB",
]

# Linear sRGB → XYZ, each row scaled by its own sum below. The white point *is* the row sums: with
# the usual rounded D65 white (0.95047, 1, 1.08883) a gray would get |a|, |b| of about 0.005.
_RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)

WHITE: tuple[float, float, float] = (
    sum(_RGB_TO_XYZ[0]),
    sum(_RGB_TO_XYZ[1]),
    sum(_RGB_TO_XYZ[2]),
)

XYZ_FROM_RGB = _RGB_TO_XYZ


def _inverse(m: tuple[tuple[float, float, float], ...]) -> tuple[tuple[float, float, float], ...]:
    """Invert a 3×3 matrix by cofactors, so that this file needs no library."""
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det),
        ((f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det),
        ((d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det),
    )


RGB_FROM_XYZ = _inverse(_RGB_TO_XYZ)

# The transfer curve: linear below the threshold, an offset power above it.
SRGB_LINEAR_SLOPE = 12.92
SRGB_ALPHA = 0.055
SRGB_GAMMA = 2.4
SRGB_THRESHOLD = 0.04045
SRGB_LINEAR_LIMIT = 0.0031308

# CIELAB's cube root turns into a line below epsilon; both exact (CIE 15:2004), not rounded.
LAB_EPSILON = 216 / 24389
LAB_KAPPA = 24389 / 27
