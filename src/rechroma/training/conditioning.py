"""Conditioning as a user would give it, made from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.conditioning import MOOD_SIZE, Patch, hint_map, mood_vector

if TYPE_CHECKING:
    from rechroma.color import FloatArray

__all__ = ["simulated_conditioning"]

# How often there are hints (as in Zhang et al. 2017 most often none), and a mood: independently,
# since hints beside a mood teach little of what to do with hints alone. There is neither in 42 %:
# the network's first duty is to do without.
_HINTS = 0.4
_MOOD = 0.3
# Of the number of hints (Zhang et al. 2017, section 3.2), with a few samples that have many.
_GEOMETRIC = 1 / 4
_MANY = 0.1
_MOST = 100
_LARGEST_PATCH = 9


def simulated_conditioning(
    rng: np.random.Generator, chroma: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the `hint_map` and the `mood_vector` of one sample; zeros where there is none.

    Hints are random patches, each with its own mean of a and b; a mood is the picture's own.

    Args:
        rng: Draws what there is.
        chroma: The truth's a and b, shape (H, W, 2).
    """
    count = _count(rng) if rng.random() < _HINTS else 0
    has_mood = rng.random() < _MOOD
    hints = hint_map([_patch(rng, chroma) for _ in range(count)], *chroma.shape[:2])
    return hints, mood_vector(chroma) if has_mood else np.zeros(MOOD_SIZE, np.float32)


def _count(rng: np.random.Generator) -> int:
    if rng.random() < _MANY:
        return int(rng.integers(1, _MOST + 1))
    return min(_MOST, int(rng.geometric(_GEOMETRIC)))


def _patch(rng: np.random.Generator, chroma: FloatArray) -> Patch:
    height, width = chroma.shape[:2]
    side = int(rng.integers(1, min(_LARGEST_PATCH, height, width) + 1))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    a, b = chroma[top : top + side, left : left + side].mean(axis=(0, 1))
    return Patch(top, top + side, left, left + side, float(a), float(b))
