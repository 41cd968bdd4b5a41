r"""The gray JPEG that a color one was made of: recorded in it, and given back.

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

import hashlib
import io
import os
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import UnreadablePhotoError
from rechroma.files import write_whole
from rechroma.metadata import jpeg, xmp, xmp_update
from rechroma.photo.codec import DEFAULT_MAX_PIXELS, check_pixels, unreadable
from rechroma.photo.gray_profile import gray_profile
from rechroma.photo.icc import is_srgb
from rechroma.photo.jpeg_joining import Copied
from rechroma.photo.jpeg_scans import (
    APP0,
    DHT,
    DQT,
    DRI,
    SOS,
    Gray,
    UncopiedError,
    coded_parts,
    header_parts,
    profile_in,
    profile_segments,
)

if TYPE_CHECKING:
    from typing import BinaryIO

    from rechroma.metadata import Metadata
    from rechroma.photo.jpeg_scans import Part, Scans

__all__ = ["Original", "original", "record_segments"]

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
_END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Original:
    """A gray JPEG out of a color one.

    Attributes:
        content: The file.
        gray: `ORIGINAL`: the very file, as its SHA-256 says. `COPIED`: its scans as they stand;
            what describes it is the color file's. `RECOMPRESSED`: decoded, and coded anew.
        why: Why it is not the very file; empty if it is.

    Examples:
        >>> import rechroma
        >>> colored = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg")
        >>> path = colored.save("bank.jpg", strip_gps=True)
        >>> found = rechroma.original(path)
        >>> str(found.gray), found.why
        ('copied', 'it has no record of its gray file')
    """

    content: bytes
    gray: Gray
    why: str = ""

    def save(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the file, and return its path.

        Args:
            target: The new file; its folder exists.
            overwrite: Replace what stands there.

        Raises:
            UnwritableFileError: Something stands there, or the disk says no.
        """
        write_whole(Path(target), self.content, overwrite=overwrite)
        return Path(target)


def original(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    name: str | None = None,
) -> Original:
    """Give the gray JPEG back that a color one was made of: byte for byte.

    A JPEG that was colored with its metadata stripped has no record of the gray file, and one that
    another program has written anew holds another gray: then the gray that is there is given back,
    and `Original.why` says so.

    Args:
        source: A JPEG: its path, its bytes, or a binary file.
        max_pixels: Refuse more pixels than this where they are decoded; None lifts the limit.
        name: What messages call it; None for its path.

    Raises:
        UnreadablePhotoError: It is no JPEG in color, or a broken one.
        PhotoTooLargeError: More pixels than the limit.

    Examples:
        >>> from pathlib import Path
        >>> import rechroma
        >>> colored = rechroma.colorize("examples/buffalo-savings-bank-1908.jpg").save("bank.jpg")
        >>> gray = rechroma.original("bank.jpg")
        >>> gray.content == Path("examples/buffalo-savings-bank-1908.jpg").read_bytes()
        True
        >>> print(gray.save("bank.gray.jpg"))
        bank.gray.jpg
    """
    if isinstance(source, bytes):
        return _original_of(source, name or "<bytes>", max_pixels)
    if isinstance(source, str | os.PathLike):
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            raise UnreadablePhotoError(f"{source}: {error.strerror}", "check the path") from error
        return _original_of(content, name or str(source), max_pixels)
    return _original_of(source.read(), name or str(getattr(source, "name", "<file>")), max_pixels)


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
            _FORMAT, hashlib.sha256(content).digest(), len(content), len(self.sources),
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


def _original_of(content: bytes, name: str, max_pixels: int | None) -> Original:
    if content[:2] != b"\xff\xd8":
        raise UnreadablePhotoError(f"{name}: no JPEG", "give one that rechroma colorize has made")
    try:
        header = list(header_parts(content))
    except UncopiedError:
        header = []
    record = _record(content, header)
    found = None if record is None else _put_together(content, header, record)
    if found is not None:
        return Original(found, Gray.ORIGINAL)
    why = "it has no record of its gray file" if record is None else "another program changed it"
    try:
        alone = _y_alone(content, header)
    except UncopiedError:
        again = _y_decoded(content, name, max_pixels)
        return Original(again, Gray.RECOMPRESSED, f"{why}, and its pixels were coded anew")
    return Original(alone, Gray.COPIED, why)


def _record(content: bytes, header: list[Part]) -> bytes | None:
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


def _put_together(content: bytes, header: list[Part], record: bytes) -> bytes | None:
    """Follow a record; None where the result is not the gray file."""
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
    return whole if hashlib.sha256(whole).digest() == digest else None


def _y_alone(content: bytes, header: list[Part]) -> bytes:
    """Return a file of the scans of Y, if they hold nothing else.

    Raises:
        UncopiedError: They do, or something is unusual.
    """
    frame = next((part for part in header if part.marker in (0xC0, 0xC1, 0xC2)), None)
    if frame is None or content[frame.body] != 8 or content[frame.body + 5] != 3:
        raise UncopiedError("it is not in color")
    name = content[frame.body + 6]
    parts = [*_descriptions(content, header)]
    for part in header[:-1]:
        if part is frame:
            size, component = content[part.body : part.body + 5], part.body + 6
            body = size + b"\1" + content[component : component + 3]
            parts.append(jpeg.segment(part.marker, body))
        elif part.marker in (DHT, DQT, DRI):
            parts.append(content[part.body - 4 : part.end])
    tables: list[bytes] = []
    for part in coded_parts(content, header[-1].start):
        if part.marker != SOS:
            tables.append(content[part.body - 4 : part.end])
        elif content[part.body : part.body + 2] == bytes([1, name]):
            parts += [*tables, content[part.body - 4 : part.rest]]
            tables = []
        elif name in _components(content, part):
            raise UncopiedError("its scans hold several components")
    return b"".join([*parts, _END])


def _components(content: bytes, scan: Part) -> bytes:
    return content[scan.body + 1 : scan.body + 1 + 2 * content[scan.body] : 2]


def _y_decoded(content: bytes, name: str, max_pixels: int | None) -> bytes:
    """Return a gray file of the decoded Y, coded with the same quantization."""
    from PIL.JpegImagePlugin import JpegImageFile

    encoded = io.BytesIO()
    try:
        # Not `Image.open`: it has a limit on pixels of its own.
        with JpegImageFile(io.BytesIO(content)) as picture:
            if picture.mode == "L":
                raise UnreadablePhotoError(f"{name}: it is in gray", "give a picture in color")
            check_pixels(picture.width, picture.height, max_pixels, name)
            tables, progressive = [picture.quantization[0]], "progressive" in picture.info
            # Y itself, where the picture has one.
            picture.draft("L", picture.size)
            picture.convert("L").save(encoded, "JPEG", qtables=tables, progressive=progressive)
        header = list(header_parts(content))
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise unreadable(name, str(error)) from error
    made = encoded.getvalue()
    parts = [made[part.start : part.end] for part in header_parts(made) if part.marker != APP0]
    scan = parts.pop()
    return b"".join([*_descriptions(content, header), *parts, made[made.index(scan) :]])


def _descriptions(content: bytes, header: list[Part]) -> list[bytes]:
    """Return the first segments of a gray file: what describes it, and its tone curve."""
    found = jpeg.header_of(_unmarked(jpeg.read(io.BytesIO(content))))
    profile = profile_in(content, header)
    gray = None if profile is None or is_srgb(profile) else gray_profile(profile)
    return [b"\xff\xd8", *found, *(profile_segments(gray) if gray else [])]


def _unmarked(metadata: Metadata) -> Metadata:
    """Return metadata that don't say that a machine made the colors: there are none."""
    packet = metadata.xmp
    try:
        if packet is not None and xmp.creator_tool(packet).startswith("Rechroma"):
            return replace(metadata, xmp=xmp_update.unmarked(packet))
    except ValueError:
        pass
    return metadata
