"""The options of colorizing, declared once.

Loading this module loads no NumPy: the command line's `--help` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rechroma.options import CheckedOptions, Range, option

__all__ = ["MAX_VARIANTS", "ColorizeOptions"]

# Other plausible answers to one picture, at most.
MAX_VARIANTS = 8


@dataclass(frozen=True, kw_only=True)
class ColorizeOptions(CheckedOptions):
    """How a picture is colorized; see `Colorizer.colorize`.

    Raises:
        UsageError: A number is out of range.
    """

    strength: float = option(
        1.0, "How much color: 0 is gray, 1 what the model says.", range=Range(0.0, 1.5)
    )
    vividness: float = option(
        1.0,
        "0: the mean of what is possible, faithful and pale; 1: near to the likeliest.",
        range=Range(0.0, 1.5),
    )
    temperature: float = option(
        0.0,
        "Warmer light, up to 1 (5000 K where it was 6500 K), or cooler, down to -1; lightness "
        "stays.",
        range=Range(-1.0, 1.0),
    )
    recolor: bool = option(
        True,  # noqa: FBT003 (its default)
        "Color pictures that are in color already anew, from their lightness.",
    )
    recompress: bool = option(
        False,  # noqa: FBT003 (its default)
        "Make a JPEG of a JPEG from pixels, too. Otherwise a gray one keeps its gray, byte for "
        "byte, and one in color gets chroma at half size, unless a quality is asked for.",
    )
