"""EXIF that is changed where it stands.

A maker's note has positions that nobody but the maker knows; so nothing in the structure is moved.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata import ifd
from rechroma.metadata.ifd import EXIF_POINTER, GPS_POINTER, INTEROP_POINTER, Bytes

if TYPE_CHECKING:
    from rechroma.metadata.ifd import Directory

__all__ = ["Patch"]

# Positions of the pieces of a picture, at most; more are no EXIF's.
_MAX_NUMBERS = 1 << 16


class Patch:
    """EXIF that is being changed in its place.

    Attributes:
        data: Its bytes.
        source: The same, to be read with bounds.
        header: How it begins.
        order: Its byte order, "<" or ">".

    Raises:
        ValueError: It is no EXIF.
    """

    def __init__(self, blob: bytes) -> None:
        self.data = bytearray(blob)
        self.source = Bytes(self.data)
        self.header = ifd.read_header(self.source)
        self.order = self.header.order

    def directory(self, at: int) -> Directory | None:
        """Return the directory at a place; None if there is none."""
        try:
            return ifd.read_directory(self.source, self.header, at)
        except ValueError:
            return None

    def below(self, parent: Directory | None, pointer: int) -> Directory | None:
        """Return the directory that an entry points to; None without one."""
        entry = None if parent is None else parent.entries.get(pointer)
        if entry is None:
            return None
        try:
            return self.directory(ifd.first_number(self.source, self.order, entry))
        except ValueError:
            return None

    def numbers(self, directory: Directory, tag: int) -> list[int]:
        """Return the whole numbers of an entry; none of one that is of another kind."""
        entry = directory.entries.get(tag)
        if entry is None or entry.type not in (3, 4, 13) or entry.count > _MAX_NUMBERS:
            return []
        form = "H" if entry.type == 3 else "I"
        data = self.source.read(entry.value_at, entry.size)
        return [*struct.unpack(f"{self.order}{entry.count}{form}", data)]

    def needed(self) -> list[tuple[int, int]]:
        """Return the parts of the structure that its directories use: (start, end)."""
        spans = [(0, 8)]
        first = self.directory(self.header.first)
        details = self.below(first, EXIF_POINTER)
        tables = [first, details, self.below(first, GPS_POINTER)]
        tables += [self.below(first, INTEROP_POINTER), self.below(details, INTEROP_POINTER)]
        for each in tables:
            if each is None:
                continue
            spans.append((each.at, min(each.next_at + 4, len(self.data))))
            spans += [(it.value_at, it.value_at + it.size) for it in each.entries.values()]
        return spans

    def set_number(self, directory: Directory | None, tag: int, value: int) -> None:
        """Change a whole number, in its own type if it fits."""
        entry = None if directory is None else directory.entries.get(tag)
        if entry is None:
            return
        kind = 3 if entry.type == 3 and value <= 0xFFFF else 4
        inline = struct.pack(f"{self.order}{'H' if kind == 3 else 'I'}", value).ljust(4, b"\0")
        struct.pack_into(f"{self.order}HI", self.data, entry.at + 2, kind, 1)
        self.data[entry.at + 8 : entry.at + 12] = inline

    def remove(self, at: int, tags: tuple[int, ...]) -> None:
        """Take entries out of the directory at a place; what follows them in it moves up."""
        directory = self.directory(at)
        if directory is None or not any(tag in directory.entries for tag in tags):
            return
        rows = [
            bytes(self.data[start : start + 12])
            for start in range(at + 2, at + 2 + 12 * directory.all_entries, 12)
        ]
        kept = [row for row in rows if struct.unpack(f"{self.order}H", row[:2])[0] not in tags]
        new = struct.pack(f"{self.order}H", len(kept)) + b"".join(kept)
        new += struct.pack(f"{self.order}I", directory.next)
        end = min(at + 2 + 12 * directory.all_entries + 4, len(self.data))
        self.data[at:end] = new.ljust(end - at, b"\0")[: end - at]

    def clear(self, at: int, size: int) -> None:
        """Make bytes zero."""
        end = min(at + size, len(self.data))
        if 8 <= at < end:
            self.data[at:end] = bytes(end - at)
