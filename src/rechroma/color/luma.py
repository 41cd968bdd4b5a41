"""Colors by JPEG's luma: which Cb and Cr give a wanted a and b where Y is given.

ITU-T T.871 (JFIF), section 7: Y = 0.299 R + 0.587 G + 0.114 B of the encoded values, and Cb and Cr
are the scaled differences B − Y and R − Y. A gray picture's Y is its gray. With colors beside it,
that Y is kept; CIELAB's L then changes a little, since luma is no lightness.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color.arrays import as_float
from rechroma.color.constants import LAB_EPSILON, LAB_KAPPA
from rechroma.color.lab import lab_to_linear, linear_to_lab
from rechroma.color.srgb import linear_to_srgb, srgb_to_linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.color.arrays import FloatArray

    Curve = Callable[[FloatArray], FloatArray]

__all__ = ["REACH", "chroma_table", "luma_chroma"]

# Of R, G and B in Y.
_WEIGHTS = (0.299, 0.587, 0.114)
_CB, _CR = 1.772, 1.402
# a and b at the ends of a table.
REACH = 128.0
# Directions in which the border of what RGB shows is looked for, at each Y.
_DIRECTIONS = 360
# Steps toward the L at which luma is right; none is longer, and none is made where luma stands.
_STEPS = 5
_LONGEST, _FLAT = 20.0, 1e-7
_LEVELS = 4096


def luma_chroma(
    lightness: FloatArray, a: FloatArray, b: FloatArray, to_linear: Curve = srgb_to_linear
) -> tuple[FloatArray, FloatArray]:
    """Return Cb and Cr, each in −0.5…0.5, that show a and b where Y is that of a gray.

    What RGB can't show at that Y has its chroma lowered at the same hue.

    Args:
        lightness: L of the gray, 0…100, shape (N, …): each row has one.
        a: CIELAB's a that is wanted, of a shape that goes with it.
        b: CIELAB's b.
        to_linear: The tone curve of R, G, B and gray, both 0…1; sRGB's as a rule.

    Returns:
        Cb and Cr, in the float type of the arguments.
    """
    encode = linear_to_srgb if to_linear is srgb_to_linear else _inverse(to_linear)
    lightness, a, b = (as_float(each) for each in (lightness, a, b))
    level = encode(_luminance(lightness))
    scale = _scale_into_rgb(lightness, a, b, to_linear, encode)
    return _solved(lightness, level, a * scale, b * scale, encode)


def chroma_table(size: int, to_linear: Curve = srgb_to_linear) -> FloatArray:
    """Return `luma_chroma` as a table over L in 0…100 and a and b in −`REACH`…`REACH`.

    Args:
        size: Nodes along each side; odd, so that no color is a node.
        to_linear: See `luma_chroma`.

    Returns:
        Cb, Cr and zeros, float32, shape (size, size, size, 3), indexed [L, a, b]; 0.5 of Cb and Cr
        stand at 128 of 255, as JPEG has them.
    """
    chroma = np.linspace(-REACH, REACH, size, dtype=np.float32)
    light = np.linspace(0, 100, size, dtype=np.float32)[:, None, None]
    a, b = np.broadcast_arrays(chroma[:, None], chroma[None, :])
    cb, cr = luma_chroma(light, a[None], b[None], to_linear)
    table = np.zeros((size, size, size, 3), np.float32)
    table[..., 0] = cb + 128 / 255
    table[..., 1] = cr + 128 / 255
    return table


def _luminance(lightness: FloatArray) -> FloatArray:
    f = (lightness + 16) / 116
    return np.where(f > LAB_EPSILON ** (1 / 3), f**3, (116 * f - 16) / LAB_KAPPA)


def _inverse(to_linear: Curve) -> Curve:
    encoded = np.linspace(0, 1, _LEVELS)
    linear = np.maximum.accumulate(np.asarray(to_linear(encoded.astype(np.float32)), np.float64))
    return lambda values: np.interp(values, linear, encoded)


def _scale_into_rgb(
    lightness: FloatArray, a: FloatArray, b: FloatArray, to_linear: Curve, encode: Curve
) -> FloatArray:
    """Return the factor, at most 1, on a and b that brings them into what RGB shows at each Y."""
    scale = np.ones(np.broadcast_shapes(lightness.shape, a.shape, b.shape), a.dtype)
    chroma, hue = np.hypot(a, b), np.arctan2(b, a)
    chroma, hue = (np.broadcast_to(each, scale.shape) for each in (chroma, hue))
    for row, light in enumerate(np.ravel(lightness)):
        hues, most = _border(float(encode(_luminance(np.array(light)))), to_linear)
        limit = np.interp(hue[row], hues, most, period=2 * math.pi)
        scale[row] = np.minimum(1, limit / np.maximum(chroma[row], 1e-9))
    return scale


def _border(level: float, to_linear: Curve) -> tuple[FloatArray, FloatArray]:
    """Return hues, and the most chroma that RGB shows there beside a Y.

    With Y given, R, G and B are planes over Cb and Cr: what lies between 0 and 1 is a polygon.
    """
    turn = np.linspace(0, 2 * math.pi, _DIRECTIONS, endpoint=False)
    blue, red = _CB * np.sin(turn), _CR * np.cos(turn)
    green = -(_WEIGHTS[0] * red + _WEIGHTS[2] * blue) / _WEIGHTS[1]
    steps = np.stack([red, green, blue], axis=-1)
    reach = np.where(steps > 0, 1 - level, level) / np.maximum(np.abs(steps), 1e-9)
    rgb = np.clip(level + reach.min(axis=-1, keepdims=True) * steps, 0, 1)
    lab = linear_to_lab(np.asarray(to_linear(rgb.astype(np.float32)), np.float64))
    return np.arctan2(lab[..., 2], lab[..., 1]), np.hypot(lab[..., 1], lab[..., 2])


def _solved(
    lightness: FloatArray, level: FloatArray, a: FloatArray, b: FloatArray, encode: Curve
) -> tuple[FloatArray, FloatArray]:
    """Look for the L at which the luma of L, a and b is the gray's, by secants."""
    before = np.broadcast_to(lightness, np.broadcast_shapes(lightness.shape, a.shape)).copy()
    error = _luma(_encoded(before, a, b, encode)) - level
    # As if L rose with luma as it does along grays.
    rise = 1 / (encode(_luminance(lightness + 0.5)) - encode(_luminance(lightness - 0.5)))
    light = before - rise * error
    for _ in range(_STEPS):
        now = _luma(_encoded(light, a, b, encode)) - level
        change = now - error
        slope = np.divide(light - before, change, out=0 * now, where=np.abs(change) > _FLAT)
        before, error, light = light, now, light - np.clip(slope * now, -_LONGEST, _LONGEST)
    rgb = [np.clip(each, 0, 1) for each in _encoded(light, a, b, encode)]
    luma = _luma(rgb)
    return (rgb[2] - luma) / _CB, (rgb[0] - luma) / _CR


def _luma(rgb: list[FloatArray]) -> FloatArray:
    red, green, blue = rgb
    return _WEIGHTS[0] * red + _WEIGHTS[1] * green + _WEIGHTS[2] * blue


def _encoded(light: FloatArray, a: FloatArray, b: FloatArray, encode: Curve) -> list[FloatArray]:
    lab = np.stack(np.broadcast_arrays(light, a, b), axis=-1)
    return list(np.moveaxis(encode(lab_to_linear(lab)), -1, 0))
