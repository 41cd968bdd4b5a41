"""What the modules of containers share: copying the pixels' part of a file."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from rechroma.files import write_checked

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["copy_rest", "exactly", "rewriting", "without_prefix"]

_PIECE = 1 << 22


@contextmanager
def rewriting(path: Path) -> Generator[tuple[BinaryIO, BinaryIO]]:
    """Yield a file and a new one beside it, which takes the old one's place at the end.

    A file in memory stands behind a link, and stays there: its new content is written into it.

    Raises:
        OSError: The disk says no.
    """
    if path.is_symlink():
        rewritten = BytesIO()
        with path.open("rb") as source:
            yield source, rewritten
        write_checked(path, rewritten.getvalue())
        return
    new = path.with_name(f"{path.name}.meta")
    try:
        with path.open("rb") as source, new.open("wb") as target:
            yield source, target
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def copy_rest(source: BinaryIO, target: BinaryIO, start: int, end: int | None = None) -> None:
    """Append a part of one file to another, in the kernel where that goes.

    Raises:
        OSError: The disk says no.
    """
    target.flush()
    in_memory = isinstance(target, BytesIO)
    left = (os.fstat(source.fileno()).st_size if end is None else end) - start
    if hasattr(os, "copy_file_range") and not in_memory:
        try:
            while left > 0:
                done = os.copy_file_range(source.fileno(), target.fileno(), left, start)
                if not done:
                    break
                start, left = start + done, left - done
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        target.seek(0, os.SEEK_END)
    source.seek(start)
    if end is None:
        shutil.copyfileobj(source, target, _PIECE)
        return
    while left > 0 and (piece := source.read(min(left, _PIECE))):
        target.write(piece)
        left -= len(piece)


# EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM: kernels and file systems that do not copy so.
_NOT_HERE = (1, 18, 22, 38, 95)


def exactly(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes.

    Raises:
        ValueError: The file ends before.
    """
    data = file.read(size)
    if len(data) != size:
        raise ValueError("the file ends too early")
    return data


def without_prefix(data: bytes) -> bytes:
    """Return EXIF without JPEG's "Exif" before it, which some writers put everywhere."""
    return data[6:] if data[:6] in (b"Exif\0\0", b"Exif\0\xff") else data
