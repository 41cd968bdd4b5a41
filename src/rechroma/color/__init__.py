"""Color: the sRGB curve, CIELAB, the gamut and the color difference, in NumPy.

`lab_torch` holds the differentiable twin; it is imported by training and metrics alone.
"""

from rechroma.color.arrays import FloatArray
from rechroma.color.difference import ciede2000
from rechroma.color.gamut import chroma_limit, in_gamut, lab_to_gamut_rgb, limit_chroma
from rechroma.color.lab import lab_to_linear, lab_to_rgb, lightness, linear_to_lab, rgb_to_lab
from rechroma.color.srgb import linear_to_srgb, srgb_to_linear

__all__ = [
    "FloatArray",
    "chroma_limit",
    "ciede2000",
    "in_gamut",
    "lab_to_gamut_rgb",
    "lab_to_linear",
    "lab_to_rgb",
    "lightness",
    "limit_chroma",
    "linear_to_lab",
    "linear_to_srgb",
    "rgb_to_lab",
    "srgb_to_linear",
]
