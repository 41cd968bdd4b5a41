"""One look for a whole film, or one for each of its shots; never another from frame to frame."""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import asdict, dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer import is_color
from rechroma.errors import UsageError
from rechroma.files import make_folder, refuse_taken
from rechroma.mood.look import Look, fit
from rechroma.photo import Photo
from rechroma.video.encoding import chosen_encoding, write_segment
from rechroma.video.joining import check_container, join
from rechroma.video.pictures import film_is_color, photo_of, rgb_frame, sampled, turned
from rechroma.video.progress import FilmMeter, FilmProgress, FilmResult
from rechroma.video.shots import find_shots
from rechroma.video.source import Trouble, frames_of, open_film
from rechroma.video.workfolder import Segment, WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rechroma.mood.options import TransferOptions
    from rechroma.video.options import FilmOptions
    from rechroma.video.source import Film, Shown

__all__ = ["ShotLooks", "fit_film_look", "fit_shot_looks", "grade_film", "has_color"]

_SAMPLES = 12
_SAMPLES_OF_SHOT = 5
_SIDE = 256
# Frames of a segment: with a look nothing has to be decided, so they are of one length.
_SEGMENT = 250


@dataclass(frozen=True, slots=True, eq=False)
class ShotLooks:
    """A look for each shot of a film.

    Attributes:
        begins: When each shot begins, in seconds from the start of the film; the first is 0.
        looks: As many.
    """

    begins: tuple[float, ...]
    looks: tuple[Look, ...]

    def at(self, seconds: float) -> Look:
        """Return the look of the shot that is shown at a time; half a millisecond is rounding."""
        return self.looks[max(0, bisect_right(self.begins, seconds + 5e-4) - 1)]


def fit_film_look(
    source: Path, moods: Sequence[Photo], how: FilmOptions, options: TransferOptions
) -> Look:
    """Fit one look for a whole film, on frames from all of it.

    Raises:
        UsageError: The film is black and white, or see `rechroma.fit_look`.
        PhotoError: It can't be read.
    """
    film = open_film(source)
    if not has_color(source, how):
        raise UsageError(
            f"{source}: black and white: looks of shots, of several moods, and tables need colors",
            "color it first: rechroma colorize FILM --mood PHOTO",
        )
    photos = [photo_of(film, each.frame, side=_SIDE) for each in sampled(film, _SAMPLES, how.span)]
    return _fitted(moods, photos, options)


def fit_shot_looks(
    source: Path, moods: Sequence[Photo], how: FilmOptions, options: TransferOptions
) -> ShotLooks:
    """Fit a look for each shot of a film, on frames from all of it.

    A shot in black and white, such as one with words on it, gets that of the whole film.

    Raises:
        UsageError: The film is black and white, or see `rechroma.fit_look`.
        PhotoError: It can't be read.
    """
    whole = fit_film_look(source, moods, how, options)
    film = open_film(source)
    begins: list[float] = []
    looks: list[Look] = []
    for shot, following in pairwise(chain(find_shots(film, how.span), [None])):
        assert shot is not None  # noqa: S101 - only after the last is there none
        span = shot.seconds, how.span[1] if following is None else following.seconds
        shown = [shot.shown]
        if film.stamped:
            shown += sampled(film, _SAMPLES_OF_SHOT - 1, span)
        photos = [photo_of(film, each.frame, side=_SIDE) for each in shown]
        begins.append(shot.seconds)
        looks.append(_fitted(moods, photos, options) if any(map(is_color, photos)) else whole)
    return ShotLooks((0.0, *begins[1:]), tuple(looks) or (whole,))


def _fitted(moods: Sequence[Photo], photos: Sequence[Photo], options: TransferOptions) -> Look:
    side_by_side = np.concatenate([each.samples for each in photos], axis=1)
    target = Photo(side_by_side, bit_depth=photos[0].bit_depth, name=photos[0].name)
    return fit(list(moods), target, options)


def has_color(source: Path, how: FilmOptions) -> bool:
    """Tell whether any of some frames, spread over a film, is in color.

    Raises:
        PhotoError: It can't be read.
    """
    return film_is_color(open_film(source), how.span, share=0)


def grade_film(
    source: Path,
    target: Path,
    look: Look | ShotLooks,
    how: FilmOptions,
    *,
    strength: float = 1.0,
    overwrite: bool = False,
    progress: Callable[[FilmProgress], None] | None = None,
) -> FilmResult:
    """Give every frame of a film, or of each of its shots, the same look.

    All else is kept, as by `colorize_film`.

    Raises:
        PhotoError: The film can't be read.
        UsageError: Options that don't hold for it.
        UnwritableFileError: The disk says no, or something stands at the target.
    """
    began = time.perf_counter()
    film = open_film(source)
    refuse_taken(target, overwrite=overwrite)
    make_folder(target.parent)
    encoding = chosen_encoding(film, how)
    if film.interlaced:
        raise UsageError(f"{source}: interlaced: a look mixes its fields", "deinterlace it first")
    check_container(film, target, encoding.encoder)
    stat = film.path.stat()
    looks = look if isinstance(look, ShotLooks) else ShotLooks((0.0,), (look,))
    key = {
        "film": [str(source.resolve()), stat.st_size, stat.st_mtime_ns],
        "look": [looks.begins, [_named(each) for each in looks.looks], strength],
        "options": asdict(how),
        "encoding": asdict(encoding),
    }
    folder = WorkFolder.beside(target, key)
    meter = FilmMeter(film, how, folder, progress)
    trouble = Trouble()
    frames = _frames(film, how, folder, trouble)

    def changed(shown: Shown) -> tuple[int, Any]:
        meter.frame()
        samples = np.ascontiguousarray(turned(film, photo_of(film, shown.frame).samples, back=True))
        now = looks.at(float((shown.ticks - film.start) * film.time_base))
        rgb = now.change(samples, strength=strength)
        return shown.ticks, rgb_frame(film, rgb, encoding.pixel_format)

    first = sum(each.count for each in folder.segments)
    for head in frames:
        path = folder.file(len(folder.segments))
        ticks: list[int] = []

        def some(head: Shown = head, ticks: list[int] = ticks) -> Iterator[tuple[int, Any]]:
            for shown in chain([head], _take(frames, _SEGMENT - 1)):
                ticks.append(shown.ticks)
                yield changed(shown)

        count = write_segment(path, film, encoding, some())
        folder.add(Segment(path.name, first, count, ticks[-1], 0, ends=False, looks=0), None)
        first += count
    if not folder.segments:
        folder.remove()
        raise UsageError(f"{source}: no frames between those times", "choose others")
    files = [folder.path / each.name for each in folder.segments]
    join(film, files, target, overwrite=overwrite, span=how.span)
    folder.remove()
    notes = tuple(each for each in (encoding.note, str(trouble)) if each)
    return FilmResult(
        target, frames=first, shots=len(looks.looks), seconds=time.perf_counter() - began,
        notes=notes,
    )  # fmt: skip


def _named(look: Look) -> list[object]:
    """Return what tells a look from others."""
    table = look.as_table().table
    return [float(table.sum(dtype=np.float64)), list(table.shape)]


def _take(frames: Iterator[Shown], count: int) -> Iterator[Shown]:
    for _ in range(count):
        shown = next(frames, None)
        if shown is None:
            return
        yield shown


def _frames(film: Film, how: FilmOptions, folder: WorkFolder, trouble: Trouble) -> Iterator[Shown]:
    """Yield the frames that are to be done."""
    begin, end = how.span
    unit = float(film.time_base)
    done = folder.segments[-1] if folder.segments else None
    if done is not None:
        frames = frames_of(film, trouble, done.first + done.count - 1, done.last_ticks)
        next(frames, None)
    elif begin:
        frames = frames_of(film, trouble, 0, film.start + round(np.ceil(begin / unit - 1e-6)))
    else:
        frames = frames_of(film, trouble)
    for shown in frames:
        if (shown.ticks - film.start) * unit >= end:
            return
        yield shown
