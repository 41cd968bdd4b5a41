"""Jobs on whole pictures: a file in, a file out. They run in a worker."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.colorizer import is_color
from rechroma.colorizer.colorizer import render_with
from rechroma.errors import LookError
from rechroma.files import copy_file
from rechroma.mood import Look, fit, in_color, predict_in_mood
from rechroma.photo import writable_format, write
from rechroma.photo.formats import FORMATS

if TYPE_CHECKING:
    from rechroma.colorizer import ColorizeOptions
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
    "transfer",
    "write_result",
]


# The format of a result that is no picture, but a look.
CUBE = "cube"


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """As what a result is written.

    Attributes:
        format: A name of the table of formats; None for the format that the picture came in.
        quality: 1…100 of a lossy one; None for the writer's default.
    """

    format: str | None = None
    quality: int | None = None

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
    """

    path: Path
    format: str


def colorize(
    state: WorkerState,
    upload: Upload,
    output: ResultFormat,
    color_request: ColorRequest,
    options: ColorizeOptions,
) -> ResultFile:
    """Colorize a picture, as `rechroma colorize` does.

    Args:
        state: The worker's.
        upload: The picture.
        output: As what the result is written.
        color_request: Hints and mood; its answer is not looked at.
        options: How; a picture whose colors are kept is given back as it was sent.
    """
    photo = state.read(upload)
    if not options.recolor and is_color(photo):
        return _as_sent(photo, upload, output)
    mood = None if color_request.mood is None else state.read(color_request.mood)
    prediction = predict_in_mood(state.colorizer, photo, mood, color_request.hints)
    return write_result(render_with(prediction, options, output.depth_of(photo)), output)


def transfer(
    state: WorkerState,
    source: Upload,
    target: Upload,
    output: ResultFormat,
    options: TransferOptions,
) -> ResultFile:
    """Give the target the mood of the source, as `rechroma transfer` does."""
    mood = state.read(source)
    photo = in_color(state.read(target), [mood], state.colorizer)
    return write_result(fit(mood, photo, options).apply(photo, threads=state.threads), output)


def apply_look(
    state: WorkerState, upload: Upload, look: Upload, output: ResultFormat
) -> ResultFile:
    """Apply a `.cube` file."""
    try:
        table = Look.load(look.path)
    except LookError as error:
        # Clients know the file by their own name.
        raise LookError(error.what.replace(str(look.path), look.name), error.mend) from None
    return write_result(table.apply(state.read(upload), threads=state.threads), output)


def _as_sent(photo: Photo, upload: Upload, output: ResultFormat) -> ResultFile:
    """Give a picture back: byte for byte, unless another format or quality is asked for."""
    chosen = output.format or writable_format(photo.format)
    if chosen != photo.format or output.quality is not None:
        return write_result(photo, output)
    path = new_file()
    copy_file(upload.path, path, overwrite=False)
    return ResultFile(path, chosen)


def write_result(photo: Photo, output: ResultFormat) -> ResultFile:
    """Write a result."""
    chosen = output.name_for(photo)
    path = new_file()
    write(photo, path, format=chosen, quality=output.quality)
    return ResultFile(path, chosen)


def new_file() -> Path:
    """Return a path in the worker's own folder at which nothing stands."""
    return Path(tempfile.gettempdir(), secrets.token_hex(16))
