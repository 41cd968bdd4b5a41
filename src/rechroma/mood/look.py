"""A look: the mood of one or several photographs, ready to be applied to any number of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import numpy as np

from rechroma.errors import UsageError
from rechroma.mood.gamut_compression import (
    Luminance,
    SourceColors,
    compress_mapped,
    compress_mapped_rgb,
    source_colors,
)
from rechroma.mood.gray import refuse_gray
from rechroma.mood.lut import LUT_SIZES, Lut3D, grid
from rechroma.mood.methods import DEFAULT_METHOD, METHODS
from rechroma.mood.methods.mixture import MAX_REGIONS
from rechroma.mood.methods.swatches import fit_swatches
from rechroma.mood.palette import Palette, natural_palette, palette_of, palettes_of, pooled
from rechroma.mood.swatch import fit_swatch_pairs
from rechroma.photo import Photo, read
from rechroma.photo.samples import quantize

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from rechroma.mood.color_map import ColorMap
    from rechroma.mood.methods import Fit
    from rechroma.mood.swatch import Swatch
    from rechroma.photo import Source

__all__ = ["Look", "baked", "chosen_fit", "fit_look", "mood_of"]

DEFAULT_SIZE = 33


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A map of colors, baked into a table.

    Attributes:
        lut: The table.
        color_map: The map itself, in CIELAB; None for a table that was read from a file.
        strength: As fitted.
        luminance: As fitted.

    Examples:
        Fit once, apply to many, and take it along to other programs:

        >>> import numpy as np
        >>> import rechroma
        >>> y, x = np.mgrid[0:1:64j, 0:1:64j]
        >>> sunset = np.dstack([0.5 + x / 2, 0.3 + y / 4, 0.2 + x * y / 4])
        >>> look = rechroma.fit_look(sunset)
        >>> photo = look.apply(rechroma.read("examples/louis-armstrong-1946.jpg"))
        >>> print(look.save("sunset.cube"))
        sunset.cube
    """

    lut: Lut3D
    color_map: ColorMap | None = None
    strength: float = 1.0
    luminance: Luminance = "match"

    def apply(self, photo: Photo, *, exact: bool = False, threads: int = 1) -> Photo:
        """Return a photo with this look, at its own bit depth.

        Args:
            photo: Alpha and metadata are kept.
            exact: Compute every pixel instead of reading the table: slower by a factor of about
                100, and off by no interpolation.
            threads: Strips under way at once.

        Raises:
            UsageError: `exact` of a look that was read from a file.
        """
        if not exact:
            return photo.with_pixels(self.lut.apply(photo.samples, threads=threads))
        if self.color_map is None:
            raise UsageError("this look is a table: it has no exact map", "leave out --exact")
        rgb = compress_mapped_rgb(
            photo.pixels, self.color_map, strength=self.strength, luminance=self.luminance
        )
        return photo.with_pixels(quantize(rgb.astype(np.float32), photo.samples.dtype))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the look as a `.cube` file, and return its path."""
        from pathlib import Path

        from rechroma.mood.cube import write_cube

        write_cube(self.lut, path, title=Path(path).stem, overwrite=overwrite)
        return Path(path)


def fit_look(
    source: Source | Photo | Sequence[Source | Photo],
    target: Source | Photo | None = None,
    *,
    method: str = DEFAULT_METHOD,
    strength: float = 1.0,
    luminance: Luminance = "match",
    regions: int | None = None,
    swatches: Sequence[Swatch] = (),
    size: int = DEFAULT_SIZE,
) -> Look:
    """Fit the look that gives a target the mood of a source.

    Args:
        source: The photograph that the mood comes from; several are pooled.
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
        UsageError: No source or a black-and-white one, a method that does not exist, or a number
            out of range.
        PhotoError: A photograph can't be read.

    Examples:
        >>> import rechroma
        >>> still = rechroma.colorize("examples/louis-armstrong-1946.jpg")
        >>> look = rechroma.fit_look(still, method="reinhard", luminance="keep")
        >>> look.lut.table.shape
        (33, 33, 33, 3)
    """
    fit = chosen_fit(method, regions, strength)
    if swatches:
        color_map = _fit_pairs(source, target, swatches, method, regions)
    else:
        color_map = fit(*_palettes(source, target))
    return baked(color_map, strength, luminance, size)


def baked(color_map: ColorMap, strength: float, luminance: Luminance, size: int) -> Look:
    """Return a map as a look; see `fit_look` for the arguments."""
    table = compress_mapped(_nodes(size), color_map, strength=strength, luminance=luminance)
    lut = Lut3D(np.ascontiguousarray(table, dtype=np.float32))
    return Look(lut, color_map, strength, luminance)


def chosen_fit(method: str, regions: int | None, strength: float) -> Fit:
    """Return the method of that name.

    Raises:
        UsageError: There is none, or a number is out of range.
    """
    if method not in METHODS:
        raise UsageError(f"there is no method {method!r}", f"use one of {', '.join(METHODS)}")
    if not 0 <= strength <= 1:
        raise UsageError(f"strength {strength} is out of range", "give 0 to 1")
    if regions is None:
        return METHODS[method]
    if METHODS[method] is not fit_swatches:
        raise UsageError(f"method {method!r} has no regions", "leave out --regions")
    if not 2 <= regions <= MAX_REGIONS:
        raise UsageError(f"{regions} regions are out of range", f"give 2 to {MAX_REGIONS}")
    return partial(fit_swatches, regions=regions)


def mood_of(source: Source | Photo | Sequence[Source | Photo]) -> Palette:
    """Return the colors that a mood comes from; several photographs are pooled.

    Raises:
        UsageError: No source, or a black-and-white one.
        PhotoError: A photograph can't be read.
    """
    return _palettes(source, None)[0]


def _palettes(
    source: Source | Photo | Sequence[Source | Photo], target: Source | Photo | None
) -> tuple[Palette, Palette]:
    """Return the mood's palette, and the target's: None stands for photographs on the average."""
    photos = [_photo(each) for each in _several(source)]
    sources = len(photos)
    if target is not None:
        photos.append(_photo(target))
    palettes = palettes_of(photos)
    for photo, palette in zip(photos[:sources], palettes, strict=False):
        refuse_gray(palette, photo.name)
    return pooled(palettes[:sources]), palettes[-1] if target is not None else natural_palette()


def _fit_pairs(
    source: Source | Photo | Sequence[Source | Photo],
    target: Source | Photo | None,
    swatches: Sequence[Swatch],
    method: str,
    regions: int | None,
) -> ColorMap:
    several = _several(source)
    if METHODS[method] is not fit_swatches or regions is not None:
        raise UsageError(
            "pairs of swatches are regions of method 'swatches' themselves",
            "leave out --method and --regions",
        )
    if len(several) > 1 or target is None:
        raise UsageError(
            "a pair of swatches is a rectangle in the source and one in the target",
            "give one source and one target",
        )
    photo = _photo(several[0])
    refuse_gray(palette_of(photo), photo.name)
    return fit_swatch_pairs(photo, _photo(target), swatches)


def _several(source: Source | Photo | Sequence[Source | Photo]) -> Sequence[Source | Photo]:
    several = isinstance(source, list | tuple)
    sources = cast("Sequence[Source | Photo]", source if several else [source])
    if not sources:
        raise UsageError("no source", "name the photograph that the mood comes from")
    return sources


@lru_cache(maxsize=3)
def _nodes(size: int) -> SourceColors:
    """Return the table's nodes: the same for every look of that size."""
    if size not in LUT_SIZES:
        raise UsageError(f"a LUT of size {size}", f"give one of {', '.join(map(str, LUT_SIZES))}")
    return source_colors(grid(size))


def _photo(source: Source | Photo) -> Photo:
    return source if isinstance(source, Photo) else read(source)
