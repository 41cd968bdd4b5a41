"""Reading and writing the pictures of a task."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch.task import STANDARD, Place, Task
from rechroma.errors import UnwritableFileError
from rechroma.files import copy_file, has_unicode_name, make_folder, unwritable_file
from rechroma.metadata import MetadataOptions
from rechroma.photo import Photo, encode, read, writable_format
from rechroma.photo.formats import format_of
from rechroma.photo.strips import open_strips
from rechroma.photo.writing import Written, is_gray_copied, restore_dates, write_described

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.batch.task import Task
    from rechroma.photo import Photo
    from rechroma.photo.model import PixelChange
    from rechroma.photo.strips import Strips

__all__ = [
    "PointWork",
    "Saving",
    "load",
    "save",
    "save_strips",
    "save_unchanged",
    "strips_of",
    "write_to_stdout",
]


def load(source: Place, *, max_pixels: int | None) -> Photo:
    """Read a picture from a file or from standard input."""
    return read(sys.stdin.buffer if source == STANDARD else source, max_pixels=max_pixels)


@dataclass(frozen=True, slots=True)
class Saving:
    """How results are written.

    Attributes:
        quality: Of lossy formats, 1…100; None for the writer's default.
        overwrite: Replace what stands at a target.
        metadata: What is kept of the metadata.
    """

    quality: int | None = None
    overwrite: bool = False
    metadata: MetadataOptions = field(default_factory=MetadataOptions)


def save(photo: Photo, target: Place, how: Saving) -> Written:
    """Write a picture to a file, whose folder is made, or to standard output.

    Standard output gets the format that the picture came in, or PNG where that is only read.

    Returns:
        What of its metadata could not be kept, and whether the gray of a JPEG was copied.

    Raises:
        UnwritablePhotoError: The format says no.
        UnwritableFileError: The folder or the disk says no, or something stands at the target and
            is not to be replaced.
    """
    if not isinstance(target, Path):
        content = encode(
            photo, writable_format(photo.format), quality=how.quality, options=how.metadata
        )
        write_to_stdout(content)
        name = writable_format(photo.format)
        return Written(name, gray_copied=is_gray_copied(photo, name, how.quality))
    make_folder(target.parent)
    return write_described(
        photo, target, format_of(target), how.metadata, quality=how.quality,
        overwrite=how.overwrite,
    )  # fmt: skip


def write_to_stdout(content: bytes) -> None:
    """Write a picture to standard output.

    Raises:
        UnwritableFileError: It can't be written there.
    """
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise _stdout_error(error) from error


def _stdout_error(error: OSError) -> UnwritableFileError:
    """Return the error of standard output; what it still holds is sent nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if error.errno == errno.EPIPE:
        return UnwritableFileError("standard output was closed before the picture's end")
    return unwritable_file("standard output", error)


def save_unchanged(photo: Photo, task: Task, how: Saving) -> tuple[str, ...]:
    """Save a picture on which nothing was changed: as a copy of its file, if the suffix is kept.

    Encoding it anew would cost quality for nothing; but where something is to be left out, a copy
    would still hold it. In its own folder it needs no copy.
    """
    source, target = task.source, task.target
    if not (isinstance(source, Path) and isinstance(target, Path)) or how.metadata.strips:
        return save(photo, target, how).notes
    if _share_folder(source, target) and not task.is_named:
        return ()
    if source.suffix.lower() == target.suffix.lower():
        make_folder(target.parent)
        copy_file(source, target, overwrite=how.overwrite)
        if how.metadata.keep_dates:
            restore_dates(target, photo.metadata)
        return ()
    return save(photo, target, how).notes


def _share_folder(source: Path, target: Path) -> bool:
    return os.path.realpath(source.parent) == os.path.realpath(target.parent)


def save_strips(strips: Strips, change: PixelChange, target: Place, how: Saving) -> tuple[str, ...]:
    """Write a picture strip by strip to a file, whose folder is made; see `Strips.write`."""
    assert isinstance(target, Path)  # noqa: S101 - strips are for files
    make_folder(target.parent)
    return strips.write(
        target, change, options=how.metadata, quality=how.quality, overwrite=how.overwrite
    )


# Below this a whole picture fits everywhere (300 MB at 8 bits), and is read once, not twice.
_STRIPS_FROM = 100_000_000
_SIDE = 2048


@dataclass(frozen=True, slots=True)
class PointWork:
    """What is done to a photo, and how the same is done to one that is too large for memory.

    Attributes:
        whole: What is done to a photo.
        prepare: Gives, from a small version of the photo, what is done to its samples; None if
            this photo has to be whole.
        how: What a result says about how it was made; see `Photo.marked`.
    """

    whole: Callable[[Photo], Photo]
    prepare: Callable[[Photo], PixelChange | None]
    how: str


def strips_of(
    task: Task, work: PointWork, *, max_pixels: int | None
) -> tuple[Strips, PixelChange] | None:
    """Return a very large picture as strips, and what is done to them; None if it goes whole.

    Raises:
        PhotoTooLargeError: More pixels than the limit.
        UnreadablePhotoError: The file is broken.
    """
    if not (isinstance(task.source, Path) and isinstance(task.target, Path)):
        return None
    if not (has_unicode_name(task.source) and has_unicode_name(task.target)):
        return None
    strips = open_strips(task.source, max_pixels=max_pixels)
    if strips is None or strips.width * strips.height < _STRIPS_FROM:
        return None
    if not strips.can_be_written(task.target):
        return None
    change = work.prepare(strips.thumbnail(_SIDE))
    if change is None:
        return None
    return replace(strips, head=strips.head.marked(work.how)), change
