r"""The gray JPEG that a color one was made of: as a record in it.

The color file holds the gray one's scans as they were. What else the gray file was, byte for byte,
stands in segments of the color file (APP9, which no widespread format uses, with a name of our
own): programs that change metadata keep such segments, decoders pass over them. Laid out as

    "Rechroma gray\0", number of the segment, how many there are, a piece of the record

with a record that is compressed (zlib, RFC 1950): a format number, the gray file's SHA-256 and
length, and how to put it together: from bytes of the record's own, from segments of the color file,
which may have moved, and from runs of what stands behind them. What the color file says, the record
does not say again: what is removed from the one is not in the other.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rechroma.metadata import jpeg
from rechroma.photo.jpeg_joining import Copied

if TYPE_CHECKING:
    from rechroma.photo.jpeg_scans import Part, Scans

__all__ = ["find_record", "put_together", "record_segments"]

_APP9 = 0xE9
_NAME = b"Rechroma gray\0"
_FORMAT = 1
_PIECE = 65533 - len(_NAME) - 2
_MOST_PIECES = 255
# A record unpacks to no more: nobody's file is meant to fill the memory.
_MOST = 1 << 26
# Format, SHA-256, length, how many segments are needed, how many steps there are.
_HEAD = struct.Struct(">B32sQII")
_SOURCE = struct.Struct(">II")
_STEP = struct.Struct(">BIII")
_OWN, _SEGMENT, _RUN = range(3)
# Bytes in a row that a segment shares with another one, at least; and every how many are looked at.
_SHARED, _STRIDE = 16, 4


@dataclass(slots=True)
class _Steps:
    """How a file is put together.

    Attributes:
        steps: (kind, which segment, where in it or in the coded part, how many bytes).
        sources: CRC-32 and length of the color file's segments that are needed.
        own: What stands nowhere else.
    """

    steps: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    sources: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    own: bytearray = field(default_factory=bytearray)

    def add_own(self, data: bytes) -> None:
        if self.steps and self.steps[-1][0] == _OWN:
            self.steps[-1] = _OWN, 0, 0, self.steps[-1][3] + len(data)
        elif data:
            self.steps.append((_OWN, 0, 0, len(data)))
        self.own += data

    def add_part(self, segment: bytes, start: int, size: int) -> None:
        key = zlib.crc32(segment), len(segment)
        number = self.sources.setdefault(key, len(self.sources))
        self.steps.append((_SEGMENT, number, start, size))

    def add_difference(self, old: bytes, live: list[bytes]) -> None:
        """Add a segment that was changed: what it shares with new ones is taken from there.

        So a coordinate that somebody removes from the color file is in the record neither.
        """
        index = {
            segment[at : at + _SHARED]: (segment, at)
            for segment in live
            for at in range(0, len(segment) - _SHARED + 1, _STRIDE)
        }
        at = done = 0
        while at <= len(old) - _SHARED:
            found = index.get(old[at : at + _SHARED])
            if found is None:
                at += 1
                continue
            segment, start = found
            while at > done and start > 0 and old[at - 1] == segment[start - 1]:
                at, start = at - 1, start - 1
            size = _common(old, at, segment, start)
            self.add_own(old[done:at])
            self.add_part(segment, start, size)
            at = done = at + size
        self.add_own(old[done:])

    def packed(self, content: bytes) -> bytes:
        """Return the record of a file."""
        head = _HEAD.pack(
            _FORMAT, _digest_of(content), len(content), len(self.sources),
            len(self.steps),
        )  # fmt: skip
        sources = b"".join(_SOURCE.pack(*each) for each in self.sources)
        steps = b"".join(_STEP.pack(*each) for each in self.steps)
        return head + sources + steps + self.own


def _common(one: bytes, at: int, other: bytes, start: int) -> int:
    """Return how many bytes are alike from two places on."""
    size, step = 0, 1 << 16
    while step:
        part = one[at + size : at + size + step]
        if len(part) == step and part == other[start + size : start + size + step]:
            size += step
        else:
            step >>= 1
    return size


def record_segments(gray: Scans, live: list[bytes], coded: list[bytes | Copied]) -> list[bytes]:
    """Return the segments with a record of a gray file; none if it is too large for that.

    Args:
        gray: The file.
        live: The color file's segments before its first scan.
        coded: The color file's scans, from the first one's header on; behind them the bytes that
            follow the gray file's end.
    """
    content, made, kept = gray.content, _Steps(), set(live)
    made.add_own(content[:2])
    for part in gray.header:
        segment = gray.bytes_of(part)
        made.add_own(content[part.start : part.body - 4])
        if segment in kept:
            made.add_part(segment, 0, len(segment))
        else:
            made.add_difference(segment, [each for each in live if each[1] == part.marker])
    at, length = gray.header[-1].end if gray.header else 2, 0
    for piece in coded:
        size = piece.end - piece.start if isinstance(piece, Copied) else len(piece)
        if isinstance(piece, Copied):
            made.add_own(content[at : piece.start])
            made.steps.append((_RUN, 0, length, size))
            at = piece.end
        length += size
    made.add_own(content[at : gray.end])
    if len(content) > gray.end:
        made.steps.append((_RUN, 0, length, len(content) - gray.end))
    record = made.packed(content)
    packed = zlib.compress(record, 9)
    pieces = [packed[at : at + _PIECE] for at in range(0, len(packed), _PIECE)]
    if len(pieces) > _MOST_PIECES or len(record) > _MOST:
        return []
    return [
        jpeg.segment(_APP9, _NAME + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, start=1)
    ]


def find_record(content: bytes, header: list[Part]) -> bytes | None:
    """Return the record in a color file's first segments, unpacked; None without a whole one."""
    pieces: dict[int, bytes] = {}
    count = 0
    for part in header:
        body = content[part.body : part.end]
        if part.marker == _APP9 and body.startswith(_NAME) and len(body) > len(_NAME) + 2:
            number, count = body[len(_NAME) : len(_NAME) + 2]
            pieces[number] = body[len(_NAME) + 2 :]
    if not count or pieces.keys() != set(range(1, count + 1)):
        return None
    packed = b"".join(pieces[number] for number in sorted(pieces))
    try:
        return zlib.decompressobj().decompress(packed, _MOST)
    except zlib.error:
        return None


def put_together(content: bytes, header: list[Part], record: bytes) -> bytes | None:
    """Follow a record.

    Args:
        content: The color file.
        header: Its segments before the first scan, and that one's header.
        record: What `find_record` gave.

    Returns:
        The gray file; None where the result is another one.
    """
    try:
        kind, digest, length, sources, count = _HEAD.unpack_from(record)
        at = _HEAD.size
        wanted = [_SOURCE.unpack_from(record, at + _SOURCE.size * i) for i in range(sources)]
        at += _SOURCE.size * sources
        steps = [_STEP.unpack_from(record, at + _STEP.size * i) for i in range(count)]
    except struct.error:
        return None
    # A run may be asked for as often as the record likes.
    total = sum(size for *_, size in steps)
    if kind != _FORMAT or total != length or length > len(content) + _MOST:
        return None
    own, coded = at + _STEP.size * count, header[-1].start
    found = {
        (zlib.crc32(segment), len(segment)): segment
        for segment in (content[part.body - 4 : part.end] for part in header)
    }
    segments = [found.get(each, b"") for each in wanted]
    parts: list[bytes] = []
    for what, which, place, size in steps:
        if what == _OWN:
            parts.append(record[own : own + size])
            own += size
        elif what == _RUN:
            parts.append(content[coded + place : coded + place + size])
        elif which < len(segments):
            parts.append(segments[which][place : place + size])
    whole = b"".join(parts)
    return whole if _digest_of(whole) == digest else None


def _digest_of(content: bytes) -> bytes:
    import hashlib  # slow to load, and only gray JPEGs have a record

    return hashlib.sha256(content).digest()
