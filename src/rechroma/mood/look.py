"""A look: the mood of one or several photographs, ready to be applied to any number of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.errors import UsageError
from rechroma.mood.cube import write_cube
from rechroma.mood.gamut_compression import (
    SourceColors,
    compress_mapped,
    compress_mapped_rgb,
    source_colors,
)
from rechroma.mood.library import LOOK_SUFFIXES, find_look, is_look_name, save_look
from rechroma.mood.look_files import read_lut
from rechroma.mood.lut import Lut3D, LutChain, grid
from rechroma.mood.methods import METHODS
from rechroma.mood.methods.swatches import fit_swatches
from rechroma.mood.named_looks import is_named_look, named_look
from rechroma.mood.options import Luminance, TransferOptions
from rechroma.mood.palette import Palette, natural_palette, palettes_of, pooled
from rechroma.mood.swatch_pairs import fit_swatch_pairs
from rechroma.photo import Photo, read, readable_suffixes
from rechroma.photo.samples import do_strips, quantize, row_strips, to_float

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.mood.gamut_compression import ColorMap
    from rechroma.mood.methods import Fit
    from rechroma.mood.options import Swatch
    from rechroma.photo.model import PixelChange

__all__ = [
    "Look",
    "TonesOnly",
    "baked",
    "check_tones",
    "chosen_fit",
    "fit",
    "has_no_colors",
    "photos_of",
    "title_of",
]

# Mean CIELAB chroma of a gray picture with a little noise; a sepia print has 10 and more.
_GRAY = 1.0


# Nodes of the table that stands for a look of several steps.
_SAMPLED = 65


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A map of colors, baked into a table.

    Attributes:
        lut: The table; the steps of a file that holds more than one.
        color_map: The map itself, in CIELAB; None for a table that was read from a file.
        strength: As fitted.
        luminance: As fitted.
        title: What results say about how they were made.

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

        A look of the package, by its name:

        >>> winter = rechroma.Look.load("winter").apply(photo, strength=0.7)
    """

    lut: Lut3D | LutChain
    color_map: ColorMap | None = None
    strength: float = TransferOptions.strength
    luminance: Luminance = TransferOptions.luminance
    title: str = "look"

    def title_at(self, strength: float) -> str:
        """Return the title with the strength at which it is applied, if that is not 1."""
        return self.title if strength == 1 else f"{self.title}; strength {strength:g}"

    def apply(
        self, photo: Photo, *, strength: float = 1.0, exact: bool = False, threads: int = 1
    ) -> Photo:
        """Return a photo with this look, at its own bit depth.

        Args:
            photo: Alpha and metadata are kept.
            strength: 0 (the photo as it is) … 1 (the whole look): colors are mixed as they are
                encoded, as the opacity of a layer does it.
            exact: Compute every pixel instead of reading the table: slower by a factor of about
                100, and off by no interpolation.
            threads: Strips under way at once.

        Raises:
            UsageError: `exact` of a look that was read from a file, or a strength out of range.
        """
        if not exact:
            changed = photo.with_change(self._at(strength, threads))
            return changed.marked(self.title_at(strength))
        if self.color_map is None:
            raise UsageError("this look is a table: it has no exact map", "leave out --exact")
        rgb = compress_mapped_rgb(
            photo.pixels, self.color_map, strength=self.strength, luminance=self.luminance
        )
        rgb = _mixed(photo.pixels, rgb.astype(np.float32), strength)
        result = photo.with_pixels(quantize(rgb, photo.samples.dtype))
        return result.marked(self.title_at(strength))

    def change(
        self, samples: NDArray[Any], *, strength: float = 1.0, threads: int = 1
    ) -> NDArray[Any]:
        """Return samples with this look; see `apply` and `Lut3D.apply`."""
        return self._at(strength, threads)(samples)

    def _at(self, strength: float, threads: int) -> PixelChange:
        """Return what `change` does, as something that can travel: without the map."""
        if not 0 <= strength <= 1:
            raise UsageError(f"strength {strength} is out of range", "give 0 to 1")
        if strength == 1:
            return partial(self.lut.apply, threads=threads)
        return partial(_partly, self.lut, strength, threads)

    def as_table(self) -> Lut3D:
        """Return the look as one table: a look of several steps is sampled at 65³ colors."""
        return self.lut.as_table(_SAMPLED) if isinstance(self.lut, LutChain) else self.lut

    @classmethod
    def load(cls, path_or_name: str | os.PathLike[str]) -> Look:
        """Read a look that was saved.

        Args:
            path_or_name: The path of a look of any program (see `read_lut`), the name of a saved
                look, or that of one of the package, such as "winter": `rechroma look list` lists
                both.

        Raises:
            LookError: None of them exists, or the file is broken.
        """
        if is_named_look(path_or_name):
            return named_look(str(path_or_name))
        file = find_look(path_or_name)
        return cls(read_lut(file), title=f"look {Path(file).stem}")

    def save(self, path_or_name: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the look as a `.cube` file, and return its path.

        Args:
            path_or_name: The file; or a name, without a folder and without a suffix, by which
                `Look.load` and `rechroma apply` find it again.
                A look of several steps is sampled at 65³ colors.
            overwrite: Replace what is there.

        Raises:
            UsageError: The name is no file name, or a file of another kind.
            UnwritableFileError: Something is there, or the disk says no.
        """
        table = self.as_table()

        def write(path: Path) -> None:
            write_cube(table, path, title=path.stem, overwrite=overwrite)

        if is_look_name(path_or_name):
            return save_look(str(path_or_name), ".cube", write, overwrite=overwrite)
        path = Path(path_or_name)
        if path.suffix.lower() in (LOOK_SUFFIXES | readable_suffixes()) - {".cube"}:
            raise UsageError(f"{path}: looks are written as .cube files", "give it that suffix")
        write(path)
        return path


def fit(
    source: PhotoLike | Sequence[PhotoLike], target: PhotoLike | None, options: TransferOptions
) -> Look:
    """Fit the look that gives a target the mood of a source; see `fit_look`.

    Args:
        source: The photograph that the mood comes from; several are pooled.
        target: The photograph that gets it; None for any.
        options: How.

    Raises:
        UsageError: No source, a black-and-white one whose tones shall not be transferred, or
            swatches of other than two photographs.
        PhotoError: A photograph can't be read.
    """
    sources = photos_of(source)
    photo = None if target is None else photos_of(target)[0]
    if options.swatches:
        mood = pooled(palettes_of(sources))
        fitted = _fit_pairs(sources, photo, options.swatches)
    else:
        mood, before = _palettes(sources, photo)
        fitted = chosen_fit(options)(mood, before)
    if _is_gray(mood):
        _refuse_kept_lightness(options)
        fitted = TonesOnly(fitted)
    return baked(fitted, options)


def _partly(
    lut: Lut3D | LutChain, strength: float, threads: int, samples: NDArray[Any]
) -> NDArray[Any]:
    result = np.empty(samples.shape, samples.dtype)

    def work(rows: slice) -> None:
        rgb = np.ascontiguousarray(to_float(samples[rows]))
        result[rows] = quantize(_mixed(rgb, lut.apply(rgb), strength), samples.dtype)

    do_strips(work, row_strips(samples.shape), threads)
    return result


def _mixed(
    before: NDArray[np.float32], after: NDArray[np.float32], strength: float
) -> NDArray[np.float32]:
    """Return colors between two, 0 (before) … 1 (after)."""
    return (before + np.float32(strength) * (after - before)).astype(np.float32, copy=False)


def baked(color_map: ColorMap, options: TransferOptions, title: str = "") -> Look:
    """Return a map as a look; by default the title is that of a transfer."""
    table = compress_mapped(
        _nodes(options.size), color_map, strength=options.strength, luminance=options.luminance
    )
    lut = Lut3D(np.ascontiguousarray(table, dtype=np.float32))
    return Look(lut, color_map, options.strength, options.luminance, title or title_of(options))


def title_of(options: TransferOptions) -> str:
    """Return what results of a transfer say about how they were made."""
    return f"mood by {options.method}; strength {options.strength:g}"


@dataclass(frozen=True, slots=True, eq=False)
class TonesOnly:
    """What the mood of a black-and-white source is: its tones, and no colors at all.

    Attributes:
        color_map: A method's map, of which lightness counts.
    """

    color_map: ColorMap

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        mapped = np.array(self.color_map(lab))
        mapped[..., 1:] = 0
        return mapped


def chosen_fit(options: TransferOptions) -> Fit:
    """Return the method, with the number of regions where it has them."""
    if options.regions is None:
        return METHODS[options.method]
    return partial(fit_swatches, regions=options.regions)


def check_tones(sources: Sequence[Photo], options: TransferOptions) -> str:
    """Return what has to be said of black-and-white sources; nothing of others.

    Raises:
        UsageError: They are black and white, and their tones shall not be transferred.
    """
    if not has_no_colors(sources):
        return ""
    _refuse_kept_lightness(options)
    names = " and ".join(photo.name for photo in sources)
    return (
        f"{names}: black and white: its tones are transferred, and the target loses its colors; "
        "are source and target swapped?"
    )


def has_no_colors(sources: Sequence[Photo]) -> bool:
    """Tell whether the photographs of a mood are black and white, all together.

    A toned print is not: its tone is its mood.
    """
    return _is_gray(pooled(palettes_of(sources)))


def _is_gray(palette: Palette) -> bool:
    return bool(np.hypot(palette.lab[:, 1], palette.lab[:, 2]).mean() < _GRAY)


def _refuse_kept_lightness(options: TransferOptions) -> None:
    if options.luminance == "keep":
        raise UsageError(
            "the source is black and white, and the target's lightness is kept: nothing is left "
            "to transfer",
            "give a color photograph as the source, or match the luminance, too; are source and "
            "target swapped?",
        )


def photos_of(source: PhotoLike | Sequence[PhotoLike]) -> list[Photo]:
    """Return one photograph or several as a list, read where they are not yet.

    Raises:
        UsageError: None at all.
        PhotoError: One can't be read.
    """
    several = isinstance(source, list | tuple)
    given = cast("Sequence[PhotoLike]", source if several else [source])
    if not given:
        raise UsageError("no source", "name the photograph that the mood comes from")
    return [each if isinstance(each, Photo) else read(each) for each in given]


def _palettes(sources: Sequence[Photo], target: Photo | None) -> tuple[Palette, Palette]:
    """Return the mood's palette, and the target's: None stands for photographs on the average."""
    palettes = palettes_of([*sources, *([] if target is None else [target])])
    count = len(sources)
    return pooled(palettes[:count]), natural_palette() if target is None else palettes[-1]


def _fit_pairs(
    sources: Sequence[Photo], target: Photo | None, swatches: Sequence[Swatch]
) -> ColorMap:
    if len(sources) > 1 or target is None:
        raise UsageError(
            "a pair of swatches is a rectangle in the source and one in the target",
            "give one source and one target",
        )
    (source,) = sources
    return fit_swatch_pairs(source, target, swatches)


@lru_cache(maxsize=3)
def _nodes(size: int) -> SourceColors:
    """Return the table's nodes: the same for every look of that size."""
    return source_colors(grid(size))
