"""TIFF's directories, of which EXIF is made, read with bounds.

TIFF 6.0, section 2; BigTIFF; Exif 3.0, section 4.6.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rechroma.metadata.model import MAX_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = [
    "EXIF_POINTER",
    "GPS_POINTER",
    "INTEROP_POINTER",
    "MAKER_NOTE",
    "POINTERS",
    "TYPE_SIZES",
    "Bytes",
    "Directory",
    "Entry",
    "FileBytes",
    "Header",
    "Node",
    "Source",
    "Value",
    "first_number",
    "read_directory",
    "read_header",
    "read_tree",
]

EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 0x8769, 0x8825, 0xA005
MAKER_NOTE = 0x927C
# The tags of each directory that point to another one.
POINTERS = frozenset({EXIF_POINTER, GPS_POINTER, INTEROP_POINTER})
# Type → bytes of one value.
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
              16: 8, 17: 8, 18: 8, 129: 1}  # fmt: skip
_MAX_ENTRIES = 4096
_DEPTH = 4


class Source(Protocol):
    """Bytes that can be read from anywhere."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def read(self, at: int, size: int) -> bytes:
        """Return exactly `size` bytes.

        Raises:
            ValueError: They are not there.
        """
        ...


class Bytes:
    """Bytes in memory as a `Source`."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._data)

    def read(self, at: int, size: int) -> bytes:
        """Return exactly `size` bytes; see `Source`."""
        if at < 0 or size < 0 or at + size > len(self._data):
            raise ValueError("a directory points beyond the end")
        return bytes(self._data[at : at + size])


class FileBytes:
    """An open file as a `Source`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def read(self, at: int, size: int) -> bytes:
        """Return exactly `size` bytes; see `Source`."""
        if at < 0 or size < 0 or at + size > self.size or size > MAX_BLOCK:
            raise ValueError("a directory points beyond the end")
        self._file.seek(at)
        return self._file.read(size)


class Header(NamedTuple):
    """How a TIFF structure begins.

    Attributes:
        order: "<" or ">", as `struct` writes it.
        big: Whether it is BigTIFF.
        first: Where the first directory is.
    """

    order: str
    big: bool
    first: int


class Entry(NamedTuple):
    """One entry of a directory.

    Attributes:
        tag: Its number.
        type: Of its values.
        count: How many values.
        at: Where the entry is.
        value_at: Where its values are.
        size: Bytes of its values.
    """

    tag: int
    type: int
    count: int  # type: ignore[assignment]
    at: int
    value_at: int
    size: int

    @property
    def inside(self) -> bool:
        """Whether the values stand in the entry itself."""
        return self.value_at - self.at < 20


class Directory(NamedTuple):
    """A directory: its entries by tag, and where the next one is.

    Attributes:
        at: Where it is.
        entries: Those whose type is known and whose values are there; of equal tags the first.
        all_entries: Their number in the file.
        next_at: Where the position of the next one stands.
        next: That position; 0 for none.
    """

    at: int
    entries: dict[int, Entry]
    all_entries: int
    next_at: int
    next: int


def read_header(source: Source) -> Header:
    """Read the first bytes of a TIFF structure.

    Raises:
        ValueError: It is none.
    """
    head = source.read(0, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        raise ValueError("it is no TIFF structure")
    magic, first = struct.unpack(f"{order}HI", head[2:])
    if magic == 43:
        (first,) = struct.unpack(f"{order}Q", source.read(8, 8))
        return Header(order, big=True, first=first)
    # 0x55 is Panasonic's RAW, 0x4F52 and 0x5352 are Olympus's.
    if magic not in (42, 0x55, 0x4F52, 0x5352):
        raise ValueError("it is no TIFF structure")
    return Header(order, big=False, first=first)


def read_directory(source: Source, header: Header, at: int) -> Directory:
    """Read a directory.

    Raises:
        ValueError: It is not there as a whole, or too long to be one.
    """
    order, big = header.order, header.big
    length, width, form = (8, 20, "HHQ") if big else (2, 12, "HHI")
    (count,) = struct.unpack(f"{order}{'Q' if big else 'H'}", source.read(at, length))
    if count > _MAX_ENTRIES:
        raise ValueError("a directory has too many entries")
    raw = source.read(at + length, count * width)
    entries: dict[int, Entry] = {}
    inline, offset = (8, "Q") if big else (4, "I")
    for index in range(count):
        place = at + length + index * width
        tag, kind, number = struct.unpack_from(f"{order}{form}", raw, index * width)
        size = TYPE_SIZES.get(kind, 0) * number
        value_at = place + width - inline
        if size > inline:
            (value_at,) = struct.unpack_from(
                f"{order}{offset}", raw, index * width + width - inline
            )
        if kind in TYPE_SIZES and value_at + size <= source.size:
            entries.setdefault(tag, Entry(tag, kind, number, place, value_at, size))
    next_at = at + length + count * width
    try:
        (following,) = struct.unpack(f"{order}{offset}", source.read(next_at, inline))
    except ValueError:
        # Some writers leave it out at the very end.
        following = 0
    return Directory(at, entries, count, next_at, following)


class Value(NamedTuple):
    """What an entry says: its type, and its values' bytes in the structure's byte order."""

    type: int
    data: bytes

    @property
    def count(self) -> int:  # type: ignore[override]
        """How many values."""
        return len(self.data) // TYPE_SIZES[self.type]


@dataclass
class Node:
    """A directory in memory.

    Attributes:
        values: By tag.
        children: By the tag that points to them.
        maker_note_at: Where the maker's note stood.
    """

    values: dict[int, Value] = field(default_factory=dict[int, Value])
    children: dict[int, Node] = field(default_factory=dict[int, "Node"])
    maker_note_at: int = 0


def read_tree(
    source: Source, header: Header, at: int, keep: Callable[[int], bool] | None = None
) -> Node:
    """Read a directory with those that EXIF's tags point to.

    Args:
        source: The structure.
        header: Its beginning.
        at: Where the directory is.
        keep: Which tags of the directory itself are wanted.

    Raises:
        ValueError: The directory is not there. What is broken below is left out.
    """
    return _read_tree(source, header, at, keep, {at}, [MAX_BLOCK])


def _read_tree(
    source: Source,
    header: Header,
    at: int,
    keep: Callable[[int], bool] | None,
    seen: set[int],
    left: list[int],
) -> Node:
    node = Node()
    for entry in read_directory(source, header, at).entries.values():
        if keep is not None and not keep(entry.tag) and entry.tag not in POINTERS:
            continue
        if entry.tag in POINTERS:
            child = _child(source, header, entry, seen, left)
            if child is not None:
                node.children[entry.tag] = child
            continue
        left[0] -= entry.size
        if left[0] < 0:
            raise ValueError("it is too large")
        value = _plain(Value(entry.type, source.read(entry.value_at, entry.size)), header.order)
        if value is not None:
            node.values[entry.tag] = value
        if entry.tag == MAKER_NOTE:
            node.maker_note_at = entry.value_at
    return node


def _child(
    source: Source, header: Header, entry: Entry, seen: set[int], left: list[int]
) -> Node | None:
    try:
        at = first_number(source, header.order, entry)
        if at in seen or len(seen) > _DEPTH:
            return None
        seen.add(at)
        return _read_tree(source, header, at, None, seen, left)
    except (ValueError, struct.error):
        return None


def first_number(source: Source, order: str, entry: Entry) -> int:
    """Return the first value of an entry of whole numbers.

    Raises:
        ValueError: It has none.
    """
    form = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q", 7: "B", 6: "b", 8: "h", 9: "i"}
    if entry.type not in form or not entry.count:
        raise ValueError("an entry is no number")
    size = TYPE_SIZES[entry.type]
    (number,) = struct.unpack(f"{order}{form[entry.type]}", source.read(entry.value_at, size))
    return number


def _plain(value: Value, order: str) -> Value | None:
    """Return BigTIFF's numbers of 64 bits as those of 32, which EXIF knows; None if too large."""
    if value.type not in (16, 17, 18):
        return value
    signed = value.type == 17
    numbers = struct.unpack(f"{order}{value.count}{'q' if signed else 'Q'}", value.data)
    try:
        data = struct.pack(f"{order}{len(numbers)}{'i' if signed else 'I'}", *numbers)
    except struct.error:
        return None
    return Value(9 if signed else 4, data)
