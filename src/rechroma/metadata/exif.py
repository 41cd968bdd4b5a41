"""What EXIF says: a TIFF structure, of which few entries matter to a decoder."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from rechroma.metadata import ifd
from rechroma.metadata.ifd import EXIF_POINTER, Bytes
from rechroma.metadata.model import Resolution

if TYPE_CHECKING:
    from rechroma.metadata.ifd import Directory, Header

__all__ = [
    "COLOR_SPACE",
    "HEIGHT",
    "ORIENTATION",
    "WIDTH",
    "Summary",
    "is_structural",
    "says_anything",
    "summary",
    "turned",
]

ORIENTATION = 274
_X, _Y, _UNIT = 282, 283, 296
COLOR_SPACE, WIDTH, HEIGHT = 0xA001, 0xA002, 0xA003
_UNITS = {1: "none", 2: "inch", 3: "cm"}
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
_STORED = _STRUCTURAL | {ORIENTATION, _X, _Y, _UNIT, EXIF_POINTER}
_STORED_INSIDE = frozenset({0x9000, 0x9101, 0xA000, COLOR_SPACE, WIDTH, HEIGHT})
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


def _open(blob: bytes) -> tuple[Bytes, Header, _First]:
    source = Bytes(blob)
    header = ifd.read_header(source)
    return source, header, _First(header, ifd.read_directory(source, header, header.first))


def _orientation(source: Bytes, first: _First) -> int | None:
    entry = first.directory.entries.get(ORIENTATION)
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
