"""Black-and-white photographs in a transfer: as a source refused, as a target colored first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer import is_color
from rechroma.errors import UsageError
from rechroma.mood.default_colorizer import default_colorizer

if TYPE_CHECKING:
    from rechroma.mood.palette import Palette
    from rechroma.photo import Photo

__all__ = ["in_color", "refuse_gray"]

# Mean CIELAB chroma of a gray picture with a little noise; a sepia print has 10 and more.
_GRAY = 1.0


def refuse_gray(palette: Palette, name: str) -> None:
    """Refuse a source without colors. A toned print is welcome: its tone is its mood.

    Raises:
        UsageError: It is black and white.
    """
    if np.hypot(palette.lab[:, 1], palette.lab[:, 2]).mean() < _GRAY:
        raise UsageError(
            f"{name}: the source, where the mood comes from, is black and white",
            "give a color photograph as the source; is this one the target?",
        )


def in_color(photo: Photo, mood: Photo | None = None) -> Photo:
    """Return a photo that has colors to be changed: a black-and-white one is colorized.

    Args:
        photo: In color or not.
        mood: The photograph whose mood it is going to get: a model that takes moods is told.
    """
    if is_color(photo):
        return photo
    colorizer = default_colorizer()
    return colorizer.colorize(photo, mood=mood if colorizer.card.hints else None)
