"""Looks and transfers, with the options as keywords."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from rechroma.errors import UsageError
from rechroma.mood.grayscale import in_color
from rechroma.mood.look import check_tones, fit, photos_of
from rechroma.mood.options import Luminance, Method, Swatch, TransferOptions
from rechroma.mood.regional import fit_regional_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.mood.look import Look
    from rechroma.photo import Photo

__all__ = ["fit_look", "transfer"]


def fit_look(
    source: PhotoLike | Sequence[PhotoLike],
    target: PhotoLike | None = None,
    *,
    method: Method = TransferOptions.method,
    strength: float = TransferOptions.strength,
    luminance: Luminance = TransferOptions.luminance,
    regions: int | None = TransferOptions.regions,
    swatches: Sequence[Swatch] = TransferOptions.swatches,
    size: int = TransferOptions.size,
) -> Look:
    """Fit the look that gives a target the mood of a source.

    Args:
        source: The photograph that the mood comes from; several are pooled. Of a black-and-white
            one the tones are taken, with a `UserWarning`: the result has no colors.
        target: The photograph that gets it; None fits a look for any photograph, from the colors
            that photographs have on the average.
        method: A key of `METHODS`.
        strength: 0 (nothing) … 1 (the whole mood).
        luminance: "match" transfers lightness, too; "keep" leaves the target's own.
        regions: How many regions of color method "swatches" makes, 2…8; None leaves it to the
            data.
        swatches: Pairs of rectangles whose colors belong together, instead of automatic ones: of
            method "swatches", with one source and a target.
        size: Nodes of the table along each axis: 17, 33 or 65.

    Raises:
        UsageError: No source, a black-and-white one with luminance "keep", or see
            `TransferOptions`.
        PhotoError: A photograph can't be read.

    Examples:
        >>> import rechroma
        >>> still = rechroma.colorize("examples/louis-armstrong-1946.jpg")
        >>> look = rechroma.fit_look(still, method="reinhard", luminance="keep")
        >>> look.lut.table.shape
        (33, 33, 33, 3)
    """
    options = TransferOptions(
        method=method, strength=strength, luminance=luminance, regions=regions,
        swatches=tuple(swatches), size=size,
    )  # fmt: skip

    sources = photos_of(source)
    _warn_of_tones(sources, options)
    return fit(sources, target, options)


def transfer(
    source: PhotoLike | Sequence[PhotoLike],
    target: PhotoLike,
    *,
    method: Method = TransferOptions.method,
    strength: float = TransferOptions.strength,
    luminance: Luminance = TransferOptions.luminance,
    regions: int | None = TransferOptions.regions,
    swatches: Sequence[Swatch] = TransferOptions.swatches,
    masks: tuple[PhotoLike, PhotoLike] | None = None,
    exact: bool = TransferOptions.exact,
) -> Photo:
    """Return the target with the mood of the source; a black-and-white target is colorized first.

    Args:
        source: The photograph that the mood comes from; several are pooled. Of a black-and-white
            one the tones are taken, with a `UserWarning`: the result has no colors.
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
        UsageError: No source, a black-and-white one with luminance "keep", or see
            `TransferOptions`.
        PhotoError: A photograph can't be read.

    Examples:
        >>> import rechroma
        >>> street = "examples/saratoga-springs-broadway-1900s.jpg"
        >>> sunny = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg")
        >>> photo = rechroma.transfer(sunny, street, strength=0.8)
        >>> print(photo.save("street.mood.jpg"))
        street.mood.jpg
    """
    options = TransferOptions(
        method=method, strength=strength, luminance=luminance, regions=regions,
        swatches=tuple(swatches), exact=exact,
    )  # fmt: skip
    sources = photos_of(source)
    (photo,) = photos_of(target)
    _warn_of_tones(sources, options)
    photo = in_color(photo, sources)
    if masks is None:
        return fit(sources, photo, options).apply(photo, exact=exact)
    if len(sources) > 1 or regions is not None or swatches or exact:
        raise UsageError(
            "masks go with one source, and without regions, swatches and exact", "leave those out"
        )
    source_mask, target_mask = photos_of(masks)
    return fit_regional_look(sources[0], photo, source_mask, target_mask, options).apply(photo)


def _warn_of_tones(sources: Sequence[Photo], options: TransferOptions) -> None:
    if line := check_tones(sources, options):
        warnings.warn(line, stacklevel=3)
