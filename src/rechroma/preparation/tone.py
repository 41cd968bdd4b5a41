"""Faded contrast: whether a print has lost its black and its white, and what they were.

Values are worked on as they are encoded: there fading is nearly a factor and an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.preparation.planes import closed, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.preparation.tint import Tint

    Plane = NDArray[np.float32]

__all__ = ["Contrast", "ends_of", "find_contrast", "stretched"]

# What of a picture is darker than its black and lighter than its white.
_TAIL = 0.003
# Of ordinary pictures, as they are encoded: the medians of 1,200 training photographs.
_BLACK, _WHITE = 0.04, 0.95
# Faded is what has no black, no white and little between. In a print whose paper has yellowed, gray
# blacks tell that they have faded if its whites are none, either.
_NO_BLACK, _NO_WHITE, _LITTLE = 0.2, 0.82, 0.56
_NO_BLACK_WITH_TINT, _NO_WHITE_WITH_TINT = 0.17, 0.88
# In sepia black is brown from the beginning: no black tells nothing below so much. How brown what
# is darkest is, of what is brownest, tells how dark it was: black by what is darkest, by that
# share, and a constant. A regression on 200 made sepia prints of training photographs.
_NO_BLACK_OF_TONED = 0.32
_BLACK_OF_TONED = (0.336, 0.308, -0.111)
# From here on toning leaves tones as they were.
_MIDDLE = 0.5
# Pictures differ: such a share of what an end is off an ordinary picture's stays, as it may have
# been the picture's own. With the least error of L on made prints of 80 training photographs.
_KEPT_OF_BLACK, _KEPT_OF_WHITE, _KEPT_WITH_TINT = 0.2, 0.25, 0.4
# The most by which contrast is raised: then noise is.
_MOST_GAIN = 3.5
# A picture of less range has nothing to be stretched.
_LEAST_RANGE = 0.05


@dataclass(frozen=True, slots=True)
class Contrast:
    """Faded contrast; all are encoded grays in 0…1.

    Attributes:
        low: The picture's black.
        high: Its white.
        black: What its black was.
        white: What its white was.
        dark_alone: Whether middle tones and light ones are as they were, as in toned prints.
    """

    low: float
    high: float
    black: float
    white: float
    dark_alone: bool = False

    def restored(self, values: Plane) -> Plane:
        """Return encoded values with the contrast that the picture had, in 0…1."""
        if self.dark_alone:
            middle = max(_MIDDLE, self.low + _LEAST_RANGE)
            slope = (self.low - self.black) / (middle - self.low)
            lowered = values - np.float32(slope) * np.maximum(np.float32(middle) - values, 0)
            return np.clip(lowered, 0, 1)
        gain = min(_MOST_GAIN, (self.white - self.black) / max(self.high - self.low, 1e-3))
        middle, was = (self.low + self.high) / 2, (self.black + self.white) / 2
        raised = (values - np.float32(middle)) * np.float32(gain)
        return np.clip(raised + np.float32(was), 0, 1)


def find_contrast(gray: Plane, inside: NDArray[np.bool_], tint: Tint | None) -> Contrast | None:
    """Find out whether a picture has faded.

    Args:
        gray: A thumbnail of it, encoded in 0…1, shape (h, w).
        inside: What of it is the picture and not its border, shape (h, w).
        tint: Of its paper.
    """
    low, high = ends_of(gray, inside)
    if high - low < _LEAST_RANGE:
        return None
    toned = tint is not None and tint.is_toned
    no_black = _NO_BLACK_OF_TONED if toned else _NO_BLACK
    if low > no_black and high < _NO_WHITE and high - low < _LITTLE:
        black = _BLACK + _KEPT_OF_BLACK * (low - _BLACK)
        return Contrast(low, high, black, _WHITE - _KEPT_OF_WHITE * (_WHITE - high))
    if tint is None:
        return None
    if toned:
        by_low, by_share, constant = _BLACK_OF_TONED
        black = max(by_low * low + by_share * tint.brown_of_dark + constant, 0)
        return Contrast(low, high, black, high, dark_alone=True) if black < low else None
    if low > _NO_BLACK_WITH_TINT and high < _NO_WHITE_WITH_TINT:
        return Contrast(low, high, _BLACK + _KEPT_WITH_TINT * (low - _BLACK), high)
    return None


def ends_of(gray: Plane, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a picture's black and white, thin things such as scratches and hairs left out."""
    low = float(np.quantile(closed(gray, 1)[inside], _TAIL))
    return low, float(np.quantile(opened(gray, 1)[inside], 1 - _TAIL))


def stretched(gray: Plane, inside: NDArray[np.bool_]) -> Plane:
    """Return encoded gray whose black and white are 0 and 1."""
    low, high = ends_of(gray, inside)
    return np.clip((gray - np.float32(low)) / np.float32(max(high - low, _LEAST_RANGE)), 0, 1)
