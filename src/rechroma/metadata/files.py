"""Metadata out of files and into them, whatever their container; a fault in them costs nothing."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from rechroma.metadata import boxes, exif, jpeg, png, tiff, webp, xmp
from rechroma.metadata.model import Metadata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["FAULTS", "file_times", "from_blocks", "insert", "is_marked", "read_metadata"]

_READERS: tuple[tuple[bytes, Callable[[BinaryIO], Metadata]], ...] = (
    (b"\xff\xd8\xff", jpeg.read),
    (b"\x89PNG", png.read),
    (b"RIFF", webp.read),
    (b"II", tiff.read),
    (b"MM", tiff.read),
    (b"\0\0\0\x0cjP  ", boxes.read_jpeg2000),
    (b"\xff\x4f\xff\x51", boxes.read_codestream),
    (b"\0\0\0\x0cJXL ", boxes.read_jpegxl),
)
_INSERT = {
    "jpeg": jpeg.insert,
    "png": png.insert,
    "webp": webp.insert,
    "tiff": tiff.insert,
    "jpeg2000": boxes.insert_jpeg2000,
}
# What broken bytes make of code that takes them apart.
FAULTS = (ValueError, KeyError, IndexError, struct.error, zlib.error, OverflowError,
           RecursionError)  # fmt: skip
_PROGRAM = "Rechroma "


def read_metadata(path: Path) -> Metadata:
    """Return what a file carries beside its pixels; nothing of a format that is not known here.

    A fault is no error: what is broken is left out, and `Metadata.notes` says so.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
            reader = next((each for begin, each in _READERS if head.startswith(begin)), None)
            if reader is None:
                return Metadata()
            file.seek(0)
            found = reader(file)
    except OSError:
        return Metadata()
    except FAULTS:
        return Metadata(notes=("its metadata are broken, and were left out",))
    return _understood(found)


def file_times(path: Path) -> tuple[int, int] | None:
    """Return when a file was read and changed, in nanoseconds; None if nobody says."""
    try:
        said = path.stat()
    except OSError:
        return None
    return said.st_atime_ns, said.st_mtime_ns


def from_blocks(exif_block: bytes | None, xmp_block: bytes | None) -> Metadata:
    """Return metadata of blocks that another decoder has found, such as Pillow."""
    block = exif_block or None
    if block is not None and block[:5] == b"Exif\0":
        block = block[6:]
    return _understood(Metadata(exif=block, xmp=xmp_block or None))


def _understood(found: Metadata) -> Metadata:
    """Add what EXIF says of orientation and resolution; leave EXIF out that can't be read."""
    turn, resolution = None, found.resolution
    if found.exif is not None:
        try:
            said = exif.summary(found.exif)
            turn, resolution = said.orientation, resolution or said.resolution
        except FAULTS:
            note = "its EXIF is broken, and was left out"
            found = replace(found, exif=None, notes=(*found.notes, note))
    if turn is None and found.xmp is not None:
        turn = xmp.orientation(found.xmp)
    return replace(found, orientation=turn or 1, resolution=resolution)


def insert(path: Path, name: str, metadata: Metadata) -> None:
    """Write metadata into a finished file, in place of its own.

    Args:
        path: The file.
        name: Its format's; of formats that carry none the file stays as it is.
        metadata: As `prepare` has made it.

    Raises:
        OSError: The disk says no.
    """
    change = _INSERT.get(name)
    if change is None:
        return
    try:
        change(path, metadata)
    except FAULTS:
        # A bare code stream, for one: the picture is worth more than what describes it.
        return


def is_marked(path: Path) -> bool:
    """Tell whether a file says that this program has written it. Reads metadata alone."""
    # A pipe would be waited for.
    packet = read_metadata(path).xmp if path.is_file() else None
    return (
        packet is not None
        and b"CreatorTool" in packet
        and xmp.creator_tool(packet).startswith(_PROGRAM)
    )
