"""What `rechroma transfer` does to each photograph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rechroma.batch.pictures import PointWork
from rechroma.colorizer import is_color
from rechroma.colorizer.shared import preload_default_encoder
from rechroma.errors import UsageError
from rechroma.files import is_file
from rechroma.mood import (
    DEFAULT_METHOD,
    METHODS,
    TransferOptions,
    check_tones,
    fit,
    in_color,
)
from rechroma.mood.look import title_of
from rechroma.photo import Photo, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.batch import Work
    from rechroma.cli.console import Console
    from rechroma.mood import Look
    from rechroma.photo.model import PixelChange

__all__ = ["Extras", "check_single", "preview", "transfer_work"]

_PREVIEW_HEIGHT = 480


@dataclass(frozen=True, slots=True)
class Extras:
    """What `rechroma transfer` is told beside `TransferOptions`; see its help."""

    sources: tuple[str, ...]
    masks: tuple[str | None, str | None]
    lut: Path | None
    max_pixels: int | None

    @property
    def files_read(self) -> list[str]:
        """The files that are read beside the targets."""
        return [*self.sources, *filter(None, self.masks)]


def check_single(options: TransferOptions, extras: Extras, targets: int, *, preview: bool) -> None:
    """Refuse options that are about one source and one target where there are more.

    Raises:
        UsageError: There are more, or options contradict each other.
    """
    alone = [
        name
        for name, given in (
            ("--lut", extras.lut is not None),
            ("--swatch", options.swatches),
            ("--source-mask and --target-mask", any(extras.masks)),
            ("--preview", preview),
        )
        if given
    ]
    if alone and targets != 1:
        mend = "make a look for all of them: rechroma look save" if extras.lut else "give one"
        raise UsageError(f"{alone[0]} is about one target, and there are {targets}", mend)
    if not any(extras.masks):
        return
    if not all(extras.masks) or len(extras.sources) != 1:
        raise UsageError(
            "masks are a pair: of one source and of its target",
            "give one --src, --source-mask and --target-mask",
        )
    if extras.lut or options.swatches or options.regions or options.exact:
        raise UsageError(
            "a change by masks is no single table",
            "leave out --lut, --swatch, --regions and --exact, or the masks",
        )


def transfer_work(
    options: TransferOptions, extras: Extras, threads: int, console: Console, *, overwrite: bool
) -> Work:
    """Return what makes a photo the changed one, and say what is unusual about the sources.

    Raises:
        UsageError: A swatch or a source that can't be used.
        PhotoError: A source or a mask can't be read.
    """
    if options.method == DEFAULT_METHOD:
        preload_default_encoder()
    moods = _read_sources(options, extras, console)
    if all(extras.masks):
        from rechroma.mood import fit_regional_look

        both = [read(m, max_pixels=extras.max_pixels) for m in extras.masks if m is not None]

        def by_masks(photo: Photo) -> Photo:
            photo = in_color(photo, moods)
            look = fit_regional_look(moods[0], photo, both[0], both[1], options)
            return look.apply(photo)

        return by_masks

    def fitted(photo: Photo) -> Look:
        look = fit(moods, photo, options)
        if extras.lut is not None and (overwrite or not is_file(extras.lut)):
            look.save(extras.lut, overwrite=overwrite)
        return look

    def by_look(photo: Photo) -> Photo:
        photo = in_color(photo, moods)
        return fitted(photo).apply(photo, exact=options.exact, threads=threads)

    def by_strips(thumbnail: Photo) -> PixelChange | None:
        # Rectangles count the pixels of the whole picture.
        whole = options.swatches or options.exact or not is_color(thumbnail)
        return None if whole else fitted(thumbnail).lut.apply

    return PointWork(by_look, by_strips, title_of(options))


def preview(
    options: TransferOptions,
    extras: Extras,
    target: Photo,
    sheet: Path,
    console: Console,
    *,
    overwrite: bool,
) -> None:
    """Write source, target and what every method makes of it, side by side."""
    from rechroma.evaluation.figure import tile_sheet

    moods = _read_sources(options, extras, console)
    photo = in_color(target, moods)
    results = [
        fit(moods, photo, replace(options, method=method, regions=None, swatches=())).apply(photo)
        for method in METHODS
    ]
    tiles = [shown.to_uint8() for shown in (moods[0], photo, *results)]
    picture = tile_sheet(tiles, ["source", "target", *METHODS], height=_PREVIEW_HEIGHT)
    write(read(picture), sheet, overwrite=overwrite)


def _read_sources(options: TransferOptions, extras: Extras, console: Console) -> list[Photo]:
    moods = [read(source, max_pixels=extras.max_pixels) for source in extras.sources]
    if line := check_tones(moods, options):
        console.note(line)
    return moods
