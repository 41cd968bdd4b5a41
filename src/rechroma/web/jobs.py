"""Jobs on whole pictures: a file in, a file out. They run in a worker."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.colorizer import is_color
from rechroma.errors import LookError
from rechroma.files import copy_file
from rechroma.metadata import MetadataOptions
from rechroma.mood import Look, check_tones, fit, in_color, predict_in_mood
from rechroma.mood.colorizing import finished
from rechroma.mood.library import saved_looks
from rechroma.mood.named_looks import NAMED_LOOKS
from rechroma.photo import original as original_of
from rechroma.photo import writable_format
from rechroma.photo.formats import FORMATS, dropped_line
from rechroma.photo.jpeg_scans import Gray
from rechroma.photo.writing import write_described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer import ColorizeOptions, Mask
    from rechroma.mood import TransferOptions
    from rechroma.photo import Photo
    from rechroma.photo.formats import BitDepth, FormatName
    from rechroma.web.worker_state import ColorRequest, Upload, WorkerState

__all__ = [
    "CUBE",
    "ResultFile",
    "ResultFormat",
    "apply_look",
    "colorize",
    "new_file",
    "original",
    "transfer",
    "write_result",
]


# The format of a result that is no picture, but a look.
CUBE = "cube"
_NO_COLORS = (
    "black and white: a look tints it, and has no colors to change in it; POST /v1/transfer, or "
    "POST /v1/colorize with a look, colors it first"
)


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """As what a result is written.

    Attributes:
        format: A name of the table of formats; None for the format that the picture came in.
        quality: 1…100 of a lossy one; None for the writer's default.
        metadata: What is kept of the picture's metadata.
    """

    format: str | None = None
    quality: int | None = None
    metadata: MetadataOptions = field(default_factory=MetadataOptions)

    def name_for(self, photo: Photo) -> FormatName:
        """Return the name of a photo's result's format."""
        return writable_format(self.format or photo.format)

    def depth_of(self, photo: Photo) -> BitDepth:
        """Return the bits of a channel of a photo's result."""
        return FORMATS[self.name_for(photo)].nearest_depth(photo.bit_depth)


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result.

    Attributes:
        path: The file, in the worker's own folder.
        format: Its name in the table of formats, or `CUBE`.
        notes: What is unusual about the picture or the result, a sentence each.
        gray: What became of a gray JPEG's gray in a JPEG.
    """

    path: Path
    format: str
    notes: tuple[str, ...] = ()
    gray: Gray | None = None


def colorize(
    state: WorkerState,
    upload: Upload,
    output: ResultFormat,
    color_request: ColorRequest,
    options: ColorizeOptions,
    masks: Sequence[tuple[Upload, Mask]] = (),
    look: str | None = None,
) -> ResultFile:
    """Colorize a picture, as `rechroma colorize` does.

    Args:
        state: The worker's.
        upload: The picture.
        output: As what the result is written.
        color_request: Hints and mood; its answer is not looked at.
        options: How; a picture whose colors are kept is given back as it was sent.
        masks: Pictures of masks, and what becomes of what they show.
        look: The name of a look for the result.
    """
    photo = state.read(upload)
    notes: list[str] = []
    if is_color(photo):
        if not options.recolor:
            return _as_sent(photo, upload, output)
        notes.append("in color already; it is colored anew from its lightness")
    mood = None if color_request.mood is None else state.read(color_request.mood)
    # One after the other: a mask's file may be much larger than what is needed of it.
    parts = [replace(mask, picture=state.read(shown)).fitted_to(photo) for shown, mask in masks]
    prediction = predict_in_mood(state.colorizer, photo, mood, color_request.hints, parts)
    chosen = None if look is None else look_of_name(look)
    made = finished(prediction, options, chosen, output.depth_of(photo))
    return write_result(made, output, *notes)


def original(state: WorkerState, upload: Upload) -> ResultFile:
    """Give the gray JPEG back that a color one was made of, as `rechroma original` does."""
    found = original_of(upload.path, max_pixels=state.pixels, name=upload.name)
    notes = (f"not the very file: {found.why}",) if found.why else ()
    return ResultFile(found.save(new_file()), "jpeg", notes, found.gray)


def transfer(
    state: WorkerState,
    source: Upload,
    target: Upload,
    output: ResultFormat,
    options: TransferOptions,
) -> ResultFile:
    """Give the target the mood of the source, as `rechroma transfer` does."""
    mood = state.read(source)
    note = check_tones([mood], options)
    photo = in_color(state.read(target), [mood], state.colorizer)
    changed = fit(mood, photo, options).apply(photo, threads=state.threads)
    return write_result(changed, output, *([note] if note else []))


def apply_look(
    state: WorkerState, upload: Upload, look: Upload | str, output: ResultFormat
) -> ResultFile:
    """Apply a `.cube` file, or a look that has a name here."""
    table = look_of_name(look) if isinstance(look, str) else _look_in(look)
    photo = state.read(upload)
    notes = [] if is_color(photo) else [_NO_COLORS]
    return write_result(table.apply(photo, threads=state.threads), output, *notes)


def look_of_name(name: str) -> Look:
    """Return a look that has a name here, and open no file for any other name.

    Raises:
        LookError: There is none.
    """
    if name not in {*NAMED_LOOKS, *saved_looks()}:
        raise LookError(f"there is no look {name!r} here", "GET /v1/looks lists them")
    return Look.load(name)


def _look_in(look: Upload) -> Look:
    try:
        return Look.load(look.path)
    except LookError as error:
        # Clients know the file by their own name.
        raise LookError(error.what.replace(str(look.path), look.name), error.mend) from None


def _as_sent(photo: Photo, upload: Upload, output: ResultFormat) -> ResultFile:
    """Give a picture back: byte for byte, unless the file shall be another."""
    note = "in color already; its colors are kept"
    chosen = output.format or writable_format(photo.format)
    if chosen != photo.format or output.quality is not None or output.metadata.strips:
        return write_result(photo, output, note)
    path = new_file()
    copy_file(upload.path, path, overwrite=False)
    return ResultFile(path, chosen, (note,))


def write_result(photo: Photo, output: ResultFormat, *notes: str) -> ResultFile:
    """Write a result.

    Args:
        photo: The result.
        output: As what.
        notes: What is unusual about it, beside what becomes of its metadata and further pages.
    """
    chosen = output.name_for(photo)
    path = new_file()
    done = write_described(photo, path, FORMATS[chosen], output.metadata, quality=output.quality)
    dropped = (dropped_line(photo.format, photo.pages_dropped),) if photo.pages_dropped else ()
    gray = Gray.COPIED if done.gray_copied else None
    return ResultFile(path, chosen, (*notes, *dropped, *done.notes), gray)


def new_file() -> Path:
    """Return a path in the worker's own folder at which nothing stands."""
    return Path(tempfile.gettempdir(), secrets.token_hex(16))
