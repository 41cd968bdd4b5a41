"""Photoshop's image resources, among which is IPTC-IIM.

Adobe Photoshop File Formats Specification, "Image Resources Section".
"""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = ["Resources", "parse_resources", "resources_of"]

_IPTC, _DIGEST = 0x0404, 0x0425
# Thumbnails, profile, and copies of blocks that files have in their own way (EXIF, XMP).
_DROPPED = frozenset({0x0409, 0x040C, 0x040F, 0x0411, 0x0422, 0x0423, 0x0424})
_SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR", b"8B64")


class Resources(NamedTuple):
    """Image resources.

    Attributes:
        iptc: The records of IPTC.
        rest: The others, as they stood, but for what is dropped.
        exif: A copy of EXIF.
        xmp: A copy of XMP.
    """

    iptc: bytes | None
    rest: bytes | None
    exif: bytes | None
    xmp: bytes | None


def parse_resources(data: bytes) -> Resources:
    """Take image resources apart; where they stop making sense, the rest is left."""
    blocks: dict[int, bytes] = {}
    rest: list[bytes] = []
    at = 0
    while at + 12 <= len(data) and data[at : at + 4] in _SIGNATURES:
        (number,) = struct.unpack(">H", data[at + 4 : at + 6])
        # A Pascal string, padded to an even length together with its length byte.
        name_end = at + 6 + (data[at + 6] + 2) // 2 * 2
        if name_end + 4 > len(data):
            break
        (size,) = struct.unpack(">I", data[name_end : name_end + 4])
        start = name_end + 4
        if start + size > len(data):
            break
        end = start + size + size % 2
        if number in (_IPTC, 0x0422, 0x0424):
            blocks.setdefault(number, data[start : start + size])
        if number not in _DROPPED and number != _IPTC:
            rest.append(data[at:end].ljust(end - at, b"\0"))
        at = end
    return Resources(
        blocks.get(_IPTC), b"".join(rest) or None, blocks.get(0x0422), blocks.get(0x0424)
    )


def resources_of(iptc: bytes | None, rest: bytes | None) -> bytes:
    """Return image resources with IPTC among them."""
    if iptc is None:
        return rest or b""
    block = b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    import hashlib  # of use to few pictures, and slow to load

    digest = hashlib.md5(iptc, usedforsecurity=False).digest()
    rest = rest or b""
    # Photoshop reads IPTC instead of XMP where this does not agree with it.
    at = rest.find(b"8BIM" + struct.pack(">HHI", _DIGEST, 0, 16))
    if at >= 0:
        rest = rest[: at + 12] + digest + rest[at + 28 :]
    return block + rest
