"""One picture of each shot, to be looked at or colored by hand, and sheets of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rechroma.colorizer.size import plan_size
from rechroma.files import make_folder
from rechroma.photo import write
from rechroma.video.cuts import walked
from rechroma.video.flow import normalized
from rechroma.video.guiding import shrunk
from rechroma.video.pictures import photo_of, sampled
from rechroma.video.source import Trouble, frames_of, luma_of, open_film
from rechroma.video.telling import still_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.photo import Photo
    from rechroma.video.options import FilmOptions
    from rechroma.video.source import Film, Shown

__all__ = ["Shot", "find_shots", "sheet_pictures", "write_shots"]

# The size at which cuts are sought, as of the shipped network: its cells.
_SIZE, _STRIDE, _CELL = 224, 32, 4
_PICTURES = 24


@dataclass(frozen=True, slots=True)
class Shot:
    """A shot.

    Attributes:
        number: From 1.
        seconds: When it begins, from the start of the film.
        frames: How many it has.
        shown: One of its frames, from its second half.
    """

    number: int
    seconds: float
    frames: int
    shown: Shown


def find_shots(
    film: Film,
    span: tuple[float, float] = (0.0, float("inf")),
    *,
    seen: Callable[[], None] | None = None,
) -> Iterator[Shot]:
    """Yield the shots of a film, between two times.

    Args:
        film: From `open_film`.
        span: In seconds.
        seen: Called after every frame: shots may be hours long.
    """
    plan = plan_size(film.height, film.width, size=_SIZE, stride=_STRIDE)
    rows, columns = (max(8, side // _CELL) for side in (plan.height, plan.width))
    number, count, begin = 1, 0, 0.0
    held: Shown | None = None

    def look(shown: Shown) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        small = normalized(shrunk(luma_of(film, shown.frame), rows * 2, columns * 2))
        return small, small

    for now in walked(_between(film, span), look, (rows, columns)):
        shown = now.shown
        seconds = _seconds(film, shown)
        if now.cut and held is not None:
            yield Shot(number, begin, count, held)
            number, count = number + 1, 0
        if count == 0:
            begin = seconds
        # The frames 0, 1, 2, 4, 8 …: whenever the shot ends, one of its second half is at hand.
        if count & (count - 1) == 0:
            held = shown
        count += 1
        if seen is not None:
            seen()
    if held is not None:
        yield Shot(number, begin, count, held)


def _between(film: Film, span: tuple[float, float]) -> Iterator[Shown]:
    begin, end = span
    ticks = film.start + round(begin / float(film.time_base)) if begin else None
    for shown in frames_of(film, Trouble(), 0, ticks):
        if _seconds(film, shown) >= end:
            return
        yield shown


def _seconds(film: Film, shown: Shown) -> float:
    return float((shown.ticks - film.start) * film.time_base)


def write_shots(
    source: Path, folder: Path, *, span: tuple[float, float], overwrite: bool
) -> Iterator[tuple[Shot, Path]]:
    """Write one picture of each shot as PNG, named by its time, and yield it with its path.

    Raises:
        PhotoError: The film can't be read.
        UnwritableFileError: The disk says no, or a picture is there already.
    """
    film = open_film(source)
    make_folder(folder)
    for shot in find_shots(film, span):
        path = folder / still_name(shot.number, _seconds(film, shot.shown))
        write(photo_of(film, shot.shown.frame), path, overwrite=overwrite)
        yield shot, path


def sheet_pictures(source: Path, how: FilmOptions) -> tuple[list[Photo], list[float]]:
    """Return frames, spread evenly over a film, and their times in seconds: quickly."""
    film = open_film(source)
    found: list[Any] = sampled(film, _PICTURES, how.span)
    return (
        [photo_of(film, each.frame, side=360) for each in found],
        [_seconds(film, each) for each in found],
    )
