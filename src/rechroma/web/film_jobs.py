"""What is done to films: a look at one and at its frames in a worker, the long work in a child."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from rechroma.errors import RechromaError, UnreadablePhotoError, UsageError
from rechroma.mood import predict_in_mood
from rechroma.mood.colorizing import finished
from rechroma.photo import encode, write
from rechroma.video.colorize import colorize_film_with
from rechroma.video.encoding import chosen_encoding
from rechroma.video.joining import check_container
from rechroma.video.pictures import film_is_color, photo_of
from rechroma.video.shots import find_shots
from rechroma.video.source import Trouble, frames_of, open_film
from rechroma.web.jobs import new_file
from rechroma.web.previews import preview
from rechroma.web.worker import FilmTooLargeError, closed

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.colorizer import ColorizeOptions
    from rechroma.photo import Photo
    from rechroma.video.options import FilmOptions
    from rechroma.video.source import Film
    from rechroma.video.telling import FilmHint, Still
    from rechroma.web.worker_state import ColorRequest, Upload, WorkerState

__all__ = [
    "FilmFacts",
    "FoundShot",
    "MadeStill",
    "Rendered",
    "Rendering",
    "Say",
    "color_shot",
    "find_all_shots",
    "look_at_film",
    "render",
    "shot_picture",
    "take_still",
]

# Tells the server something on the way; None is a sign of life.
Say: TypeAlias = Callable[[Any], None]

_PREVIEW_SIDE = 320
_QUALITY = 85
# The containers that are tried for a codec: browsers play the first, Matroska holds everything.
_CONTAINERS = {"prores": (".mov", ".mkv"), "ffv1": (".mkv",)}
_USUAL_CONTAINERS = (".mp4", ".mkv")


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What is known of a film.

    Attributes:
        width: Of an upright frame.
        height: Of an upright frame.
        seconds: How long it says it is; 0 if it doesn't.
        frames: How many it has, about; 0 if nobody knows.
        rate: Frames a second.
        in_color: Whether it is in color already.
    """

    width: int
    height: int
    seconds: float
    frames: int
    rate: float
    in_color: bool


@dataclass(frozen=True, slots=True)
class FoundShot:
    """A shot.

    Attributes:
        number: From 1.
        seconds: When it begins.
        frames: How many it has.
        shown: The time of the frame that stands for it, in seconds.
        ticks: The same in the film's own unit.
        preview: That frame, a JPEG.
    """

    number: int
    seconds: float
    frames: int
    shown: float
    ticks: int
    preview: bytes


@dataclass(frozen=True, slots=True)
class MadeStill:
    """A still in color: its file, in the worker's own folder unless it was sent, and a JPEG."""

    path: Path
    preview: bytes


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a film is rendered.

    Attributes:
        film: The file.
        name: What the client calls it.
        folder: Where the result goes, and what is done of it until then.
        how: About the film.
        colors: About its colors.
        hints: Colors of places at times.
        stills: Frames in color.
        mood: A picture's file; None for none.
        model: See `rechroma.Colorizer`.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
    """

    film: Path
    name: str
    folder: Path
    how: FilmOptions
    colors: ColorizeOptions
    hints: tuple[FilmHint, ...]
    stills: tuple[Still, ...]
    mood: Path | None
    model: str
    device: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A result: the name of its file in the film's folder, and what was unusual."""

    name: str
    notes: tuple[str, ...]


def look_at_film(state: WorkerState, upload: Upload, pixels: int, seconds: float) -> FilmFacts:
    """Look into a film that was sent.

    Args:
        state: The worker's.
        upload: The film.
        pixels: Of a frame, at most.
        seconds: At most.

    Raises:
        FilmTooLargeError: It has more of them.
        PhotoError: It can't be read.
    """
    del state
    with _calling(upload.path, upload.name):
        film = open_film(upload.path)
        if film.width * film.height > pixels:
            raise FilmTooLargeError(
                f"{upload.name}: its frames have {film.width * film.height:,} pixels, more than "
                f"the {pixels:,} that this service takes",
                "make the film smaller",
            )
        _check_length(upload.name, film.seconds, seconds)
        width, height = film.width, film.height
        if film.turns % 2:
            width, height = height, width
        return FilmFacts(
            width, height, film.seconds, film.expected_frames, float(film.rate),
            film_is_color(film, (0.0, float("inf"))),
        )  # fmt: skip


def _check_length(name: str, seconds: float, most: float) -> None:
    if seconds > most:
        raise FilmTooLargeError(
            f"{name}: it is {seconds / 60:.1f} minutes long, more than the {most / 60:g} that this "
            "service takes",
            "send a part of it",
        )


@contextmanager
def _calling(path: Path, name: str) -> Generator[None]:
    """Call a file in errors what the client calls it."""
    try:
        yield
    except RechromaError as error:
        if not path.exists():
            raise closed() from None
        error.what, error.mend = (
            text.replace(str(path), name) for text in (error.what, error.mend)
        )
        error.args = error.what, error.mend
        raise


def find_all_shots(say: Say, path: Path, name: str, seconds: float) -> float:
    """Tell of the shots of a film, one after the other, and return its length in seconds.

    Raises:
        FilmTooLargeError: It is longer than it may be, whatever it says itself.
        PhotoError: It can't be read.
    """
    with _calling(path, name):
        film = open_film(path)
        end = 0.0
        for shot in find_shots(film, (0.0, seconds + 1), seen=lambda: say(None)):
            end = shot.seconds + shot.frames / float(film.rate)
            # Frames without end may stand behind a length that is short.
            _check_length(name, shot.seconds, seconds)
            photo = photo_of(film, shot.shown.frame, side=_PREVIEW_SIDE)
            shown = float((shot.shown.ticks - film.start) * film.time_base)
            say(
                FoundShot(
                    shot.number, shot.seconds, shot.frames, shown, shot.shown.ticks, _small(photo)
                )
            )
        _check_length(name, end, seconds + 0.5)
        return end


def shot_picture(state: WorkerState, upload: Upload, ticks: int) -> Path:
    """Return the frame of a time as a PNG, in the worker's own folder."""
    del state
    path = new_file().with_suffix(".png")
    write(_frame(upload, ticks)[1], path, overwrite=False)
    return path


def color_shot(
    state: WorkerState,
    upload: Upload,
    ticks: int,
    color_request: ColorRequest,
    options: ColorizeOptions,
) -> MadeStill:
    """Color the frame of a time, as `rechroma colorize` colors its picture."""
    film, photo = _frame(upload, ticks)
    mood = None if color_request.mood is None else state.read(color_request.mood)
    prediction = predict_in_mood(state.colorizer, photo, mood, color_request.hints)
    if color_request.answer is not None:
        prediction = prediction.answer(*color_request.answer)
    made = finished(prediction, options, None, 8 if film.bits == 8 else 16)
    path = new_file().with_suffix(".png")
    write(made, path, overwrite=False)
    return MadeStill(path, _small(made))


def take_still(state: WorkerState, upload: Upload) -> MadeStill:
    """Look at a still that was sent."""
    return MadeStill(upload.path, _small(state.read(upload)))


def _frame(upload: Upload, ticks: int) -> tuple[Film, Photo]:
    with _calling(upload.path, upload.name):
        film = open_film(upload.path)
        shown = next(frames_of(film, Trouble(), 0, ticks), None)
        if shown is None:
            raise UnreadablePhotoError(
                f"{upload.name}: a frame could be decoded once and not again", "send it again"
            )
        return film, replace(photo_of(film, shown.frame), name=upload.name)


def _small(photo: Photo) -> bytes:
    return encode(replace(preview(photo, _PREVIEW_SIDE), alpha=None), "jpeg", quality=_QUALITY)


def render(say: Say, task: Rendering) -> Rendered:
    """Color a film, or go on with what was begun; `say` is told each `FilmProgress`."""
    with _calling(task.film, task.name):
        target = _target(task)
        result = colorize_film_with(
            task.film, target, task.how, task.colors, hints=task.hints, stills=task.stills,
            mood=task.mood, model=task.model, device=task.device, size=task.size, overwrite=True,
            progress=say,
        )  # fmt: skip
    return Rendered(target.name, result.notes)


def _target(task: Rendering) -> Path:
    """Return the path of the result, in the first container that has room for all of the film.

    Raises:
        UsageError: None has.
    """
    film = open_film(task.film)
    encoder = chosen_encoding(film, task.how).encoder
    refusal = UsageError("no container")
    for suffix in _CONTAINERS.get(task.how.codec, _USUAL_CONTAINERS):
        target = task.folder / f"result{suffix}"
        try:
            check_container(film, target, encoder)
        except UsageError as error:
            refusal = error
        else:
            return target
    raise refusal
