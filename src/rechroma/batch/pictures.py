"""Reading and writing the pictures of a task."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch.task import STANDARD, Place, Task
from rechroma.errors import UnwritablePhotoError
from rechroma.photo import Photo, copy_file, encode, read, writable_format, write

if TYPE_CHECKING:
    from rechroma.photo.strips import PixelChange, Strips

__all__ = ["load", "save", "save_strips", "save_unchanged"]


def load(source: Place, *, max_pixels: int | None) -> Photo:
    """Read a picture from a file or from standard input."""
    return read(sys.stdin.buffer if source == STANDARD else source, max_pixels=max_pixels)


def save(photo: Photo, target: Place, *, quality: int | None, overwrite: bool) -> None:
    """Write a picture to a file, whose folder is made, or to standard output.

    Standard output gets the format that the picture came in, or PNG where that is only read.

    Raises:
        UnwritablePhotoError: The folder, the format or the disk says no, or something stands at
            the target and `overwrite` is false.
    """
    if not isinstance(target, Path):
        sys.stdout.buffer.write(encode(photo, writable_format(photo.format), quality=quality))
        sys.stdout.buffer.flush()
        return
    _make_folder(target.parent)
    write(photo, target, quality=quality, overwrite=overwrite)


def save_unchanged(photo: Photo, task: Task, *, quality: int | None, overwrite: bool) -> None:
    """Save a picture on which nothing was changed: as a copy of its file, if the suffix is kept.

    Encoding it anew would cost quality for nothing.
    """
    source, target = task.source, task.target
    if (
        isinstance(source, Path)
        and isinstance(target, Path)
        and source.suffix.lower() == target.suffix.lower()
    ):
        _make_folder(target.parent)
        copy_file(source, target, overwrite=overwrite)
    else:
        save(photo, target, quality=quality, overwrite=overwrite)


def save_strips(
    strips: Strips, change: PixelChange, target: Place, *, quality: int | None, overwrite: bool
) -> None:
    """Write a picture strip by strip to a file, whose folder is made; see `Strips.write`."""
    assert isinstance(target, Path)  # noqa: S101 - strips are for files
    _make_folder(target.parent)
    strips.write(target, change, quality=quality, overwrite=overwrite)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritablePhotoError(
            f"cannot make the folder {folder}: {error.strerror}", "choose another output"
        ) from error
