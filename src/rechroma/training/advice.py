"""Advice as a user would give it, made from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.advice import MOOD_SIZE, Patch, hint_map, mood_vector

if TYPE_CHECKING:
    from rechroma.color import FloatArray

__all__ = ["simulated_hints", "simulated_mood"]

# How often there is none at all: the network's first duty is to do without.
_NO_HINTS = 0.4
_NO_MOOD = 0.5
# Of the number of hints (Zhang et al. 2017, section 3.2), with a few samples that have many.
_GEOMETRIC = 1 / 4
_MANY = 0.1
_MOST = 100
_LARGEST_PATCH = 9


def simulated_hints(rng: np.random.Generator, chroma: FloatArray) -> FloatArray:
    """Return `hint_map` of random patches, each with its own mean of a and b, (H, W, 2)."""
    height, width = chroma.shape[:2]
    return hint_map([_patch(rng, chroma) for _ in range(_count(rng))], height, width)


def _count(rng: np.random.Generator) -> int:
    if rng.random() < _NO_HINTS:
        return 0
    if rng.random() < _MANY:
        return int(rng.integers(1, _MOST + 1))
    return min(_MOST, int(rng.geometric(_GEOMETRIC)))


def _patch(rng: np.random.Generator, chroma: FloatArray) -> Patch:
    height, width = chroma.shape[:2]
    side = int(rng.integers(1, min(_LARGEST_PATCH, height, width) + 1))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    a, b = chroma[top : top + side, left : left + side].mean(axis=(0, 1))
    return Patch(top, top + side, left, left + side, float(a), float(b))


def simulated_mood(rng: np.random.Generator, chroma: FloatArray) -> FloatArray:
    """Return the picture's own `mood_vector`, or zeros: no mood."""
    absent = rng.random() < _NO_MOOD
    return np.zeros(MOOD_SIZE, dtype=np.float32) if absent else mood_vector(chroma)
