"""Jobs on whole pictures: a file in, a file out. They run in a worker."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.colorizer import is_color
from rechroma.errors import LookError
from rechroma.mood import Look, Swatch, fit_look, predict_in_mood, read_cube
from rechroma.photo import writable_format, write

if TYPE_CHECKING:
    from rechroma.mood import Luminance
    from rechroma.photo import Photo
    from rechroma.web.worker_state import ColorRequest, Upload, WorkerState

__all__ = [
    "CUBE",
    "Amounts",
    "Output",
    "ResultFile",
    "TransferRequest",
    "apply_look",
    "colorize",
    "fitted",
    "new_file",
    "transfer",
    "written",
]


# The format of a result that is no picture, but a look.
CUBE = "cube"


@dataclass(frozen=True, slots=True)
class Output:
    """As what a result is written.

    Attributes:
        format: A name of the table of formats; None for the format that the picture came in.
        quality: 1…100 of a lossy one; None for the writer's default.
    """

    format: str | None = None
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result.

    Attributes:
        path: The file, in the worker's own folder.
        format: Its name in the table of formats, or `CUBE`.
    """

    path: Path
    format: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """See `rechroma.Colorizer.colorize`."""

    strength: float = 1.0
    vividness: float = 1.0


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """See `rechroma.transfer`."""

    method: str
    strength: float = 1.0
    luminance: Luminance = "match"
    regions: int | None = None
    swatches: tuple[Swatch, ...] = ()


def colorize(
    state: WorkerState,
    upload: Upload,
    output: Output,
    color_request: ColorRequest,
    amounts: Amounts,
    *,
    keep_color: bool,
) -> ResultFile:
    """Colorize a picture, as `rechroma colorize` does.

    Args:
        state: The worker's.
        upload: The picture.
        output: As what the result is written.
        color_request: Hints and mood; its answer is not looked at.
        amounts: How strong the colors are.
        keep_color: Give a picture that is in color already back as it was sent.
    """
    photo = state.read(upload)
    if keep_color and is_color(photo):
        return _as_sent(photo, upload, output)
    mood = None if color_request.mood is None else state.read(color_request.mood)
    colors = predict_in_mood(state.colorizer, photo, color_request.hints, mood)
    return written(colors.render(strength=amounts.strength, vividness=amounts.vividness), output)


def transfer(
    state: WorkerState, source: Upload, target: Upload, output: Output, wish: TransferRequest
) -> ResultFile:
    """Give the target the mood of the source, as `rechroma transfer` does."""
    mood = state.read(source)
    photo = _colored(state, state.read(target), mood)
    return written(fitted(mood, photo, wish).apply(photo, threads=state.threads), output)


def apply_look(state: WorkerState, upload: Upload, look: Upload, output: Output) -> ResultFile:
    """Apply a `.cube` file."""
    try:
        table = Look(read_cube(look.path))
    except LookError as error:
        # Clients know the file by their own name.
        raise LookError(error.what.replace(str(look.path), look.name), error.mend) from None
    return written(table.apply(state.read(upload), threads=state.threads), output)


def _colored(state: WorkerState, photo: Photo, mood: Photo) -> Photo:
    """Return a photo that has colors to be changed: a black-and-white one is colorized."""
    return photo if is_color(photo) else predict_in_mood(state.colorizer, photo, (), mood).render()


def fitted(mood: Photo, photo: Photo, wish: TransferRequest) -> Look:
    """Fit the look that was wished for."""
    return fit_look(
        mood, photo, method=wish.method, strength=wish.strength, luminance=wish.luminance,
        regions=wish.regions, swatches=wish.swatches,
    )  # fmt: skip


def _as_sent(photo: Photo, upload: Upload, output: Output) -> ResultFile:
    """Give a picture back: byte for byte, unless another format or quality is asked for."""
    chosen = output.format or writable_format(photo.format)
    if chosen != photo.format or output.quality is not None:
        return written(photo, output)
    return ResultFile(shutil.copyfile(upload.path, new_file()), chosen)


def written(photo: Photo, output: Output) -> ResultFile:
    """Write a result."""
    chosen = output.format or writable_format(photo.format)
    path = new_file()
    write(photo, path, format=chosen, quality=output.quality)
    return ResultFile(path, chosen)


def new_file() -> Path:
    """Return a path in the worker's own folder at which nothing stands."""
    return Path(tempfile.gettempdir(), secrets.token_hex(16))
