"""One color JPEG of three gray ones: the first one's scans are copied, byte for byte.

ITU-T T.81 lets components stand in scans of their own (A.2.2), each behind tables of its own
(B.2.4). A gray picture's blocks are as many, and in the same order, as those of a component that is
sampled 2×2 beside two that are sampled 1×1: ⌈X/8⌉ × ⌈Y/8⌉ (A.1.1, A.2.2). So its scans need no
change to be the Y of a color picture of the same process, and neither do those of Cb and Cr, coded
at half size as gray pictures.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from rechroma.photo.jpeg_scans import DHT, DQT, DRI, SOS, UncopiedError, table_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rechroma.photo.jpeg_scans import Scans

__all__ = ["Copied", "Joined", "free_table", "joined"]

# JFIF's names of Y, Cb and Cr.
_Y, _CB, _CR = 1, 2, 3


class Copied(NamedTuple):
    """A run of bytes of the gray file.

    Attributes:
        start: In the gray file.
        end: Behind it.
    """

    start: int
    end: int


class Joined(NamedTuple):
    """A color JPEG in pieces, behind its first segments.

    Attributes:
        head: Tables and the frame.
        coded: Scans with their tables, to the end of the picture: new bytes, or runs of the gray
            file's.
    """

    head: list[bytes]
    coded: list[bytes | Copied]


def joined(gray: Scans, chroma: tuple[Scans, Scans]) -> Joined:
    """Put a gray picture and its colors into one frame.

    Args:
        gray: Y.
        chroma: Cb and Cr, at half size, rounded up, with the same quantization table, and of the
            same process.

    Raises:
        UncopiedError: All four quantization tables are taken.
    """
    half = (gray.width + 1) // 2, (gray.height + 1) // 2
    if any((each.width, each.height) != half for each in chroma):
        raise ValueError("the colors are of another size")
    if any(each.is_progressive != gray.is_progressive for each in chroma):
        raise ValueError("the colors are of another process")
    number = free_table(gray)
    head: list[bytes] = []
    for part in gray.header:
        if part is gray.frame:
            head += [_quantization(chroma[0], number), _frame(gray, number)]
        elif part.marker in (DQT, DHT, DRI):
            head.append(gray.bytes_of(part))
    coded: list[bytes | Copied] = [*_renamed(gray)]
    # An interval would go on for the scans that follow.
    if _interval(gray):
        coded.append(struct.pack(">BBHH", 0xFF, DRI, 4, 0))
    for name, each in zip((_CB, _CR), chroma, strict=True):
        coded += _scans_of(each, name)
    coded.append(b"\xff\xd9")
    return Joined(head, coded)


def free_table(gray: Scans) -> int:
    """Return the number of a quantization table that a gray picture does not define.

    Raises:
        UncopiedError: It defines all four, or a broken one.
    """
    free = {0, 1, 2, 3} - {gray.quantization}
    for part in gray.tables(DQT):
        free -= table_ids(gray.content, part)
    if not free:
        raise UncopiedError("all of its four tables are taken")
    return min(free)


def _quantization(chroma: Scans, number: int) -> bytes:
    """Return the table of the colors, under a number that is free."""
    for part in chroma.tables(DQT):
        table = chroma.bytes_of(part)
        if len(table) == 4 + 65 and table[4] == chroma.quantization:
            return table[:4] + bytes([number]) + table[5:]
    raise ValueError("the colors have no table")


def _frame(gray: Scans, number: int) -> bytes:
    head = gray.content[gray.frame.body - 4 : gray.frame.body + 5]
    components = (_Y, 0x22, gray.quantization), (_CB, 0x11, number), (_CR, 0x11, number)
    body = head[4:] + b"\3" + b"".join(bytes(each) for each in components)
    return head[:2] + struct.pack(">H", len(body) + 2) + body


def _renamed(gray: Scans) -> Iterator[bytes | Copied]:
    """Yield the coded part, copied but for the component's name where that is another one."""
    at = gray.first_scan
    for part in gray.coded:
        name = part.body + 1
        if part.marker == SOS and gray.content[name] != _Y:
            yield Copied(at, name)
            yield bytes([_Y])
            at = name + 1
    yield Copied(at, gray.last_part)


def _interval(gray: Scans) -> int:
    intervals = gray.tables(DRI)
    return int.from_bytes(gray.content[intervals[-1].body : intervals[-1].end]) if intervals else 0


def _scans_of(chroma: Scans, name: int) -> Iterator[bytes]:
    """Yield Huffman tables and scans, under a component's name."""
    for part in (*chroma.header, *chroma.coded):
        if part.marker == DHT:
            yield chroma.bytes_of(part)
        elif part.marker == SOS:
            header = bytearray(chroma.bytes_of(part))
            header[5] = name
            yield bytes(header)
            yield chroma.content[part.end : part.rest]
