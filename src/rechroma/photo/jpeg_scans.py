"""The parts of a gray JPEG, as bytes: its tables, its frame and its entropy-coded scans.

ITU-T T.81: annex B (syntax), A.2.2 (the order of blocks in a scan of one component), G.1.1 (what a
progressive picture's scans hold). Nothing is decoded here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "APP0",
    "DHT",
    "DQT",
    "DRI",
    "EOI",
    "SOS",
    "Gray",
    "Part",
    "Scans",
    "UncopiedError",
    "coded_parts",
    "gray_scans",
    "header_parts",
    "luma_table",
    "profile_in",
    "profile_segments",
    "table_ids",
]

APP0, _APP2 = 0xE0, 0xE2
_PROFILE = b"ICC_PROFILE\0"
DHT, DQT, DRI, SOS, EOI = 0xC4, 0xDB, 0xDD, 0xDA, 0xD9
_TABLES = frozenset({DHT, DQT, DRI})
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
# Start of frame, one kind for each process; and what else there is that is no ordinary picture.
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC})
_REFUSED = {
    0xC3: "lossless coding",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE, 0xDF), "hierarchical coding"),
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCC), "arithmetic coding"),
    0xDC: "a height that is told behind its pixels",
}
_TOO_EARLY = "it ends too early"
_COEFFICIENTS = 64


class Gray(StrEnum):
    """What became of the gray of one JPEG in another."""

    ORIGINAL = "original"
    COPIED = "copied"
    RECOMPRESSED = "recompressed"


class UncopiedError(ValueError):
    """A picture's gray can't be copied; the message says why, as the end of a sentence."""


class Part(NamedTuple):
    """A marker segment and, behind a scan's header, the scan's data.

    Attributes:
        marker: Its second byte.
        start: Of the first byte, be it one that fills up.
        body: Of the bytes behind its length.
        end: Behind the segment.
        rest: Behind the entropy-coded data; the same as `end` but for scans.
    """

    marker: int
    start: int
    body: int
    end: int
    rest: int


@dataclass(frozen=True, slots=True)
class Scans:
    """A gray JPEG that can be taken apart.

    Attributes:
        content: The file.
        width: Columns.
        height: Rows.
        header: What stands before the first scan, in order.
        frame: Of those, the one with the size.
        coded: From the first scan's header to the end of the picture: scans and tables.
        end: Behind the end of the picture; further bytes may follow.
    """

    content: bytes
    width: int
    height: int
    header: tuple[Part, ...]
    frame: Part
    coded: tuple[Part, ...]
    end: int

    @property
    def is_progressive(self) -> bool:
        """Whether it is coded in several scans, from coarse to fine."""
        return self.frame.marker == _PROGRESSIVE

    @property
    def quantization(self) -> int:
        """The number of the component's quantization table, 0…3."""
        return self.content[self.frame.body + 8]

    @property
    def first_scan(self) -> int:
        """Where the entropy-coded part begins."""
        return self.coded[0].start

    @property
    def last_part(self) -> int:
        """Where the end-of-image marker begins, or bytes that fill up before it."""
        return self.coded[-1].rest

    def bytes_of(self, part: Part) -> bytes:
        """Return a part's segment: without what fills up before it, and without a scan's data."""
        return self.content[part.body - 4 : part.end]

    def tables(self, marker: int) -> list[Part]:
        """Return the segments of a kind, before and between the scans."""
        return [part for part in (*self.header, *self.coded) if part.marker == marker]


def gray_scans(content: bytes) -> Scans:
    """Take a gray JPEG of 8 bits apart: baseline, extended sequential or progressive.

    Raises:
        UncopiedError: It is of another kind, or a byte stands where none should.
    """
    header = tuple(header_parts(content))
    frames = [part for part in header if part.marker in _FRAMES]
    if len(frames) != 1 or not header or header[-1].marker != SOS:
        raise UncopiedError("it has no frame")
    frame = frames[0]
    width, height, component = _gray_frame(content, frame)
    coded = tuple(coded_parts(content, header[-1].start))
    scans = [part for part in coded if part.marker == SOS]
    end = content.index(b"\xff\xd9", coded[-1].rest) + 2
    for scan in scans:
        if content[scan.body] != 1 or content[scan.body + 1] != component:
            raise UncopiedError("a scan is of an unknown component")
    if frame.marker == _PROGRESSIVE:
        _check_progression(content, scans)
    elif len(scans) != 1:
        raise UncopiedError("it has several scans of the same pixels")
    return Scans(content, width, height, header[:-1], frame, coded, end)


def header_parts(content: bytes) -> Iterator[Part]:
    """Yield the segments from a file's beginning to its first scan's header.

    Raises:
        UncopiedError: It is no JPEG, or a byte stands where none should.
    """
    if content[:2] != b"\xff\xd8":
        raise UncopiedError("it is no JPEG")
    at = 2
    while True:
        part = _part(content, at)
        yield part
        if part.marker == SOS:
            return
        at = part.end


def luma_table(content: bytes) -> tuple[int, ...] | None:
    """Return how a JPEG's first component is quantized, 64 numbers row by row; None: not known."""
    found: dict[int, tuple[int, ...]] = {}
    number = None
    try:
        for part in header_parts(content):
            if part.marker in _FRAMES:
                number = content[part.body + 8]
            elif part.marker == DQT:
                found |= _tables_in(content[part.body : part.end])
    except (UncopiedError, IndexError, struct.error):
        return None
    return None if number is None else found.get(number)


def _tables_in(segment: bytes) -> dict[int, tuple[int, ...]]:
    """Return number → table of a segment, which has them along diagonals (T.81, A.3.6)."""
    order = sorted(range(_COEFFICIENTS), key=_place_on_diagonals)
    found: dict[int, tuple[int, ...]] = {}
    at = 0
    while at < len(segment):
        kind = f">{_COEFFICIENTS}{'H' if segment[at] >> 4 else 'B'}"
        values = struct.unpack_from(kind, segment, at + 1)
        table = dict(zip(order, values, strict=True))
        found[segment[at] & 15] = tuple(table[place] for place in range(_COEFFICIENTS))
        at += 1 + struct.calcsize(kind)
    return found


def _place_on_diagonals(place: int) -> tuple[int, int]:
    row, column = divmod(place, 8)
    return row + column, row if (row + column) % 2 else column


def profile_in(content: bytes, header: Iterable[Part]) -> bytes | None:
    """Return the ICC profile, whose pieces carry their number (ICC.1:2022, annex B.4)."""
    pieces: dict[int, bytes] = {}
    for part in header:
        body = content[part.body : part.end]
        if part.marker == _APP2 and body.startswith(_PROFILE) and len(body) > len(_PROFILE) + 2:
            pieces[body[len(_PROFILE)]] = body[len(_PROFILE) + 2 :]
    return b"".join(pieces[number] for number in sorted(pieces)) if pieces else None


def profile_segments(profile: bytes) -> list[bytes]:
    """Return the segments that carry an ICC profile."""
    room = 65533 - len(_PROFILE) - 2
    pieces = [profile[at : at + room] for at in range(0, len(profile), room)]
    return [
        struct.pack(">BBH", 0xFF, _APP2, len(piece) + len(_PROFILE) + 4)
        + _PROFILE + bytes([number, len(pieces)]) + piece
        for number, piece in enumerate(pieces, start=1)
    ]  # fmt: skip


def table_ids(content: bytes, part: Part) -> set[int]:
    """Return the numbers of the quantization tables of a segment, which may hold several.

    Raises:
        UncopiedError: The segment is broken.
    """
    found: set[int] = set()
    at = part.body
    while at < part.end:
        precision, number = content[at] >> 4, content[at] & 15
        at += 1 + _COEFFICIENTS * (2 if precision else 1)
        found.add(number)
    if at != part.end or not found <= {0, 1, 2, 3}:
        raise UncopiedError("a table is broken")
    return found


def _part(content: bytes, start: int) -> Part:
    """Read the segment that begins here, perhaps with bytes 0xFF that fill up (B.1.1.2)."""
    at = start
    while content[at : at + 2] == b"\xff\xff":
        at += 1
    if len(content) < at + 4:
        raise UncopiedError(_TOO_EARLY)
    marker = content[at + 1]
    if content[at] != 0xFF or marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
        raise UncopiedError("bytes stand between its segments")
    if marker == EOI:
        raise UncopiedError(_TOO_EARLY)
    if marker in _REFUSED:
        raise UncopiedError(_REFUSED[marker])
    (size,) = struct.unpack_from(">H", content, at + 2)
    end = at + 2 + size
    if size < 2 or end > len(content):
        raise UncopiedError(_TOO_EARLY)
    return Part(marker, start, at + 4, end, end)


def _gray_frame(content: bytes, frame: Part) -> tuple[int, int, int]:
    """Return width, height and the component's name.

    Raises:
        UncopiedError: It is not gray, or not of 8 bits.
    """
    if frame.end - frame.body != 9 or content[frame.body + 5] != 1:
        raise UncopiedError("it has several components")
    bits, height, width = struct.unpack_from(">BHH", content, frame.body)
    if bits != 8:
        raise UncopiedError(f"{bits} bits")
    if not height:
        raise UncopiedError(_REFUSED[0xDC])
    if not width or content[frame.body + 8] > 3 or not _is_sampled(content[frame.body + 7]):
        raise UncopiedError("its frame is broken")
    return width, height, content[frame.body + 6]


def _is_sampled(factors: int) -> bool:
    # Alone in its scan, a component's blocks stand row by row whatever they are (A.2.2).
    return 1 <= factors >> 4 <= 4 and 1 <= factors & 15 <= 4


def coded_parts(content: bytes, at: int) -> Iterator[Part]:
    """Yield scans and tables from the first scan to the end of the picture."""
    markers = _markers(content)
    while True:
        part = _part(content, at)
        if part.marker == SOS:
            count = content[part.body] if part.body < part.end else 0
            if part.end - part.body != 4 + 2 * count:
                raise UncopiedError("a scan's header is broken")
            found = int(np.searchsorted(markers, part.end))
            if found == len(markers):
                raise UncopiedError(_TOO_EARLY)
            rest = int(markers[found])
            while content[rest - 1] == 0xFF:
                rest -= 1
            part = part._replace(rest=rest)
        elif part.marker not in _TABLES:
            raise UncopiedError("something stands between its scans")
        yield part
        at = part.rest
        if _next_marker(content, at) == EOI:
            return


def _markers(content: bytes) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return where markers may be: 0xFF, and behind it neither 0, 0xFF nor a restart's number."""
    values = np.frombuffer(content, np.uint8)
    places = np.flatnonzero(values[:-1] == 0xFF)
    behind = values[places + 1]
    is_data = (behind == 0) | (behind == 0xFF) | ((behind >= 0xD0) & (behind <= 0xD7))
    return places[~is_data]


def _next_marker(content: bytes, at: int) -> int:
    while content[at : at + 2] == b"\xff\xff":
        at += 1
    return content[at + 1] if content[at : at + 1] == b"\xff" and at + 1 < len(content) else 0


def _check_progression(content: bytes, scans: list[Part]) -> None:
    """Refuse a picture that lacks bits: decoders smooth such a one, and not alike beside others.

    Raises:
        UncopiedError: It does.
    """
    missing = [99] * _COEFFICIENTS
    for scan in scans:
        low, high, bits = content[scan.body + 3 : scan.body + 6]
        if low > high or high >= _COEFFICIENTS:
            raise UncopiedError("a scan's header is broken")
        missing[low : high + 1] = [bits & 15] * (high + 1 - low)
    if any(missing):
        raise UncopiedError("scans are missing")
