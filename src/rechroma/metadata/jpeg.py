"""JPEG's marker segments: read one by one, and written before the scans of a finished file.

ITU-T T.81, annex B; Exif 3.0, section 4.7; XMP Specification, part 3, section 1.1.3.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from rechroma.metadata import iptc, xmp_split
from rechroma.metadata.containers import copy_rest, exactly, rewriting
from rechroma.metadata.model import MAX_BLOCK, Metadata, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = [
    "MAX_EXIF",
    "Segment",
    "carries_xmp",
    "header_of",
    "insert",
    "read",
    "read_segments",
    "segment",
    "segments_of",
]

APP0, APP1, APP13, COM, SOS, EOI = 0xE0, 0xE1, 0xED, 0xFE, 0xDA, 0xD9
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_JFIF = b"JFIF\0"
# Bytes that a segment holds beside its own length.
_MOST = 65533
MAX_EXIF = _MOST - len(_EXIF)
_MAX_XMP = _MOST - len(_XMP)
_EXTENDED_PIECE = 65400
_STANDALONE = (0x01, *range(0xD0, 0xD9))
_UNITS = {0: "none", 1: "inch", 2: "cm"}


class Segment(NamedTuple):
    """A marker segment.

    Attributes:
        marker: Its second byte: 0xE1 for APP1.
        data: What follows its length.
        start: Where its first byte is in the file.
        end: Behind its last byte.
    """

    marker: int
    data: bytes
    start: int
    end: int


def read_segments(file: BinaryIO) -> Iterator[Segment]:
    """Yield the segments before the first scan, that one's header among them.

    Bytes that stand between segments are passed over, as decoders do.

    Raises:
        ValueError: The file is no JPEG, or ends before a scan.
    """
    if exactly(file, 2) != b"\xff\xd8":
        raise ValueError("it is no JPEG")
    at = 2
    while True:
        marker, at = _next_marker(file, at)
        if marker in _STANDALONE:
            continue
        if marker == EOI:
            raise ValueError("it has no scan")
        (size,) = struct.unpack(">H", exactly(file, 2))
        if size < 2:
            raise ValueError("a segment has no length")
        data = exactly(file, size - 2)
        yield Segment(marker, data, at - 2, at + size)
        at += size
        if marker == SOS:
            return


def _next_marker(file: BinaryIO, at: int) -> tuple[int, int]:
    """Return the next marker and where the file stands behind it."""
    byte = b""
    while True:
        while byte != b"\xff":
            byte, at = exactly(file, 1), at + 1
        while byte == b"\xff":
            byte, at = exactly(file, 1), at + 1
        # A zero after it makes it a byte of data.
        if byte != b"\0":
            return byte[0], at


def segment(marker: int, data: bytes) -> bytes:
    """Return a segment's bytes.

    Raises:
        ValueError: It is too long.
    """
    if len(data) > _MOST:
        raise ValueError("a segment is too long")
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def read(file: BinaryIO) -> Metadata:
    """Return what a JPEG carries. What stands before a fault is kept.

    Raises:
        ValueError: It is no JPEG.
    """
    exif: list[bytes] = []
    main: bytes | None = None
    extended: dict[bytes, list[bytes]] = {}
    resources: list[bytes] = []
    comments: list[bytes] = []
    resolution: Resolution | None = None
    for each in _until_fault(file):
        data = each.data
        if each.marker == COM:
            comments.append(data)
        elif each.marker == APP0 and data.startswith(_JFIF) and len(data) >= 12:
            resolution = _jfif_resolution(data)
        elif each.marker == APP1 and data.startswith(_EXIF[:5]):
            exif.append(data[6:])
        elif each.marker == APP1 and data.startswith(_XMP):
            main = main or data[len(_XMP) :]
        elif each.marker == APP1 and data.startswith(_EXTENDED):
            _keep_extended(extended, data[len(_EXTENDED) :])
        elif each.marker == APP13 and data.startswith(_PHOTOSHOP):
            resources.append(data[len(_PHOTOSHOP) :])
    found = iptc.parse_resources(b"".join(resources))
    packet, notes = _whole_packet(main, extended)
    return Metadata(
        exif=_joined_exif(exif),
        xmp=packet,
        iptc=found.iptc,
        photoshop=found.rest,
        comments=tuple(comments),
        resolution=resolution,
        notes=notes,
    )


def _until_fault(file: BinaryIO) -> Iterator[Segment]:
    segments = read_segments(file)
    try:
        yield from segments
    except ValueError:
        return


def _joined_exif(parts: list[bytes]) -> bytes | None:
    """Return EXIF; what is longer than a segment goes on in the next, without a beginning."""
    if not parts:
        return None
    whole = [parts[0]]
    for part in parts[1:]:
        if part[:2] in (b"II", b"MM"):
            break
        whole.append(part)
    return b"".join(whole)


def _jfif_resolution(data: bytes) -> Resolution | None:
    unit, x, y = struct.unpack(">BHH", data[7:12])
    if not x or not y or (unit == 0 and x == y):
        return None
    return Resolution(x, y, _UNITS.get(unit, "none"))


def _keep_extended(extended: dict[bytes, list[bytes]], data: bytes) -> None:
    if len(data) < 40:
        return
    pieces = extended.setdefault(data[:32], [])
    if sum(map(len, pieces)) + len(data) <= MAX_BLOCK:
        pieces.append(data[32:])


def _whole_packet(
    main: bytes | None, extended: dict[bytes, list[bytes]]
) -> tuple[bytes | None, tuple[str, ...]]:
    """Join the extended packet that the main one names."""
    if main is None or not extended:
        return main, ()
    pieces = next((each for name, each in extended.items() if name in main), None)
    if pieces is None:
        return main, ()
    (total,) = struct.unpack(">I", pieces[0][:4])
    data = bytearray()
    for piece in sorted(pieces, key=lambda piece: piece[4:8]):
        (at,) = struct.unpack(">I", piece[4:8])
        if at == len(data):
            data += piece[8:]
    try:
        if len(data) != total:
            raise ValueError("extended XMP has holes")
        return xmp_split.joined(main, bytes(data)), ()
    except ValueError:
        return main, ("its extended XMP is broken, and was left out",)


def segments_of(metadata: Metadata) -> list[bytes]:
    """Return the segments that carry metadata, in their usual order."""
    result: list[bytes] = []
    if metadata.exif is not None and len(metadata.exif) <= MAX_EXIF:
        result.append(segment(APP1, _EXIF + metadata.exif))
    if metadata.xmp is not None:
        result += _xmp_segments(metadata.xmp)
    resources = iptc.resources_of(metadata.iptc, metadata.photoshop)
    room = _MOST - len(_PHOTOSHOP)
    for at in range(0, len(resources), room):
        result.append(segment(APP13, _PHOTOSHOP + resources[at : at + room]))
    result += [segment(COM, comment[:_MOST]) for comment in metadata.comments]
    return result


def _xmp_segments(packet: bytes) -> list[bytes]:
    if len(packet) > _MAX_XMP:
        # The end of a packet is often kilobytes of white space to write into.
        packet = xmp_split.trimmed(packet)
    if len(packet) <= _MAX_XMP:
        return [segment(APP1, _XMP + packet)]
    try:
        main, extended = xmp_split.split(packet, _MAX_XMP, _guid)
    except ValueError:
        return []
    result = [segment(APP1, _XMP + main)]
    name = _guid(extended).encode()
    for at in range(0, len(extended), _EXTENDED_PIECE):
        head = name + struct.pack(">II", len(extended), at)
        piece = extended[at : at + _EXTENDED_PIECE]
        result.append(segment(APP1, _EXTENDED + head + piece))
    return result


def _guid(data: bytes) -> str:
    import hashlib  # of use to few pictures, and slow to load

    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()


def carries_xmp(packet: bytes) -> bool:
    """Tell whether a packet can be carried."""
    return bool(_xmp_segments(packet))


def header_of(metadata: Metadata) -> list[bytes]:
    """Return a file's first segments: JFIF's, and those that carry metadata."""
    jfif = segment(APP0, _JFIF + b"\x01\x01" + bytes(7))
    return [_with_resolution(jfif, metadata.resolution), *segments_of(metadata)]


def insert(path: Path, metadata: Metadata) -> None:
    """Write metadata into a finished JPEG, in place of its own.

    Raises:
        ValueError: It is no JPEG.
        OSError: The disk says no.
    """
    with rewriting(path) as (source, target):
        kept: list[bytes] = []
        start = 0
        for each in read_segments(source):
            start = each.start
            if each.marker == SOS:
                break
            if not _is_described(each):
                kept.append(segment(each.marker, each.data))
        new = segments_of(metadata)
        target.write(b"\xff\xd8" + b"".join(_in_order(kept, new, metadata.resolution)))
        copy_rest(source, target, start)


def _is_described(each: Segment) -> bool:
    beginnings = (_EXIF, _XMP, _EXTENDED, _PHOTOSHOP)
    return each.marker == COM or (each.marker in (APP1, APP13) and each.data.startswith(beginnings))


def _in_order(
    kept: list[bytes], new: list[bytes], resolution: Resolution | None
) -> Iterable[bytes]:
    """Put JFIF first, then the new segments, then the others."""
    if kept and kept[0][1] == APP0 and kept[0][4:9] == _JFIF:
        yield _with_resolution(kept[0], resolution)
        kept = kept[1:]
    yield from new
    yield from kept


def _with_resolution(jfif: bytes, resolution: Resolution | None) -> bytes:
    unit, x, y = _jfif_numbers(resolution)
    # Its thumbnail, if it had one, is left out.
    return segment(APP0, jfif[4:11] + struct.pack(">BHHBB", unit, x, y, 0, 0))


def _jfif_numbers(resolution: Resolution | None) -> tuple[int, int, int]:
    """Return unit, x and y: whole numbers, in the unit that they are nearer to being whole in."""
    if resolution is None:
        return 0, 1, 1
    if resolution.unit == "none":
        factor = min(1.0, 65535 / max(resolution.x, resolution.y))
        return 0, max(1, round(resolution.x * factor)), max(1, round(resolution.y * factor))
    choices = [resolution]
    meters = resolution.per_meter
    if meters is not None and resolution.unit == "cm":
        choices.append(Resolution(meters[0] * 0.0254, meters[1] * 0.0254, "inch"))
    best = min(choices, key=lambda each: _roundness(each.x) + _roundness(each.y))
    unit = {"inch": 1, "cm": 2}[best.unit]
    x, y = (min(max(1, round(number)), 65535) for number in (best.x, best.y))
    return unit, x, y


def _roundness(value: float) -> float:
    return abs(value - round(value)) / max(value, 1e-9)
