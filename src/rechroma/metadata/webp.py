"""WebP's chunks EXIF and XMP. RFC 9649."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata.containers import copy_rest, exactly, rewriting, without_prefix
from rechroma.metadata.model import MAX_BLOCK, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["insert", "read"]

_ICC, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, position and length of the chunks' data."""
    head = exactly(file, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise ValueError("it is no WebP")
    at = 12
    while len(head := file.read(8)) == 8:
        (size,) = struct.unpack("<I", head[4:])
        yield head[:4], at + 8, size
        at += 8 + size + size % 2
        file.seek(at)


def read(file: BinaryIO) -> Metadata:
    """Return what a WebP carries.

    Raises:
        ValueError: It is no WebP.
    """
    blocks: dict[bytes, bytes] = {}
    for kind, at, size in _chunks(file):
        if kind in (b"EXIF", b"XMP ") and size <= MAX_BLOCK and kind not in blocks:
            file.seek(at)
            data = file.read(size)
            if len(data) == size:
                blocks[kind] = data
    exif = blocks.get(b"EXIF")
    return Metadata(
        exif=None if exif is None else without_prefix(exif), xmp=blocks.get(b"XMP ") or None
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def insert(path: Path, metadata: Metadata) -> None:
    """Write metadata into a finished WebP, in place of its own.

    Raises:
        ValueError: It is no WebP.
        OSError: The disk says no.
    """
    with rewriting(path) as (source, target):
        chunks = list(_chunks(source))
        target.write(bytes(12))
        target.write(_chunk(b"VP8X", _features(source, chunks, metadata)))
        for kind, at, size in chunks:
            if kind not in (b"VP8X", b"EXIF", b"XMP "):
                copy_rest(source, target, at - 8, at + size + size % 2)
        if metadata.exif is not None:
            target.write(_chunk(b"EXIF", metadata.exif))
        if metadata.xmp is not None:
            target.write(_chunk(b"XMP ", metadata.xmp))
        size = target.tell()
        target.seek(0)
        target.write(b"RIFF" + struct.pack("<I", size - 8) + b"WEBP")


def _features(file: BinaryIO, chunks: list[tuple[bytes, int, int]], metadata: Metadata) -> bytes:
    places = {kind: at for kind, at, _ in reversed(chunks)}
    if b"VP8X" in places:
        file.seek(places[b"VP8X"])
        features = bytearray(exactly(file, 10))
    else:
        features = bytearray(10)
        width, height, alpha = _size(file, places)
        features[0] = _ALPHA if alpha or b"ALPH" in places else 0
        features[4:7] = (width - 1).to_bytes(3, "little")
        features[7:10] = (height - 1).to_bytes(3, "little")
    features[0] &= ~(_EXIF | _XMP)
    features[0] |= _ICC if b"ICCP" in places else 0
    features[0] |= _EXIF if metadata.exif is not None else 0
    features[0] |= _XMP if metadata.xmp is not None else 0
    return bytes(features)


def _size(file: BinaryIO, places: dict[bytes, int]) -> tuple[int, int, bool]:
    """Return width, height and whether there is alpha, of a file without its features."""
    if b"VP8L" in places:
        file.seek(places[b"VP8L"])
        (bits,) = struct.unpack("<I", exactly(file, 5)[1:])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    if b"VP8 " not in places:
        raise ValueError("a WebP has no pixels")
    file.seek(places[b"VP8 "])
    width, height = struct.unpack("<HH", exactly(file, 10)[6:])
    return width & 0x3FFF, height & 0x3FFF, False
