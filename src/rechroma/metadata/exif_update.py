"""EXIF of an old picture for a new one: what has become untrue is changed, or goes.

Nothing that stays is moved; see `exif_patch`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata import ifd
from rechroma.metadata.exif import COLOR_SPACE, HEIGHT, ORIENTATION, WIDTH, turned
from rechroma.metadata.exif_patch import Patch
from rechroma.metadata.ifd import EXIF_POINTER, GPS_POINTER, INTEROP_POINTER

if TYPE_CHECKING:
    from rechroma.metadata.ifd import Directory, Entry

__all__ = ["upright", "without_gps"]

# EXIF's word for what a profile has to tell.
_SRGB, _UNCALIBRATED = 1, 0xFFFF
# White point, primaries and curve of another color space than sRGB, and its gamma.
_OTHER_SPACE = (301, 318, 319, 0xA500)
# Pictures in the first directory: further directories, a JPEG, Windows's thumbnail.
_PICTURES = (330, 513, 514, 0x501B)
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
# Where a raster stands on the globe: GeoTIFF, and GDAL's words on it.
_GEO = (33550, 33922, 34264, 34735, 34736, 34737, 42112)


def upright(
    blob: bytes,
    width: int,
    height: int,
    orientation: int = 1,
    stands: int = 1,
    *,
    srgb: bool = True,
) -> bytes:
    """Return EXIF for the new pixels: upright, of this size, in sRGB, and without a thumbnail.

    Nothing that stays is moved. A thumbnail at the end is cut off, any other is made zeros.

    Args:
        blob: EXIF.
        width: Of the new pixels.
        height: Of the new pixels.
        orientation: How the old ones stood: positions of the subject are turned with them.
        stands: How the new ones stand, which is upright but where they are copied.
        srgb: Whether they are in sRGB, or as their profile says.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = Patch(blob)
    first = ifd.read_directory(patch.source, patch.header, patch.header.first)
    details = patch.below(first, EXIF_POINTER)
    patch.set_number(first, ORIENTATION, stands)
    for directory in (first, patch.below(first, EXIF_POINTER)):
        for tag, value in ((256, width), (257, height), (WIDTH, width), (HEIGHT, height)):
            patch.set_number(directory, tag, value)
    _turn_subject(patch, details, width, height, orientation)
    if srgb:
        _make_srgb(patch, first, details)
    else:
        patch.set_number(details, COLOR_SPACE, _UNCALIBRATED)
    spans = [*_further(patch, first), *_pictures_in(patch, first)]
    patch.remove(first.at, _PICTURES)
    return _without(patch, spans)


def _make_srgb(patch: Patch, first: Directory, details: Directory | None) -> None:
    entry = None if details is None else details.entries.get(COLOR_SPACE)
    try:
        space = 0 if entry is None else ifd.first_number(patch.source, patch.order, entry)
    except ValueError:
        space = 0
    if space == _SRGB:
        return
    patch.set_number(details, COLOR_SPACE, _SRGB)
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
    patch: Patch, details: Directory | None, width: int, height: int, orientation: int
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


def _further(patch: Patch, first: Directory) -> list[tuple[int, int]]:
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


def _pictures_in(patch: Patch, directory: Directory) -> list[tuple[int, int]]:
    """Return where the pictures of a directory are: (start, bytes) of each piece."""
    spans: list[tuple[int, int]] = []
    for offsets, counts in ((513, 514), (273, 279), (324, 325)):
        starts, sizes = (patch.numbers(directory, tag) for tag in (offsets, counts))
        spans += zip(starts, sizes, strict=False)
    if (entry := directory.entries.get(0x501B)) is not None:
        spans.append((entry.value_at, entry.size))
    for at in patch.numbers(directory, 330)[:8]:
        below = patch.directory(at)
        if below is not None and 330 not in below.entries:
            spans += _pictures_in(patch, below)
    return spans


def _without(patch: Patch, spans: list[tuple[int, int]]) -> bytes:
    """Make pictures zeros, but for what other entries need; cut them off at the end."""
    needed = sorted(patch.needed())
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


def without_gps(blob: bytes) -> bytes:
    """Return EXIF without the directory of GPS, whose bytes are made zeros, and without GeoTIFF.

    Raises:
        ValueError: It is no EXIF.
    """
    patch = Patch(blob)
    first = ifd.read_directory(patch.source, patch.header, patch.header.first)
    places = [first, patch.below(first, EXIF_POINTER)]
    gps = [patch.below(parent, GPS_POINTER) for parent in places]
    geo = [first.entries[tag] for tag in _GEO if tag in first.entries]
    for parent in places:
        if parent is not None:
            patch.remove(parent.at, (GPS_POINTER, *_GEO))
    needed = patch.needed()
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


def _clear_unused(patch: Patch, entry: Entry, needed: list[tuple[int, int]]) -> None:
    if not _overlaps(entry.value_at, entry.value_at + entry.size, needed):
        patch.clear(entry.value_at, entry.size)


def _overlaps(low: int, high: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < high and low < end for start, end in spans)
