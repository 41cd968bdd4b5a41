"""Boxes, of which JPEG 2000 and JPEG XL are made.

ISO/IEC 15444-1, annex I; 18181-2. The identifiers of EXIF's and IPTC's boxes are those that
exiftool, Adobe and OpenImageIO read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from rechroma.metadata import iptc
from rechroma.metadata.containers import copy_rest, exactly, rewriting, without_prefix
from rechroma.metadata.model import MAX_BLOCK, Metadata, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["insert_jpeg2000", "read_codestream", "read_jpeg2000", "read_jpegxl"]

_EXIF = b"JpgTiffExif->JP2"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_PHOTOSHOP = bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb")
_MAX_BOXES = 10_000
_COMMENT, _TILE = 0xFF64, 0xFF90
# An encoder's own name, of which the picture knows nothing.
_ENCODERS = (b"Created by ", b"Kakadu")


class _Box(NamedTuple):
    kind: bytes
    start: int  # of its header
    at: int  # of its content
    end: int


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        size, kind = struct.unpack(">I4s", exactly(file, 8))
        content = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", exactly(file, 8))
            content += 8
        box_end = end if size == 0 else at + size
        if box_end < content or box_end > end:
            return
        yield _Box(kind, at, content, box_end)
        at = box_end


def _content(file: BinaryIO, box: _Box) -> bytes:
    file.seek(box.at)
    return exactly(file, min(box.end - box.at, MAX_BLOCK))


def read_jpeg2000(file: BinaryIO) -> Metadata:
    """Return what a JP2 carries.

    Raises:
        ValueError: It ends too early.
    """
    blocks: dict[bytes, bytes] = {}
    resolution = None
    for box in _boxes(file, 0, file.seek(0, 2)):
        if box.kind == b"uuid":
            data = _content(file, box)
            blocks.setdefault(data[:16], data[16:])
        elif box.kind == b"xml " and b"xmpmeta" in (data := _content(file, box)):
            blocks.setdefault(_XMP, data)
        elif box.kind == b"jp2h":
            resolution = _resolution(file, box)
    found = iptc.parse_resources(blocks.get(_PHOTOSHOP, b""))
    exif = blocks.get(_EXIF)
    return Metadata(
        exif=None if exif is None else without_prefix(exif),
        xmp=blocks.get(_XMP),
        iptc=blocks.get(_IPTC) or found.iptc,
        photoshop=found.rest,
        resolution=resolution,
    )


def read_codestream(file: BinaryIO) -> Metadata:
    """Return the comments of a bare code stream of JPEG 2000, which has a place for nothing else.

    Raises:
        ValueError: It ends too early.
    """
    comments: list[bytes] = []
    file.seek(2)
    for _ in range(_MAX_BOXES):
        marker, size = struct.unpack(">HH", exactly(file, 4))
        if marker == _TILE or size < 2:
            break
        data = exactly(file, size - 2)
        # Its first number says that it is text (Latin-1), not bytes.
        if marker == _COMMENT and data[:2] == b"\0\1" and not data[2:].startswith(_ENCODERS):
            comments.append(data[2:])
    return Metadata(comments=tuple(comments))


def _resolution(file: BinaryIO, header: _Box) -> Resolution | None:
    """Return the display's resolution, or else the scanner's."""
    found: dict[bytes, Resolution] = {}
    for box in _boxes(file, header.at, header.end):
        if box.kind != b"res ":
            continue
        for each in _boxes(file, box.at, box.end):
            data = _content(file, each)
            if each.kind in (b"resc", b"resd") and len(data) >= 10:
                y, y_under, x, x_under, y_power, x_power = struct.unpack(">4H2b", data[:10])
                if x and y and x_under and y_under:
                    found[each.kind] = _in_inches(
                        x / x_under * 10.0**x_power, y / y_under * 10.0**y_power
                    )
    return found.get(b"resd") or found.get(b"resc")


def _in_inches(x: float, y: float) -> Resolution:
    """Return pixels to the meter as those to the inch, if they are whole, or to the centimeter."""
    inches = Resolution(round(x * 0.0254), round(y * 0.0254), "inch")
    near = all(
        whole and abs(whole / 0.0254 - value) <= 0.6
        for whole, value in ((inches.x, x), (inches.y, y))
    )
    return inches if near else Resolution(x / 100, y / 100, "cm")


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def _resolution_box(resolution: Resolution) -> bytes:
    x, y = resolution.per_meter or (0, 0)
    (x_top, x_under, x_power), (y_top, y_under, y_power) = _fraction(x), _fraction(y)
    data = struct.pack(">4H2b", y_top, y_under, x_top, x_under, y_power, x_power)
    return _box(b"res ", _box(b"resc", data) + _box(b"resd", data))


def _fraction(value: float) -> tuple[int, int, int]:
    """Return a number as numerator, denominator and power of ten, each numerator below 65,536."""
    power = 0
    while value >= 65535.5 and power < 127:
        value, power = value / 10, power + 1
    best = min(
        (254, 127, 100, 50, 10, 2, 1), key=lambda under: (
            abs(round(value * under) / under - value) if value * under < 65535.5 else 1e9, under
        ),
    )  # fmt: skip
    return max(1, round(value * best)), best, power


def insert_jpeg2000(path: Path, metadata: Metadata) -> None:
    """Write metadata into a finished JP2, in place of its own.

    Raises:
        ValueError: It is no JP2.
        OSError: The disk says no.
    """
    with rewriting(path) as (source, target):
        end = source.seek(0, 2)
        boxes = list(_boxes(source, 0, end))
        if not boxes or boxes[0].kind != b"jP  ":
            raise ValueError("it is no JP2")
        for box in boxes:
            if box.kind == b"jp2h":
                target.write(_header(source, box, metadata.resolution))
            elif box.kind == b"jp2c" and box.end == end and box.end - box.start < 1 << 32:
                # Its length is written out: boxes follow.
                target.write(struct.pack(">I", box.end - box.at + 8) + b"jp2c")
                copy_rest(source, target, box.at, box.end)
            elif box.kind != b"uuid":
                copy_rest(source, target, box.start, box.end)
        for name, data in _blocks(metadata):
            target.write(_box(b"uuid", name + data))


def _blocks(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    if metadata.exif is not None:
        yield _EXIF, metadata.exif
    if metadata.xmp is not None:
        yield _XMP, metadata.xmp
    if metadata.iptc is not None:
        yield _IPTC, metadata.iptc
    if metadata.photoshop is not None:
        yield _PHOTOSHOP, metadata.photoshop


def _header(source: BinaryIO, box: _Box, resolution: Resolution | None) -> bytes:
    parts: list[bytes] = []
    for each in _boxes(source, box.at, box.end):
        if each.kind != b"res ":
            source.seek(each.start)
            parts.append(exactly(source, each.end - each.start))
    if resolution is not None and resolution.per_meter is not None:
        parts.append(_resolution_box(resolution))
    return _box(b"jp2h", b"".join(parts))


def read_jpegxl(file: BinaryIO) -> Metadata:
    """Return what a JPEG XL carries unpacked; a bare code stream carries nothing.

    Raises:
        ValueError: It ends too early.
    """
    exif = packet = None
    for box in _boxes(file, 0, file.seek(0, 2)):
        if box.kind == b"Exif" and exif is None:
            data = _content(file, box)
            start = 4 + int.from_bytes(data[:4], "big")
            exif = without_prefix(data[start:]) or None
        elif box.kind == b"xml " and packet is None:
            packet = _content(file, box)
    return Metadata(exif=exif, xmp=packet)
