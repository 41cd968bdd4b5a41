"""The options of a transfer, declared once.

Loading this module loads no NumPy: the command line's `--help` reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from rechroma.errors import UsageError
from rechroma.options import CheckedOptions, Range, option

__all__ = [
    "LUT_SIZES",
    "MAX_REGIONS",
    "Box",
    "Luminance",
    "Method",
    "Swatch",
    "TransferOptions",
    "parse_swatch",
]

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


# "match": lightness is transferred, too; "keep": the target's own stays.
Luminance: TypeAlias = Literal["match", "keep"]

# Nodes along each axis that programs read everywhere.
LUT_SIZES = (17, 33, 65)
MAX_REGIONS = 8
# The keys of `rechroma.mood.METHODS`, whose values need NumPy.
Method: TypeAlias = Literal["reinhard", "reinhard-paper", "mkl", "histogram", "sliced", "swatches"]
_BY_REGION: Method = "swatches"


@dataclass(frozen=True, kw_only=True)
class TransferOptions(CheckedOptions):
    """How a mood is transferred; see `transfer`.

    Raises:
        UsageError: A method that does not exist, a number out of range, or options that contradict
            each other.
    """

    method: Method = option(  # noqa: RUF009 (this is how a field is declared)
        _BY_REGION, "How colors are matched.", choices=get_args(Method)
    )
    strength: float = option(
        1.0, "0 changes nothing, 1 takes the whole mood.", range=Range(0.0, 1.0)
    )
    luminance: Luminance = option(  # noqa: RUF009 (this is how a field is declared)
        "match",
        "Whether lightness is matched, too, or the target keeps its own.",
        choices=get_args(Luminance),
    )
    regions: int | None = option(
        None,
        "Regions of color of method swatches.",
        range=Range(2, MAX_REGIONS),
        absent="as the pictures need",
        refusal="{value} regions are out of range",
    )
    swatches: tuple[Swatch, ...] = option(
        (),
        "A rectangle in the source, and the one in the target that gets its colors.",
        flag="--swatch",
        metavar="X,Y,W,H:X,Y,W,H",
        parse=parse_swatch,
    )
    exact: bool = option(
        False,  # noqa: FBT003 (its default)
        "Compute every pixel instead of reading a table; slow.",
    )
    size: int = option(
        33,
        "Nodes of the table along each axis.",
        choices=LUT_SIZES,
        flag="--lut-size",
        refusal="a LUT of size {value}",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.regions is not None and self.method != _BY_REGION:
            raise UsageError(f"method {self.method!r} has no regions", "leave out --regions")
        if self.swatches and (self.method != _BY_REGION or self.regions is not None):
            raise UsageError(
                "pairs of swatches are regions of method 'swatches' themselves",
                "leave out --method and --regions",
            )
