"""Conditioning to the network: colors at points, and a mood for the whole picture.

What it looks like to the network is told here once, for training and for use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rechroma.color import FloatArray

__all__ = [
    "AB_SCALE",
    "CHROMA_SCALE",
    "HINT_CHANNELS",
    "MOOD_KNOTS",
    "MOOD_REACH",
    "MOOD_SIZE",
    "MOOD_STEP",
    "Patch",
    "hint_map",
    "mood_vector",
]

# a and b over this are about −1…1.
AB_SCALE = 110.0
HINT_CHANNELS = 3
# The mood's histogram: knots on a and b every 10 units, and what lies farther out counts as 60.
MOOD_STEP = 10.0
MOOD_REACH = 60.0
MOOD_KNOTS = round(2 * MOOD_REACH / MOOD_STEP) + 1
MOOD_SIZE = MOOD_KNOTS**2 + 2
# Mean chroma, over this, is about 0…1.
CHROMA_SCALE = 50.0


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of pixels, rows top…bottom and columns left…right (exclusive), and its color."""

    top: int
    bottom: int
    left: int
    right: int
    a: float
    b: float


def hint_map(patches: Iterable[Patch], height: int, width: int) -> FloatArray:
    """Return what the network sees of hints, float32 (3, height, width): a, b over 110, and where.

    Zhang et al. 2017, section 3.2: the color inside of each patch, zero elsewhere, and a mask that
    tells a gray hint from none.
    """
    seen = np.zeros((HINT_CHANNELS, height, width), dtype=np.float32)
    for patch in patches:
        window = seen[:, patch.top : patch.bottom, patch.left : patch.right]
        window[:] = np.array([patch.a / AB_SCALE, patch.b / AB_SCALE, 1])[:, None, None]
    return seen


def mood_vector(chroma: FloatArray) -> FloatArray:
    """Return the mood of a picture with these a and b, shape (..., 2): float32 (MOOD_SIZE,).

    The square roots of the shares of colors on a grid of the (a, b) plane (each color counts for
    its four neighbors, bilinearly), the mean chroma over 50, and a 1 that says "there is a mood":
    none is all zeros. Where in the picture a color stands does not matter.
    """
    flat = chroma.reshape(-1, 2)
    place = (np.clip(flat, -MOOD_REACH, MOOD_REACH) + MOOD_REACH) / MOOD_STEP
    low = np.minimum(place.astype(np.intp), MOOD_KNOTS - 2)
    high_share = place - low
    shares = np.zeros(MOOD_KNOTS**2)
    for da in (0, 1):
        for db in (0, 1):
            weight = np.abs(1 - da - high_share[:, 0]) * np.abs(1 - db - high_share[:, 1])
            knot = (low[:, 0] + da) * MOOD_KNOTS + low[:, 1] + db
            shares += np.bincount(knot, weight, MOOD_KNOTS**2)
    saturation = np.hypot(flat[:, 0], flat[:, 1]).mean() / CHROMA_SCALE
    return np.append(np.sqrt(shares / len(flat)), [saturation, 1]).astype(np.float32)
