"""Work that changes every pixel by its own color alone: it can be done strip by strip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.photo.strips import open_strips

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.batch.task import Task
    from rechroma.photo import Photo
    from rechroma.photo.strips import PixelChange, Strips

__all__ = ["PointWork", "strips_of"]

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
    """

    whole: Callable[[Photo], Photo]
    prepare: Callable[[Photo], PixelChange | None]


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
    strips = open_strips(task.source, max_pixels=max_pixels)
    if strips is None or strips.width * strips.height < _STRIPS_FROM:
        return None
    if not strips.can_be_written(task.target):
        return None
    change = work.prepare(strips.thumbnail(_SIDE))
    return None if change is None else (strips, change)
