"""JPEG: OpenImageIO's pixels of the base picture, whatever stands around it."""

from __future__ import annotations

import re
import struct
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rechroma.errors import UnreadablePhotoError
from rechroma.photo.openimageio_codec import OpenImageIOCodec

if TYPE_CHECKING:
    from rechroma.photo.codec import Decoded

__all__ = ["JpegCodec"]

_MPF, _GAIN_MAP = b"MPF\0", b"urn:iso:std:iso:ts:21496:-1"
# libjpeg's words for bytes where a segment should begin; before the markers of restarts, scans and
# of the end they are what is left of a scan whose data are broken.
_JUNK = re.compile(r"extraneous bytes before marker 0x(?!d[0-9a])")
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)


@dataclass(slots=True)
class _Facts:
    """What the segments before the pixels say."""

    frame: int = 0
    bits: int = 8
    size: bytes = b""
    pictures: bytes = b""
    gain_map: bool = False


class JpegCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec`, for JPEGs of phones and from careless programs, too."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the base picture of a file; see `Codec`.

        A gain map, for displays with more light, is left out. Bytes between segments do no harm;
        a file whose pixels are broken is refused.
        """
        with path.open("rb") as file:
            facts = _survey(file)
        if facts.frame in _LOSSLESS or facts.bits != 8:
            kind = "lossless" if facts.frame in _LOSSLESS else f"{facts.bits}-bit"
            raise UnreadablePhotoError(
                f"{name}: a {kind} JPEG, as scanners in medicine write it, can't be read",
                "save it as TIFF or PNG with the program that it comes from",
            )
        if facts.gain_map:
            return _decode_clean(path, name, max_pixels)
        try:
            found = super().decode(path, name, max_pixels)
        except UnreadablePhotoError as error:
            if not _JUNK.search(error.what):
                raise
            found = _decode_clean(path, name, max_pixels)
        return replace(found, pages=1 + _further(path, facts)) if facts.pictures else found


def _survey(file: BinaryIO) -> _Facts:
    facts = _Facts()
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[0] == 0xFF and head[1] not in (0xD9, 0xDA, 0xFF):
        marker, length = head[1], struct.unpack(">H", head[2:])[0] - 2
        if marker in _SIZES:
            frame = file.read(max(0, length))
            facts.frame, facts.bits, facts.size = marker, (frame or b"\x08")[0], frame[1:5]
        elif marker in (0xE1, 0xE2):
            body = file.read(max(0, length))
            if marker == 0xE2 and body.startswith(_MPF):
                facts.pictures = body[len(_MPF) :]
            facts.gain_map |= body.startswith(_GAIN_MAP) or b"hdrgm:Version" in body
        else:
            file.seek(max(0, length), 1)
    return facts


def _further(path: Path, facts: _Facts) -> int:
    """Count the further pictures of a multi-picture file (CIPA DC-007) that are as large.

    Thumbnails, gain maps and maps of depth are no pages; they are smaller.
    """
    index, base = facts.pictures, path.read_bytes()
    at = base.find(_MPF + index[:8]) + len(_MPF)
    order = "<" if index[:2] == b"II" else ">"
    found = 0
    try:
        (first,) = struct.unpack_from(f"{order}I", index, 4)
        (count,) = struct.unpack_from(f"{order}H", index, first)
        for entry in range(count):
            tag, _, size, start = struct.unpack_from(f"{order}HHII", index, first + 2 + 12 * entry)
            if tag != 0xB002:
                continue
            for place in range(start + 16, start + size, 16):
                offset = struct.unpack_from(f"{order}I", index, place + 8)[0]
                found += _size_at(base, at + offset) == facts.size
    except struct.error:
        return found
    return found


def _size_at(content: bytes, at: int) -> bytes:
    import io

    return _survey(io.BytesIO(content[at:])).size if content[at : at + 2] == b"\xff\xd8" else b""


def _decode_clean(path: Path, name: str, max_pixels: int | None) -> Decoded:
    """Decode the base picture alone, from a file with nothing between its segments."""
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        clean = Path(folder, "base.jpg")
        clean.write_bytes(_clean(path.read_bytes()))
        return OpenImageIOCodec().decode(clean, name, max_pixels)


def _clean(content: bytes) -> bytes:
    """Return the segments and scans of the first picture."""
    parts, at = [content[:2]], 2
    while at < len(content):
        start = content.find(b"\xff", at)
        if start < 0 or start + 4 > len(content):
            parts.append(content[start:] if start >= 0 else b"")
            break
        marker = content[start + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at = start + (1 if marker == 0xFF else 2)
            continue
        if marker == 0xD9:
            parts.append(b"\xff\xd9")
            break
        at = start + 2 + struct.unpack_from(">H", content, start + 2)[0]
        body = content[start + 4 : at]
        if marker == 0xDA:
            after = _AFTER_SCAN.search(content, at)
            at = after.start() if after else len(content)
            parts.append(content[start:at])
        elif not (marker == 0xE2 and body.startswith((_MPF, _GAIN_MAP))):
            parts.append(content[start:at])
    return b"".join(parts)
