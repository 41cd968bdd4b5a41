"""From luma and the network's a, b to the chroma that a film stores.

A film keeps Y', and its L follows from that and the color: for each Y', a and b the L is sought
whose color has this Y', and what lies outside of the screen's colors loses chroma at the same Y'.
Baked into a table over (Y', a, b), that OpenColorIO reads quickly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_rgb, rgb_to_lab
from rechroma.mood.lut import Lut3D, grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray

__all__ = ["AB_REACH", "chroma_table", "lightness_steps", "luma_chroma", "luma_steps"]

# a and b from minus to plus this lie in the table; sRGB reaches 108.
AB_REACH = 110.0
_NODES = 49
# Halvings of L's range of 100: exact to 0.002.
_STEPS = 16


def _gray_lightness(luma: FloatArray) -> FloatArray:
    """Return L of the gray with that Y', 0…1."""
    return rgb_to_lab(np.stack([luma] * 3, axis=-1))[..., 0]


def luma_chroma(
    luma: FloatArray, a: FloatArray, b: FloatArray, weights: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Return Cb and Cr, −0.5…0.5, of the color with this Y', a and b.

    Args:
        luma: Y', 0…1.
        a: CIELAB's a, of the same shape.
        b: CIELAB's b.
        weights: Of red and blue in Y'.
    """
    red, blue = weights
    low = np.zeros_like(luma)
    step = 100.0
    for _ in range(_STEPS):
        step /= 2
        rgb = lab_to_rgb(np.stack([low + step, a, b], axis=-1))
        found = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
        low = np.where(found <= luma, low + step, low)
    rgb = lab_to_rgb(np.stack([low + step / 2, a, b], axis=-1))
    found = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
    # Differences from Y' are what is stored: of them as much as the screen's colors have room for.
    away = rgb - found[..., None]
    room = np.where(away > 0, 1 - luma[..., None], luma[..., None])
    share = np.minimum(1, (room / np.maximum(np.abs(away), 1e-9)).min(axis=-1))
    return away[..., 2] * share / (2 * (1 - blue)), away[..., 0] * share / (2 * (1 - red))


@lru_cache(maxsize=4)
def chroma_table(weights: tuple[float, float]) -> Lut3D:
    """Return the table of `luma_chroma`.

    Its inputs are Y', and a and b as (x + AB_REACH) / (2 · AB_REACH); its outputs Cb + 0.5,
    Cr + 0.5 and nothing.
    """
    nodes = grid(_NODES).astype(np.float32)
    a, b = ((nodes[..., i] * 2 - 1) * AB_REACH for i in (1, 2))
    cb, cr = luma_chroma(nodes[..., 0], a, b, weights)
    table = np.stack([cb + 0.5, cr + 0.5, np.zeros_like(cb)], axis=-1)
    return Lut3D(np.ascontiguousarray(table, dtype=np.float32))


@lru_cache(maxsize=4)
def lightness_steps(bits: int, *, full: bool) -> NDArray[np.float32]:
    """Return L of every number that a luma sample may be."""
    return _gray_lightness(luma_steps(bits, full=full)).astype(np.float32)


@lru_cache(maxsize=4)
def luma_steps(bits: int, *, full: bool) -> NDArray[np.float32]:
    """Return Y', 0…1, of every number that a luma sample may be."""
    codes = np.arange(1 << bits, dtype=np.float32)
    if full:
        return codes / np.float32((1 << bits) - 1)
    unit = 1 << (bits - 8)
    return np.clip((codes - 16 * unit) / (219 * unit), 0, 1).astype(np.float32)
