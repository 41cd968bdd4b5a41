"""Jobs on whole pictures: a file in, a file out. They run in a worker."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer import is_color
from rechroma.colorizer.versions import Version, versions_of
from rechroma.errors import LookError, UsageError
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
from rechroma.preparation import moved_hint, predict_prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer import Colorization, ColorizeOptions, Mask
    from rechroma.mood import TransferOptions
    from rechroma.photo import Photo
    from rechroma.photo.formats import BitDepth, FormatName
    from rechroma.preparation import PrepareOptions
    from rechroma.web.worker_state import ColorRequest, Upload, WorkerState

__all__ = [
    "CUBE",
    "MaskUpload",
    "ResultFile",
    "ResultFormat",
    "apply_look",
    "colorize",
    "look_of_name",
    "make_ready",
    "new_file",
    "original",
    "table_of_look",
    "transfer",
    "version_of",
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


@dataclass(frozen=True, slots=True)
class MaskUpload:
    """A mask's picture, what becomes of what it shows, and the mood that is to be there, if any."""

    picture: Upload
    said: Mask
    mood: Upload | None = None


def colorize(
    state: WorkerState,
    upload: Upload,
    output: ResultFormat,
    color_request: ColorRequest,
    options: ColorizeOptions,
    masks: Sequence[MaskUpload] = (),
    look: str | None = None,
    version: str | None = None,
) -> ResultFile:
    """Colorize a picture, as `rechroma colorize` does.

    Args:
        state: The worker's.
        upload: The picture.
        output: As what the result is written.
        color_request: Hints, mood and how it is made ready; its answer is not looked at.
        options: How; a picture whose colors are kept is given back as it was sent.
        masks: Masks, from below.
        look: The name of a look for the result.
        version: Which version it is; None for the natural one.
    """
    photo = state.read(upload)
    preparing = color_request.preparing
    ready = None if preparing is None else prepare(photo, preparing.options)
    notes = [] if ready is None else [f"prepared: {ready.summary or 'nothing to do'}"]
    if ready.is_in_color if ready else is_color(photo):
        if not options.recolor:
            return _as_sent(photo, upload, output)
        notes.append("in color already; it is colored anew from its lightness")
    mood = None if color_request.mood is None else state.read(color_request.mood)
    # One after the other: a mask's file may be much larger than what is needed of it.
    parts = [_fitted(state, each, photo) for each in masks]
    if ready is None or preparing is None:
        prediction = predict_in_mood(state.colorizer, photo, mood, color_request.hints, parts)
    else:
        hints = [moved_hint(hint, ready) for hint in color_request.hints]
        prediction = predict_prepared(
            ready,
            lambda seen: predict_in_mood(state.colorizer, seen, mood, hints),
            prepared_lightness=preparing.prepared_lightness,
        )
    if version is not None:
        chosen_version = version_of(prediction, options, version)
        prediction, options = chosen_version.colors, chosen_version.options
    chosen = None if look is None else look_of_name(look)
    made = finished(prediction, options, chosen, output.depth_of(photo))
    return write_result(made if ready is None else ready.framed(made), output, *notes)


def version_of(prediction: Colorization, options: ColorizeOptions, name: str) -> Version:
    """Return the version of a picture that has this name.

    Raises:
        UsageError: It has none.
    """
    found = {each.name: each for each in versions_of(prediction, options)}
    if name not in found:
        raise UsageError(f"this picture has no version {name!r}", f"use one of {', '.join(found)}")
    return found[name]


def _fitted(state: WorkerState, given: MaskUpload, photo: Photo) -> Mask:
    mood = None if given.mood is None else state.read(given.mood)
    return replace(given.said, picture=state.read(given.picture), mood=mood).fitted_to(photo)


def make_ready(
    state: WorkerState, upload: Upload, output: ResultFormat, options: PrepareOptions
) -> ResultFile:
    """Make an old print ready, as `rechroma prepare` does; one without any need is as it was."""
    photo = state.read(upload)
    ready = prepare(photo, options)
    notes = [f"prepared: {finding}" for finding in ready.findings]
    if not ready.is_changed:
        return _as_sent(photo, upload, output, *notes, "nothing was done")
    return write_result(ready.photo.marked(f"prepared: {ready.summary}"), output, *notes)


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


def table_of_look(_: WorkerState, name: str) -> bytes:
    """Return the table of a look that has a name here; see `GET /v1/looks/{name}/table`."""
    table = look_of_name(name).as_table()
    nodes = np.clip(np.rint(65535 * table.table.astype(np.float64)), 0, 65535)
    return nodes.astype("<u2").tobytes()


def _look_in(look: Upload) -> Look:
    try:
        return Look.load(look.path)
    except LookError as error:
        # Clients know the file by their own name.
        raise LookError(error.what.replace(str(look.path), look.name), error.mend) from None


def _as_sent(photo: Photo, upload: Upload, output: ResultFormat, *notes: str) -> ResultFile:
    """Give a picture back: byte for byte, unless the file shall be another."""
    notes = notes or ("in color already; its colors are kept",)
    chosen = output.format or writable_format(photo.format)
    if chosen != photo.format or output.quality is not None or output.metadata.strips:
        return write_result(photo, output, *notes)
    path = new_file()
    copy_file(upload.path, path, overwrite=False)
    return ResultFile(path, chosen, notes)


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
