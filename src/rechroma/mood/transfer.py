"""One photograph's mood for another, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rechroma.errors import UsageError
from rechroma.mood.gray import in_color
from rechroma.mood.look import fit_look
from rechroma.mood.methods import DEFAULT_METHOD
from rechroma.mood.regional import fit_regional_look
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.mood.gamut_compression import Luminance
    from rechroma.mood.swatch import Swatch
    from rechroma.photo import Source

__all__ = ["transfer"]


def transfer(
    source: Source | Photo | Sequence[Source | Photo],
    target: Source | Photo,
    *,
    method: str = DEFAULT_METHOD,
    strength: float = 1.0,
    luminance: Luminance = "match",
    regions: int | None = None,
    swatches: Sequence[Swatch] = (),
    masks: tuple[Source | Photo, Source | Photo] | None = None,
    exact: bool = False,
) -> Photo:
    """Return the target with the mood of the source; a black-and-white target is colorized first.

    Args:
        source: The photograph that the mood comes from; several are pooled.
        target: The photograph that gets it; its size, bit depth, alpha and metadata are kept.
        method: A key of `METHODS`.
        strength: 0 (nothing) … 1 (the whole mood).
        luminance: "match" transfers lightness, too; "keep" leaves the target's own.
        regions: See `fit_look`.
        swatches: See `fit_look`.
        masks: Pictures of flat colors, of the source and of the target: where both have the same
            color is what belongs together; see `fit_regional_look`.
        exact: Compute every pixel instead of reading a table; see `Look.apply`.

    Raises:
        UsageError: A method that does not exist, or a number out of range.
        PhotoError: A photograph can't be read.

    Examples:
        >>> import rechroma
        >>> street = "examples/saratoga-springs-broadway-1900s.jpg"
        >>> sunny = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg")
        >>> photo = rechroma.transfer(sunny, street, strength=0.8)
        >>> print(photo.save("louis.mood.jpg"))
        louis.mood.jpg
    """
    several = isinstance(source, list | tuple)
    sources = [
        _photo(each) for each in cast("Sequence[Source | Photo]", source if several else [source])
    ]
    photo = in_color(_photo(target), sources[0] if sources else None)
    if masks is None:
        look = fit_look(
            sources, photo, method=method, strength=strength, luminance=luminance,
            regions=regions, swatches=swatches,
        )  # fmt: skip
        return look.apply(photo, exact=exact)
    if several or regions is not None or swatches or exact:
        raise UsageError(
            "masks go with one source, and without regions, swatches and exact", "leave those out"
        )
    both = [_photo(mask) for mask in masks]
    return fit_regional_look(
        sources[0], photo, both[0], both[1], method=method, strength=strength, luminance=luminance
    ).apply(photo)


def _photo(source: Source | Photo) -> Photo:
    return source if isinstance(source, Photo) else read(source)
