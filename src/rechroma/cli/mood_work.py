"""What `rechroma transfer` does to each photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rechroma.batch.pictures import PointWork
from rechroma.colorizer import is_color
from rechroma.errors import UsageError
from rechroma.evaluation.figure import contact_sheet
from rechroma.mood import (
    DEFAULT_METHOD,
    METHODS,
    fit_look,
    fit_regional_look,
    in_color,
    parse_swatch,
    preload_default_colorizer,
)
from rechroma.photo import Photo, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.batch import Work
    from rechroma.mood import Look, Luminance
    from rechroma.photo.strips import PixelChange

__all__ = ["TransferOptions", "check_single", "preview", "transfer_work"]

_PREVIEW_HEIGHT = 240


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """The options of `rechroma transfer` that say how colors are changed; see its help."""

    sources: tuple[str, ...]
    method: str
    strength: float
    luminance: Luminance
    regions: int | None
    swatches: tuple[str, ...]
    masks: tuple[str | None, str | None]
    exact: bool
    lut: Path | None
    lut_size: int


def check_single(options: TransferOptions, targets: int, *, preview: bool) -> None:
    """Refuse options that are about one source and one target where there are more.

    Raises:
        UsageError: There are more, or options contradict each other.
    """
    alone = [
        name
        for name, given in (
            ("--lut", options.lut is not None),
            ("--swatch", options.swatches),
            ("--source-mask and --target-mask", any(options.masks)),
            ("--preview", preview),
        )
        if given
    ]
    if alone and targets != 1:
        mend = "make a look for all of them: rechroma look save" if options.lut else "give one"
        raise UsageError(f"{alone[0]} is about one target, and there are {targets}", mend)
    if not any(options.masks):
        return
    if not all(options.masks) or len(options.sources) != 1:
        raise UsageError(
            "masks are a pair: of one source and of its target",
            "give one --src, --source-mask and --target-mask",
        )
    if options.lut or options.swatches or options.regions or options.exact:
        raise UsageError(
            "a change by masks is no single table",
            "leave out --lut, --swatch, --regions and --exact, or the masks",
        )


def transfer_work(options: TransferOptions, threads: int, *, overwrite: bool) -> Work:
    """Return what makes a photo the changed one.

    Raises:
        UsageError: A swatch or a source that can't be used.
        PhotoError: A source or a mask can't be read.
    """
    if options.method == DEFAULT_METHOD:
        preload_default_colorizer()
    moods = [read(source) for source in options.sources]
    if all(options.masks):
        both = [read(mask) for mask in options.masks if mask is not None]

        def by_masks(photo: Photo) -> Photo:
            photo = in_color(photo, moods[0])
            look = fit_regional_look(
                moods[0], photo, both[0], both[1],
                method=options.method, strength=options.strength, luminance=options.luminance,
            )  # fmt: skip
            return look.apply(photo)

        return by_masks
    swatches = [parse_swatch(text) for text in options.swatches]

    def fitted(photo: Photo) -> Look:
        look = fit_look(
            moods, photo, method=options.method, strength=options.strength,
            luminance=options.luminance, regions=options.regions, swatches=swatches,
            size=options.lut_size,
        )  # fmt: skip
        if options.lut is not None:
            look.save(options.lut, overwrite=overwrite)
        return look

    def by_look(photo: Photo) -> Photo:
        photo = in_color(photo, moods[0])
        return fitted(photo).apply(photo, exact=options.exact, threads=threads)

    def by_strips(thumbnail: Photo) -> PixelChange | None:
        # Rectangles count the pixels of the whole picture.
        whole = swatches or options.exact or not is_color(thumbnail)
        return None if whole else fitted(thumbnail).lut.apply

    return PointWork(by_look, by_strips)


def preview(options: TransferOptions, target: Photo, sheet: Path, *, overwrite: bool) -> None:
    """Write source, target and what every method makes of it, side by side."""
    moods = [read(source) for source in options.sources]
    photo = in_color(target, moods[0])
    results = [
        fit_look(
            moods, photo, method=method, strength=options.strength, luminance=options.luminance
        ).apply(photo)
        for method in METHODS
    ]
    row = [shown.to_uint8() for shown in (moods[0], photo, *results)]
    titles = ["source", "target", *METHODS]
    picture = contact_sheet([row], titles, height=_PREVIEW_HEIGHT)
    write(read(picture), sheet, overwrite=overwrite)
