"""EXIF in another form: from a TIFF, with more entries, smaller, in the other byte order."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata import ifd, ifd_build
from rechroma.metadata.exif import is_structural
from rechroma.metadata.exif_patch import Patch
from rechroma.metadata.ifd import MAKER_NOTE, Bytes, Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.metadata.ifd import Directory, Entry, Header, Value

__all__ = ["from_tiff", "in_little_endian", "shrunk", "with_values"]


def with_values(blob: bytes | None, values: Mapping[int, Value]) -> bytes:
    """Return EXIF with further entries in its first directory; those that are there stay.

    The new directory stands at the end, and nothing else is moved.

    Args:
        blob: EXIF; None makes a new one.
        values: By tag, in the blob's own byte order; little-endian for a new one.

    Raises:
        ValueError: It is no EXIF.
    """
    if blob is None:
        return ifd_build.build(Node(dict(values)), "<")
    source = Bytes(blob)
    header = ifd.read_header(source)
    first = ifd.read_directory(source, header, header.first)
    node = Node()
    rows: dict[int, bytes] = {}
    for entry in first.entries.values():
        rows[entry.tag] = source.read(entry.at, 12)
    node.values = {tag: value for tag, value in values.items() if tag not in rows}
    if not node.values:
        return blob
    result = bytearray(blob) + bytes(len(blob) % 2)
    for tag, value in node.values.items():
        data = value.data
        if len(data) > 4:
            data = struct.pack(f"{header.order}I", len(result))
            result += value.data + bytes(len(value.data) % 2)
        head = struct.pack(f"{header.order}HHI", tag, value.type, value.count)
        rows[tag] = head + data.ljust(4, b"\0")
    at = len(result)
    result += struct.pack(f"{header.order}H", len(rows))
    result += b"".join(rows[tag] for tag in sorted(rows))
    result += struct.pack(f"{header.order}I", first.next)
    result[4:8] = struct.pack(f"{header.order}I", at)
    return bytes(result)


def from_tiff(source: ifd.Source, header: Header, at: int) -> bytes | None:
    """Return what a TIFF's directory says beside its pixels as EXIF; None if it says nothing.

    Raises:
        ValueError: The directory is broken.
    """
    node = ifd.read_tree(source, header, at, lambda tag: not is_structural(tag))
    if not node.values and not node.children:
        return None
    return ifd_build.build(node, header.order)


def shrunk(blob: bytes, limit: int) -> bytes | None:
    """Return EXIF without the maker's note and other large values; None if it stays too large.

    Raises:
        ValueError: It is no EXIF.
    """
    source = Bytes(blob)
    header = ifd.read_header(source)
    node = ifd.read_tree(source, header, header.first)
    for each in (node, *node.children.values()):
        large = {tag for tag, value in each.values.items() if len(value.data) > limit // 8}
        each.values = {
            tag: value for tag, value in each.values.items() if tag not in {MAKER_NOTE, *large}
        }
    result = ifd_build.build(node, header.order)
    return result if len(result) <= limit else None


def in_little_endian(blob: bytes) -> bytes:
    """Return EXIF in little-endian order, with everything where it was.

    Maker's notes and other bytes that have no type stay as they are: nearly all makers' say their
    own order, or have one whatever the file has.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = Patch(blob)
    if patch.order == "<":
        return blob
    places = [patch.header.first]
    seen: set[int] = set()
    swap: list[tuple[Directory, list[Entry]]] = []
    while places:
        at = places.pop()
        directory = None if at in seen or len(seen) > 16 else patch.directory(at)
        if directory is None:
            continue
        seen.add(at)
        swap.append((directory, list(directory.entries.values())))
        places += [number for tag in ifd.POINTERS for number in patch.numbers(directory, tag)[:1]]
        places.append(directory.next)
    for directory, entries in swap:
        _swap_directory(patch, directory, entries)
    patch.data[:8] = b"II*\0" + patch.header.first.to_bytes(4, "little")
    return bytes(patch.data)


def _swap_directory(patch: Patch, directory: Directory, entries: list[Entry]) -> None:
    data, order = patch.data, patch.order
    rows = range(directory.at + 2, directory.at + 2 + 12 * directory.all_entries, 12)
    known = {entry.at: entry for entry in entries}
    for entry in entries:
        value = bytes(data[entry.value_at : entry.value_at + entry.size])
        kind = 3 if entry.tag == 0x9286 and value[:8] == b"UNICODE\0" else entry.type
        data[entry.value_at : entry.value_at + entry.size] = (
            ifd_build.swapped(value, kind).ljust(entry.size, b"\0")
            if kind == entry.type
            else value[:8] + ifd_build.swapped(value[8:], kind).ljust(entry.size - 8, b"\0")
        )
    for at in rows:
        tag, kind, count, place = struct.unpack(f"{order}HHII", data[at : at + 12])
        struct.pack_into("<HHI", data, at, tag, kind, count)
        entry = known.get(at)
        if entry is None or entry.value_at != at + 8:
            struct.pack_into("<I", data, at + 8, place)
    struct.pack_into("<H", data, directory.at, directory.all_entries)
    if directory.next_at + 4 <= len(data):
        struct.pack_into("<I", data, directory.next_at, directory.next)
