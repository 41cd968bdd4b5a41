"""TIFF's directories, written anew."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata.ifd import MAKER_NOTE, TYPE_SIZES, Node, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["build", "place", "swapped", "values_of"]

# A maker's note is put where it stood if that is not farther from the beginning.
_NEAR = 1 << 15


class _Space:
    """Gives places for pieces one after the other, and keeps one region free."""

    def __init__(self, start: int, kept: tuple[int, int]) -> None:
        self._next = start
        self._kept = kept

    def take(self, size: int) -> int:
        at = self._next + self._next % 2
        low, high = self._kept
        if at < high and at + size > low:
            at = high + high % 2
        self._next = at + size
        return at


def build(node: Node, order: str) -> bytes:
    """Write directories as a TIFF structure of their own.

    The maker's note goes where it stood, if that is near to the beginning: many have positions in
    them that count from there.

    Args:
        node: The first directory.
        order: "<" or ">", in which the values are.
    """
    kept = next(
        (
            (each.maker_note_at, each.maker_note_at + len(each.values[MAKER_NOTE].data))
            for each in _nodes(node)
            if MAKER_NOTE in each.values and 8 <= each.maker_note_at <= _NEAR
        ),
        (0, 0),
    )
    space, pieces = _Space(8, kept), dict[int, bytes]()
    first = place(node, order, space.take, pieces.__setitem__, kept[0])
    pieces[0] = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", first)
    result = bytearray(max(at + len(piece) for at, piece in pieces.items()))
    for at, piece in pieces.items():
        result[at : at + len(piece)] = piece
    return bytes(result)


def place(
    node: Node,
    order: str,
    take: Callable[[int], int],
    put: Callable[[int, bytes], None],
    maker_note_at: int = 0,
    *,
    big: bool = False,
    following: int = 0,
) -> int:
    """Write a directory with those below it, and return where it is.

    Args:
        node: The directory.
        order: Of its values.
        take: Gives the place for so many bytes.
        put: Puts bytes to a place.
        maker_note_at: The place of the maker's note; 0 for any.
        big: Whether it is BigTIFF's.
        following: Where the next directory is.
    """
    count = len(node.values) + len(node.children)
    inline, number, entry = (8, "Q", "HHQ") if big else (4, "I", "HHI")
    width = struct.calcsize(f"={entry}") + inline
    head = struct.pack(f"{order}{'Q' if big else 'H'}", count)
    at = take(len(head) + count * width + inline)
    values = {tag: (each.type, each.count, each.data) for tag, each in node.values.items()}
    for tag, child in node.children.items():
        below = place(child, order, take, put, maker_note_at, big=big)
        kind, form = (18, "Q") if big else (4, "I")
        values[tag] = kind, 1, struct.pack(f"{order}{form}", below)
    entries = bytearray(head)
    for tag in sorted(values):
        kind, many, data = values[tag]
        if len(data) > inline:
            fixed = tag == MAKER_NOTE and maker_note_at > 0
            value_at = maker_note_at if fixed else take(len(data))
            put(value_at, data)
            data = struct.pack(f"{order}{number}", value_at)
        entries += struct.pack(f"{order}{entry}", tag, kind, many) + data.ljust(inline, b"\0")
    put(at, bytes(entries) + struct.pack(f"{order}{number}", following))
    return at


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children.values():
        yield from _nodes(child)


def swapped(data: bytes, kind: int) -> bytes:
    """Return values in the other byte order."""
    unit = {5: 4, 10: 4}.get(kind, TYPE_SIZES[kind])
    if unit == 1:
        return data
    usable = data[: len(data) // unit * unit]
    result = bytearray(len(usable))
    for index in range(unit):
        result[index::unit] = usable[unit - 1 - index :: unit]
    return bytes(result)


def values_of(order: str, numbers: Mapping[int, int]) -> dict[int, Value]:
    """Return whole numbers up to 65,535 as values of type SHORT."""
    return {tag: Value(3, struct.pack(f"{order}H", number)) for tag, number in numbers.items()}
