"""The options that the commands about moods share."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["exact", "luminance", "lut", "lut_size", "method", "regions", "strength"]

# The names are repeated here so that `--help` loads no NumPy; a test compares them.
_METHODS = ["reinhard", "reinhard-paper", "mkl", "histogram", "sliced", "swatches"]

method = click.option(
    "--method", type=click.Choice(_METHODS), default="swatches", show_default=True,
    help="How colors are matched.",
)  # fmt: skip
strength = click.option(
    "--strength", type=click.FloatRange(0.0, 1.0), default=1.0, show_default=True,
    help="0 changes nothing, 1 takes the whole mood.",
)  # fmt: skip
luminance = click.option(
    "--luminance", type=click.Choice(["match", "keep"]), default="match", show_default=True,
    help="Whether lightness is matched, too, or the target keeps its own.",
)  # fmt: skip
regions = click.option(
    "--regions", type=click.IntRange(2, 8), metavar="N",
    help="Regions of color of method swatches, 2 to 8.  [default: as the pictures need]",
)  # fmt: skip
exact = click.option(
    "--exact", is_flag=True, help="Compute every pixel instead of reading a 33³ table; slow."
)
lut = click.option(
    "--lut", type=click.Path(path_type=Path), metavar="FILE.cube",
    help="Also write the change as a .cube file for other programs.",
)  # fmt: skip
lut_size = click.option(
    "--lut-size", type=click.Choice(["17", "33", "65"]), default="33", show_default=True,
    help="Nodes of the table along each axis.",
)  # fmt: skip
