"""Jobs of the mood room, on pictures that are open. They run in a worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.mood import Swatch, check_tones, fit, has_no_colors, write_cube
from rechroma.web.jobs import CUBE, ResultFile, new_file, write_result
from rechroma.web.preview_jobs import check_inside
from rechroma.web.previews import jpeg_of, preview
from rechroma.web.worker_state import ColorRequest

if TYPE_CHECKING:
    from rechroma.mood import Look, TransferOptions
    from rechroma.mood.options import Box
    from rechroma.photo import Photo
    from rechroma.web.jobs import ResultFormat
    from rechroma.web.previews import Opened
    from rechroma.web.worker_state import Upload, WorkerState

__all__ = ["look_file", "mood_picture", "mood_preview"]


def mood_preview(
    state: WorkerState, source: Upload, target: Upload, options: TransferOptions, side: int
) -> tuple[bytes, tuple[str, ...]]:
    """Return the target's preview with the source's mood.

    Returns:
        A JPEG of at most `side` pixels, and what is unusual about the source.
    """
    mood, photo, look = _look_of(state, source, target, options)
    return jpeg_of(preview(look.apply(photo), side)), _tones_note(mood, options)


def mood_picture(
    state: WorkerState,
    source: Upload,
    target: Upload,
    output: ResultFormat,
    options: TransferOptions,
) -> ResultFile:
    """Write the whole target with the look of its preview."""
    mood, _, look = _look_of(state, source, target, options)
    whole = _colored(state, source, target, state.read(target))
    changed = look.apply(whole, threads=state.threads)
    return write_result(changed, output, *_tones_note(mood, options))


def look_file(
    state: WorkerState, source: Upload, target: Upload, options: TransferOptions
) -> ResultFile:
    """Write the look as a `.cube` file."""
    path = new_file()
    table = _look_of(state, source, target, options)[2].as_table()
    write_cube(table, path, title=_title(source))
    return ResultFile(path, CUBE)


def _look_of(
    state: WorkerState, source: Upload, target: Upload, options: TransferOptions
) -> tuple[Photo, Photo, Look]:
    """Return the previews, the target's in color, and the look."""
    theirs, ours = state.open(source), state.open(target)
    photo = _colored(state, source, target, ours.preview)
    pairs = tuple(
        Swatch(_shrunk(pair.source, theirs), _shrunk(pair.target, ours))
        for pair in options.swatches
    )
    return theirs.preview, photo, fit(theirs.preview, photo, replace(options, swatches=pairs))


def _tones_note(mood: Photo, options: TransferOptions) -> tuple[str, ...]:
    note = check_tones([mood], options)
    return (note,) if note else ()


def _colored(state: WorkerState, source: Upload, target: Upload, photo: Photo) -> Photo:
    """Return the target, or its preview, with colors to be changed.

    A black-and-white one has its preview's own: predicted once, whatever is done to it then.
    """
    if state.open(target).in_color or has_no_colors([state.open(source).preview]):
        return photo
    predicted = state.predict(target, ColorRequest(mood=source, is_target=True)).on(photo)
    return predicted.render(bit_depth=max(16, photo.bit_depth))


def _title(source: Upload) -> str:
    return f"Rechroma: {Path(source.name).stem}"


def _shrunk(box: Box, opened: Opened) -> Box:
    """Return a rectangle of the whole picture in its preview's pixels."""
    check_inside(box, opened)
    left, top, width, height = box
    across, down = opened.preview.width / opened.width, opened.preview.height / opened.height
    x, y = int(left * across), int(top * down)
    return (
        x, y,
        max(1, min(round(width * across), opened.preview.width - x)),
        max(1, min(round(height * down), opened.preview.height - y)),
    )  # fmt: skip
