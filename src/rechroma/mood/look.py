"""A look: the mood of one or several photographs, ready to be applied to any number of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from rechroma.errors import UsageError
from rechroma.mood.finish import Luminance, mapped_rgb
from rechroma.mood.grey import refuse_grey
from rechroma.mood.lut import Lut3D, bake
from rechroma.mood.methods import DEFAULT_METHOD, METHODS
from rechroma.mood.natural import natural_palette
from rechroma.mood.palette import Palette, palette_of, pooled
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from rechroma.mood.color_map import ColorMap
    from rechroma.photo import Source

__all__ = ["Look", "fit_look"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A map of colours, baked into a table.

    Attributes:
        lut: The table.
        color_map: The map itself, in CIELAB; None for a table that was read from a file.
        strength: As fitted.
        luminance: As fitted.
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
        rgb = mapped_rgb(
            photo.pixels, self.color_map, strength=self.strength, luminance=self.luminance
        )
        return photo.with_pixels(rgb.astype("float32"))

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
    size: int = 33,
) -> Look:
    """Fit the look that gives a target the mood of a source.

    Args:
        source: The photograph that the mood comes from; several are pooled.
        target: The photograph that gets it; None fits a look for any photograph, from the colours
            that photographs have on the average.
        method: A key of `METHODS`.
        strength: 0 (nothing) … 1 (the whole mood).
        luminance: "match" transfers lightness, too; "keep" leaves the target's own.
        size: Nodes of the table along each axis.

    Raises:
        UsageError: No source or a black-and-white one, a method that does not exist, or a number
            out of range.
        PhotoError: A photograph can't be read.
    """
    if method not in METHODS:
        raise UsageError(f"there is no method {method!r}", f"use one of {', '.join(METHODS)}")
    if not 0 <= strength <= 1:
        raise UsageError(f"strength {strength} is out of range", "give 0 to 1")
    mood = _mood_of(source)
    before = natural_palette() if target is None else palette_of(_photo(target))
    color_map = METHODS[method](mood, before)
    finished = partial(mapped_rgb, color_map=color_map, strength=strength, luminance=luminance)
    return Look(bake(finished, size), color_map, strength, luminance)


def _mood_of(source: Source | Photo | Sequence[Source | Photo]) -> Palette:
    several = isinstance(source, list | tuple)
    sources = cast("Sequence[Source | Photo]", source if several else [source])
    if not sources:
        raise UsageError("no source", "name the photograph that the mood comes from")
    palettes: list[Palette] = []
    for photo in map(_photo, sources):
        palettes.append(palette_of(photo))
        refuse_grey(palettes[-1], photo.name)
    return pooled(palettes)


def _photo(source: Source | Photo) -> Photo:
    return source if isinstance(source, Photo) else read(source)
