"""EXIF: a TIFF structure that is patched where it stands, so that positions in it stay valid.

A maker's note has positions that nobody but the maker knows; so nothing in the structure is moved
when the few entries are changed that a new picture makes untrue.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from rechroma.metadata import ifd
from rechroma.metadata.ifd import (
    EXIF_POINTER,
    GPS_POINTER,
    INTEROP_POINTER,
    MAKER_NOTE,
    Bytes,
    Directory,
    Entry,
    Header,
    Node,
    Value,
)
from rechroma.metadata.model import Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Summary",
    "from_tiff",
    "in_little_endian",
    "is_structural",
    "says_anything",
    "shrunk",
    "summary",
    "upright",
    "with_values",
    "without_gps",
]

_ORIENTATION, _X, _Y, _UNIT = 274, 282, 283, 296
_COLOR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003
_SRGB = 1
_UNITS = {1: "none", 2: "inch", 3: "cm"}
# White point, primaries and curve of another color space than sRGB, and its gamma.
_OTHER_SPACE = (301, 318, 319, 0xA500)
# Pictures in the first directory: further directories, a JPEG, Windows's thumbnail.
_PICTURES = (330, 513, 514, 0x501B)
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
# Where a raster stands on the globe: GeoTIFF, and GDAL's words on it.
_GEO = (33550, 33922, 34264, 34735, 34736, 34737, 42112)
# Of a TIFF's first directory: how its pixels are stored, and what stands in blocks of its own.
_STRUCTURAL = frozenset({
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 288,
    289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328,
    330, 332, 333, 334, 336, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 351, 400, 401, 402,
    403, 404, 433, 434, 435, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559,
    700, 32997, 32998, 33421, 33422, 33723, 34377, 34675, 34908, 34909, 34910, 37724, 50784,
    65000, 0x501B,
})  # fmt: skip
# What says how any picture is stored and shown: orientation, resolution, YCbCr, EXIF's position; in
# EXIF its version, the components, FlashPix's version, the color space and the size.
_STORED = _STRUCTURAL | {_ORIENTATION, _X, _Y, _UNIT, EXIF_POINTER}
_STORED_INSIDE = frozenset({0x9000, 0x9101, 0xA000, _COLOR_SPACE, _WIDTH, _HEIGHT})
# DNG's: of raw samples.
_DNG = range(50706, 52600)


class Summary(NamedTuple):
    """What other blocks and the decoder need to know."""

    orientation: int | None
    resolution: Resolution | None


def is_structural(tag: int) -> bool:
    """Tell whether a tag of a TIFF's first directory is about how its pixels are stored."""
    return tag in _STRUCTURAL or tag in _DNG


def summary(blob: bytes) -> Summary:
    """Return orientation and resolution.

    Raises:
        ValueError: It is no EXIF.
    """
    source, _, first = _open(blob)
    return Summary(_orientation(source, first), _resolution(source, first))


def says_anything(blob: bytes) -> bool:
    """Tell whether there is more in it than how the pixels are stored and shown."""
    try:
        source, header, first = _open(blob)
        entries = first.directory.entries
        below = entries.get(EXIF_POINTER)
        inner: set[int] = set()
        if below is not None:
            at = ifd.first_number(source, header.order, below)
            inner = set(ifd.read_directory(source, header, at).entries)
    except (ValueError, IndexError, struct.error):
        return True
    return bool((set(entries) - _STORED) | (inner - _STORED_INSIDE))


class _First(NamedTuple):
    header: Header
    directory: Directory


def _open(blob: bytes | bytearray) -> tuple[Bytes, Header, _First]:
    source = Bytes(blob)
    header = ifd.read_header(source)
    return source, header, _First(header, ifd.read_directory(source, header, header.first))


def _orientation(source: Bytes, first: _First) -> int | None:
    entry = first.directory.entries.get(_ORIENTATION)
    if entry is None:
        return None
    try:
        value = ifd.first_number(source, first.header.order, entry)
    except ValueError:
        return None
    return value if 1 <= value <= 8 else None


def _resolution(source: Bytes, first: _First) -> Resolution | None:
    x, y = (_ratio(source, first, tag) for tag in (_X, _Y))
    if not x or not y:
        return None
    entry = first.directory.entries.get(_UNIT)
    try:
        number = 2 if entry is None else ifd.first_number(source, first.header.order, entry)
    except ValueError:
        return None
    return Resolution(x, y, _UNITS.get(number, "inch"))


def _ratio(source: Bytes, first: _First, tag: int) -> float:
    entry = first.directory.entries.get(tag)
    if entry is None or entry.type != 5 or not entry.count:
        return 0.0
    top, bottom = struct.unpack(f"{first.header.order}II", source.read(entry.value_at, 8))
    return top / bottom if bottom else 0.0


class _Patch:
    """EXIF that is being changed in its place."""

    def __init__(self, blob: bytes) -> None:
        self.data = bytearray(blob)
        self.source = Bytes(self.data)
        self.header = ifd.read_header(self.source)
        self.order = self.header.order

    def directory(self, at: int) -> Directory | None:
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


def upright(blob: bytes, width: int, height: int, orientation: int = 1, stands: int = 1) -> bytes:
    """Return EXIF for the new pixels: upright, of this size, in sRGB, and without a thumbnail.

    Nothing that stays is moved. A thumbnail at the end is cut off, any other is made zeros.

    Args:
        blob: EXIF.
        width: Of the new pixels.
        height: Of the new pixels.
        orientation: How the old ones stood: positions of the subject are turned with them.
        stands: How the new ones stand, which is upright but where they are copied.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = _Patch(blob)
    first = ifd.read_directory(patch.source, patch.header, patch.header.first)
    details = patch.below(first, EXIF_POINTER)
    patch.set_number(first, _ORIENTATION, stands)
    for directory in (first, patch.below(first, EXIF_POINTER)):
        for tag, value in ((256, width), (257, height), (_WIDTH, width), (_HEIGHT, height)):
            patch.set_number(directory, tag, value)
    _turn_subject(patch, details, width, height, orientation)
    _make_srgb(patch, first, details)
    spans = [*_further(patch, first), *_pictures_in(patch, first)]
    patch.remove(first.at, _PICTURES)
    return _without(patch, spans)


def _make_srgb(patch: _Patch, first: Directory, details: Directory | None) -> None:
    entry = None if details is None else details.entries.get(_COLOR_SPACE)
    try:
        space = 0 if entry is None else ifd.first_number(patch.source, patch.order, entry)
    except ValueError:
        space = 0
    if space == _SRGB:
        return
    patch.set_number(details, _COLOR_SPACE, _SRGB)
    for tables in (details, patch.below(first, EXIF_POINTER)):
        interop = patch.below(tables, INTEROP_POINTER)
        index = None if interop is None else interop.entries.get(1)
        # DCF's rule for pictures in Adobe RGB; "R98" is the one for sRGB.
        if index is not None and patch.source.read(index.value_at, index.size)[:3] == b"R03":
            patch.data[index.value_at : index.value_at + 3] = b"R98"
    patch.remove(first.at, _OTHER_SPACE)
    if details is not None:
        patch.remove(details.at, _OTHER_SPACE)


def _turn_subject(
    patch: _Patch, details: Directory | None, width: int, height: int, orientation: int
) -> None:
    if details is None or orientation == 1:
        return
    for tag in (_SUBJECT_AREA, _SUBJECT_LOCATION):
        entry = details.entries.get(tag)
        if entry is None or entry.type != 3 or not 2 <= entry.count <= 4:
            continue
        form = f"{patch.order}{entry.count}H"
        x, y, *size = struct.unpack(form, patch.source.read(entry.value_at, entry.size))
        x, y = turned(x, y, width, height, orientation)
        if len(size) == 2 and orientation >= 5:
            size.reverse()
        numbers = [min(max(round(each), 0), 0xFFFF) for each in (x, y, *size)]
        struct.pack_into(form, patch.data, entry.value_at, *numbers)


def turned(
    x: float, y: float, width: float, height: float, orientation: int
) -> tuple[float, float]:
    """Return where a point of the stored picture is in the upright one.

    Args:
        x: From the left.
        y: From the top.
        width: Of the upright picture.
        height: Of the upright picture.
        orientation: EXIF's tag 274.
    """
    match orientation:
        case 2:
            return width - x, y
        case 3:
            return width - x, height - y
        case 4:
            return x, height - y
        case 5:
            return y, x
        case 6:
            return width - y, x
        case 7:
            return width - y, height - x
        case 8:
            return y, height - x
        case _:
            return x, y


def _further(patch: _Patch, first: Directory) -> list[tuple[int, int]]:
    """Cut off the directories after the first, and return where their pictures are."""
    spans: list[tuple[int, int]] = []
    at, seen = first.next, {first.at}
    while at and at not in seen and len(seen) < 16:
        seen.add(at)
        directory = patch.directory(at)
        if directory is None:
            break
        spans += _pictures_in(patch, directory)
        at = directory.next
    if first.next_at + 4 <= len(patch.data):
        patch.data[first.next_at : first.next_at + 4] = bytes(4)
    return spans


def _pictures_in(patch: _Patch, directory: Directory) -> list[tuple[int, int]]:
    """Return where the pictures of a directory are: (start, bytes) of each piece."""
    spans: list[tuple[int, int]] = []
    for offsets, counts in ((513, 514), (273, 279), (324, 325)):
        starts, sizes = (_numbers(patch, directory, tag) for tag in (offsets, counts))
        spans += zip(starts, sizes, strict=False)
    if (entry := directory.entries.get(0x501B)) is not None:
        spans.append((entry.value_at, entry.size))
    for at in _numbers(patch, directory, 330)[:8]:
        below = patch.directory(at)
        if below is not None and 330 not in below.entries:
            spans += _pictures_in(patch, below)
    return spans


def _numbers(patch: _Patch, directory: Directory, tag: int) -> list[int]:
    entry = directory.entries.get(tag)
    if entry is None or entry.type not in (3, 4, 13) or entry.count > 1 << 16:
        return []
    form = "H" if entry.type == 3 else "I"
    data = patch.source.read(entry.value_at, entry.size)
    return [*struct.unpack(f"{patch.order}{entry.count}{form}", data)]


def _without(patch: _Patch, spans: list[tuple[int, int]]) -> bytes:
    """Make pictures zeros, but for what other entries need; cut them off at the end."""
    needed = sorted(_needed(patch))
    end = max((high for _, high in needed), default=8)
    for start, size in spans:
        low, high = max(start, 8), min(start + size, len(patch.data))
        for used_low, used_high in needed:
            if used_high <= low or used_low >= high:
                continue
            patch.clear(low, used_low - low)
            low = max(low, used_high)
        patch.clear(low, high - low)
    tail = min((start for start, _ in spans if start >= end), default=len(patch.data))
    if not any(patch.data[tail:]):
        del patch.data[tail:]
    return bytes(patch.data)


def _needed(patch: _Patch) -> list[tuple[int, int]]:
    """Return the parts of the structure that its directories use: (start, end)."""
    spans = [(0, 8)]
    first = patch.directory(patch.header.first)
    details = patch.below(first, EXIF_POINTER)
    tables = [first, details, patch.below(first, GPS_POINTER)]
    tables += [patch.below(first, INTEROP_POINTER), patch.below(details, INTEROP_POINTER)]
    for each in tables:
        if each is None:
            continue
        spans.append((each.at, min(each.next_at + 4, len(patch.data))))
        spans += [(entry.value_at, entry.value_at + entry.size) for entry in each.entries.values()]
    return spans


def without_gps(blob: bytes) -> bytes:
    """Return EXIF without the directory of GPS, whose bytes are made zeros, and without GeoTIFF.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = _Patch(blob)
    first = ifd.read_directory(patch.source, patch.header, patch.header.first)
    places = [first, patch.below(first, EXIF_POINTER)]
    gps = [patch.below(parent, GPS_POINTER) for parent in places]
    geo = [first.entries[tag] for tag in _GEO if tag in first.entries]
    for parent in places:
        if parent is not None:
            patch.remove(parent.at, (GPS_POINTER, *_GEO))
    needed = _needed(patch)
    for directory in gps:
        if directory is None:
            continue
        for entry in directory.entries.values():
            _clear_unused(patch, entry, needed)
        if not _overlaps(directory.at, directory.next_at, needed):
            patch.clear(directory.at, directory.next_at - directory.at)
    for entry in geo:
        _clear_unused(patch, entry, needed)
    return bytes(patch.data)


def _clear_unused(patch: _Patch, entry: Entry, needed: list[tuple[int, int]]) -> None:
    if not _overlaps(entry.value_at, entry.value_at + entry.size, needed):
        patch.clear(entry.value_at, entry.size)


def _overlaps(low: int, high: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < high and low < end for start, end in spans)


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
        return ifd.build(Node(dict(values)), "<")
    source, header, first = _open(blob)
    node = Node()
    rows: dict[int, bytes] = {}
    for entry in first.directory.entries.values():
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
    result += struct.pack(f"{header.order}I", first.directory.next)
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
    return ifd.build(node, header.order)


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
    result = ifd.build(node, header.order)
    return result if len(result) <= limit else None


def in_little_endian(blob: bytes) -> bytes:
    """Return EXIF in little-endian order, with everything where it was.

    Maker's notes and other bytes that have no type stay as they are: nearly all makers' say their
    own order, or have one whatever the file has.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = _Patch(blob)
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
        places += [number for tag in ifd.POINTERS for number in _numbers(patch, directory, tag)[:1]]
        places.append(directory.next)
    for directory, entries in swap:
        _swap_directory(patch, directory, entries)
    patch.data[:8] = b"II*\0" + patch.header.first.to_bytes(4, "little")
    return bytes(patch.data)


def _swap_directory(patch: _Patch, directory: Directory, entries: list[Entry]) -> None:
    data, order = patch.data, patch.order
    rows = range(directory.at + 2, directory.at + 2 + 12 * directory.all_entries, 12)
    known = {entry.at: entry for entry in entries}
    for entry in entries:
        value = bytes(data[entry.value_at : entry.value_at + entry.size])
        kind = 3 if entry.tag == 0x9286 and value[:8] == b"UNICODE\0" else entry.type
        data[entry.value_at : entry.value_at + entry.size] = (
            ifd.swapped(value, kind).ljust(entry.size, b"\0")
            if kind == entry.type
            else value[:8] + ifd.swapped(value[8:], kind).ljust(entry.size - 8, b"\0")
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
