"""TIFF: metadata are tags of the first directory, beside those that say how pixels are stored.

EXIF is put at the beginning of a file as the structure that it is, and the pixels after it: so all
positions in it stay valid, a maker's note's too. TIFF 6.0; Adobe's TechNotes; BigTIFF.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from rechroma.metadata import exif, exif_rewrite, ifd, ifd_build, iptc
from rechroma.metadata.containers import copy_rest, rewriting
from rechroma.metadata.ifd import EXIF_POINTER, GPS_POINTER, INTEROP_POINTER, Node, Value
from rechroma.metadata.model import Metadata

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from rechroma.metadata.ifd import Header

__all__ = ["insert", "read"]

_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377
# Positions of pixels.
_OFFSETS = (273, 324)
# What describes the picture and not its storage, of our own encoder's file.
_ENCODERS_OWN = (_XMP, _IPTC, _PHOTOSHOP, 306, EXIF_POINTER, GPS_POINTER, INTEROP_POINTER)


def read(file: BinaryIO) -> Metadata:
    """Return what the first directory of a TIFF carries.

    Raises:
        ValueError: It is no TIFF, or a broken one.
    """
    source = ifd.FileBytes(file)
    header = ifd.read_header(source)
    blocks = ifd.read_tree(
        source, header, header.first, lambda tag: tag in (_XMP, _IPTC, _PHOTOSHOP)
    ).values
    found = iptc.parse_resources(blocks[_PHOTOSHOP].data if _PHOTOSHOP in blocks else b"")
    return Metadata(
        exif=exif_rewrite.from_tiff(source, header, header.first),
        xmp=blocks[_XMP].data if _XMP in blocks else found.xmp,
        iptc=_iptc(blocks.get(_IPTC)) or found.iptc,
        photoshop=found.rest,
    )


def _iptc(value: Value | None) -> bytes | None:
    """Return IPTC, which some writers call numbers of 32 bits, and may have swapped as such."""
    if value is None:
        return None
    data = value.data
    if value.type == 4 and data[:1] != b"\x1c" and data[3:4] == b"\x1c":
        data = ifd_build.swapped(data, 4)
    return data.rstrip(b"\0") if value.type == 4 else data


def insert(path: Path, metadata: Metadata) -> None:
    """Write metadata into a finished TIFF of one page, in place of its own.

    Raises:
        ValueError: It is no TIFF.
        OSError: The disk says no.
    """
    with rewriting(path) as (source, target):
        pixels = ifd.FileBytes(source)
        header = ifd.read_header(pixels)
        if header.big or header.order == ">":
            _append(source, target, header, metadata)
            return
        blob = None if metadata.exif is None else exif_rewrite.in_little_endian(metadata.exif)
        shift = 0 if blob is None else (len(blob) - 8 + 15) // 16 * 16
        node = _storage(pixels, header, shift)
        _add_blocks(node, metadata, header)
        if blob is not None:
            _add_entries(node, blob)
        target.write(bytes(8) + (b"" if blob is None else blob[8:].ljust(shift, b"\0")))
        copy_rest(source, target, 8)
        _finish(target, node, header)


def _storage(source: ifd.Source, header: Header, shift: int) -> Node:
    """Return the tags that say how pixels are stored, for pixels that stand farther behind."""
    node = ifd.read_tree(source, header, header.first, lambda tag: tag not in _ENCODERS_OWN)
    node.children.clear()
    for tag in _OFFSETS:
        if tag in node.values:
            value = node.values[tag]
            form = "H" if value.type == 3 else "I"
            numbers = struct.unpack(f"{header.order}{value.count}{form}", value.data)
            moved = [number + shift for number in numbers]
            node.values[tag] = Value(4, struct.pack(f"{header.order}{len(moved)}I", *moved))
    return node


def _add_blocks(node: Node, metadata: Metadata, header: Header) -> None:
    if metadata.xmp is not None:
        node.values[_XMP] = Value(1, metadata.xmp)
    if metadata.iptc is not None:
        node.values[_IPTC] = Value(7, metadata.iptc)
    if metadata.photoshop is not None:
        resources = iptc.resources_of(metadata.iptc, metadata.photoshop)
        node.values[_PHOTOSHOP] = Value(1, resources)
    if (resolution := metadata.resolution) is not None:
        unit = {"none": 1, "inch": 2, "cm": 3}[resolution.unit]
        for tag, number in ((282, resolution.x), (283, resolution.y)):
            node.values[tag] = Value(5, ratio(number, header.order))
        node.values |= ifd_build.values_of(header.order, {296: unit})


def ratio(number: float, order: str) -> bytes:
    """Return a positive number as a RATIONAL."""
    under = 1 if number == round(number) else 10_000
    while number * under >= 1 << 32 and under > 1:
        under //= 10
    return struct.pack(f"{order}II", min(max(round(number * under), 0), 0xFFFFFFFF), under)


def _add_entries(node: Node, blob: bytes) -> None:
    """Add the entries of EXIF's first directory; their values stay where they are."""
    source = ifd.Bytes(blob)
    header = ifd.read_header(source)
    for entry in ifd.read_directory(source, header, header.first).entries.values():
        if exif.is_structural(entry.tag):
            continue
        if entry.tag in ifd.POINTERS:
            at = ifd.first_number(source, header.order, entry)
            node.values[entry.tag] = Value(4, struct.pack("<I", at))
        elif entry.tag not in node.values or entry.tag not in (282, 283, 296):
            node.values[entry.tag] = Value(entry.type, source.read(entry.value_at, entry.size))


def _finish(target: BinaryIO, node: Node, header: Header) -> None:
    """Write the directory behind everything, and its position at the beginning."""
    end = target.seek(0, 2)
    pieces: dict[int, bytes] = {}

    def take(size: int) -> int:
        nonlocal end
        at = end + end % 2
        end = at + size
        return at

    first = ifd_build.place(node, header.order, take, pieces.__setitem__, big=header.big)
    for at, piece in pieces.items():
        target.seek(at)
        target.write(piece)
    target.seek(0)
    mark = b"II" if header.order == "<" else b"MM"
    if header.big:
        target.write(mark + struct.pack(f"{header.order}HHHQ", 43, 8, 0, first))
    else:
        target.write(mark + struct.pack(f"{header.order}HI", 42, first))


def _append(source: BinaryIO, target: BinaryIO, header: Header, metadata: Metadata) -> None:
    """Write metadata behind the pixels: of BigTIFF, whose directories are others than EXIF's."""
    pixels = ifd.FileBytes(source)
    node = ifd.read_tree(
        pixels, header, header.first, lambda tag: tag not in (*_ENCODERS_OWN, *_OFFSETS)
    )
    node.children.clear()
    # Positions beyond four gigabytes stay as they are.
    directory = ifd.read_directory(pixels, header, header.first)
    for tag in (*_OFFSETS, 279, 325):
        if (entry := directory.entries.get(tag)) is not None:
            node.values[tag] = Value(entry.type, pixels.read(entry.value_at, entry.size))
    _add_blocks(node, metadata, header)
    if metadata.exif is not None:
        # A tree of the same order: from the blob's own, or from its little-endian twin.
        blob = (
            exif_rewrite.in_little_endian(metadata.exif) if header.order == "<" else metadata.exif
        )
        below = ifd.read_tree(
            ifd.Bytes(blob), inner := ifd.read_header(ifd.Bytes(blob)), inner.first,
            lambda tag: not exif.is_structural(tag),
        )  # fmt: skip
        if inner.order == header.order:
            node.values = {**below.values, **node.values}
            node.children |= below.children
    copy_rest(source, target, 0)
    _finish(target, node, header)
