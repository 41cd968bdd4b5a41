"""Pairs of swatches as users give them: these colors shall become those; it loads no NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from rechroma.errors import UsageError

__all__ = ["Box", "Swatch", "parse_swatch"]

# Left, top, width and height in pixels of the picture.
Box: TypeAlias = tuple[int, int, int, int]

_TEXT = r"(\d+),(\d+),(\d+),(\d+):(\d+),(\d+),(\d+),(\d+)"


@dataclass(frozen=True)
class Swatch:
    """A pair of rectangles.

    Attributes:
        source: Where the colors come from, in the source.
        target: What gets them, in the target.

    Examples:
        This sky's colors for that sky, and the ground's for the ground:

        >>> import numpy as np
        >>> import rechroma
        >>> y, x = np.mgrid[0:1:60j, 0:1:80j]
        >>> evening = np.where(y[..., None] < 0.5, [0.9, 0.5, 0.3], [0.3, 0.2, 0.1])
        >>> noon = np.where(y[..., None] < 0.5, [0.5, 0.7, 0.9], [0.4, 0.5, 0.3])
        >>> sky = rechroma.Swatch(source=(0, 0, 80, 20), target=(0, 0, 80, 20))
        >>> ground = rechroma.Swatch(source=(0, 40, 80, 20), target=(0, 40, 80, 20))
        >>> photo = rechroma.transfer(evening, noon, swatches=[sky, ground])
        >>> red, green, blue = photo.to_uint8()[5, 40]
        >>> bool(red > green > blue)
        True
    """

    source: Box
    target: Box


def parse_swatch(text: str) -> Swatch:
    """Read "x,y,w,h:x,y,w,h", the source's rectangle first.

    Raises:
        UsageError: It is something else.
    """
    match = re.fullmatch(_TEXT, text.replace(" ", ""))
    if match is None:
        raise UsageError(
            f"{text!r} is no pair of swatches",
            "write x,y,w,h:x,y,w,h: left, top, width, height in the source, then in the target",
        )
    x, y, width, height, *target = map(int, match.groups())
    return Swatch((x, y, width, height), (target[0], target[1], target[2], target[3]))
