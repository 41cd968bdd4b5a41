"""One photograph's mood for another, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.mood.grey import in_colour
from rechroma.mood.look import fit_look
from rechroma.mood.methods import DEFAULT_METHOD
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.mood.finish import Luminance
    from rechroma.photo import Source

__all__ = ["transfer"]


def transfer(
    source: Source | Photo | Sequence[Source | Photo],
    target: Source | Photo,
    *,
    method: str = DEFAULT_METHOD,
    strength: float = 1.0,
    luminance: Luminance = "match",
    exact: bool = False,
) -> Photo:
    """Return the target with the mood of the source; a black-and-white target is colorized first.

    Args:
        source: The photograph that the mood comes from; several are pooled.
        target: The photograph that gets it; its size, bit depth, alpha and metadata are kept.
        method: A key of `METHODS`.
        strength: 0 (nothing) … 1 (the whole mood).
        luminance: "match" transfers lightness, too; "keep" leaves the target's own.
        exact: Compute every pixel instead of reading a table; see `Look.apply`.

    Raises:
        UsageError: A method that does not exist, or a number out of range.
        PhotoError: A photograph can't be read.
    """
    photo = in_colour(target if isinstance(target, Photo) else read(target))
    look = fit_look(source, photo, method=method, strength=strength, luminance=luminance)
    return look.apply(photo, exact=exact)
