"""What a new file gets of an old one's metadata."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from rechroma.metadata import exif, exif_rewrite, exif_update, jpeg, png, xmp_update
from rechroma.metadata.files import FAULTS
from rechroma.metadata.ifd import Value
from rechroma.metadata.model import Mark, Metadata, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.metadata.options import MetadataOptions

__all__ = ["prepare"]

# Format → what it carries as it is.
_CARRIES: Mapping[str, frozenset[str]] = {
    "jpeg": frozenset({"exif", "xmp", "iptc", "photoshop", "comments"}),
    "png": frozenset({"exif", "xmp", "iptc", "photoshop", "comments", "texts", "changed"}),
    "tiff": frozenset({"exif", "xmp", "iptc", "photoshop"}),
    "jpeg2000": frozenset({"exif", "xmp", "iptc", "photoshop"}),
    "webp": frozenset({"exif", "xmp"}),
    "avif": frozenset({"exif", "xmp"}),
}
_TITLES = {"exif": "EXIF", "xmp": "XMP", "iptc": "IPTC", "photoshop": "Photoshop's resources",
           "comments": "comments", "texts": "texts"}  # fmt: skip
_DESCRIPTION = 270
# PNG's keywords → EXIF's tags.
_TAGS = {"Description": _DESCRIPTION, "Author": 315, "Copyright": 33432, "Software": 305,
         "Title": 269, "Make": 271, "Model": 272}  # fmt: skip


def prepare(
    metadata: Metadata,
    name: str,
    width: int,
    height: int,
    options: MetadataOptions,
    *,
    turned: bool = True,
    srgb: bool = True,
) -> Metadata:
    """Return the blocks that a new file of a format gets.

    Args:
        metadata: Of the old file.
        name: The new one's format.
        width: Of the new pixels.
        height: Of the new pixels.
        options: What is kept.
        turned: Whether they were turned upright. Otherwise they stand as the old ones did.
        srgb: Whether they are in sRGB. Otherwise they are what their profile says.

    Returns:
        What can be carried; `notes` says what can't, and what was broken.
    """
    carries = _CARRIES.get(name, frozenset[str]())
    mark = metadata.mark if options.mark else None
    unmarked: list[str] = []
    if mark is not None and "xmp" not in carries:
        if mark.machine_colored:
            unmarked = [f"{name} can't say that a machine made the colors"]
        mark = None
    stands = 1 if turned else metadata.orientation
    if options.strip_metadata:
        kept = _standing(Metadata(), stands)
        return replace(_with_mark(kept, mark, []), notes=tuple(unmarked))
    notes = [*metadata.notes, *unmarked]
    found = _without_places(metadata) if options.strip_gps else metadata
    found = _upright(found, width, height, options, notes, stands, srgb=srgb)
    found = _translated(found, name, carries, notes)
    found = _with_mark(found, mark, notes)
    found = _dropped(found, name, carries, notes)
    found = _standing(found, stands)
    return replace(found, orientation=stands, mark=None, notes=tuple(notes))


def _standing(found: Metadata, stands: int) -> Metadata:
    """Let EXIF say how the pixels stand, where that is not upright."""
    if stands == 1:
        return found
    order = ">" if found.exif is not None and found.exif[:2] == b"MM" else "<"
    value = Value(3, struct.pack(f"{order}H", stands))
    block = exif_rewrite.with_values(found.exif, {exif.ORIENTATION: value})
    return replace(found, exif=block)


def _without_places(found: Metadata) -> Metadata:
    """Leave out texts with coordinates: ImageMagick writes EXIF and XMP into a PNG once more."""
    return replace(found, texts=tuple(t for t in found.texts if "gps" not in t.keyword.lower()))


def _upright(
    found: Metadata,
    width: int,
    height: int,
    options: MetadataOptions,
    notes: list[str],
    stands: int,
    *,
    srgb: bool,
) -> Metadata:
    block, packet = found.exif, found.xmp
    turn = found.orientation if stands == 1 else 1
    if block is not None:
        try:
            block = exif_update.upright(block, width, height, turn, stands, srgb=srgb)
            block = exif_update.without_gps(block) if options.strip_gps else block
        except FAULTS:
            block = None
            notes.append("its EXIF is broken, and was left out")
    if packet is not None:
        try:
            packet = xmp_update.upright(packet, width, height, turn, stands, srgb=srgb)
            packet = xmp_update.without_gps(packet) if options.strip_gps else packet
        except FAULTS:
            # It may hold coordinates that can't be found.
            packet = None if options.strip_gps else packet
            what = "left out" if options.strip_gps else "carried as it was"
            notes.append(f"its XMP is broken, and was {what}")
    resolution = found.resolution
    if turn >= 5 and resolution is not None:
        resolution = Resolution(resolution.y, resolution.x, resolution.unit)
    return replace(found, exif=block, xmp=packet, resolution=resolution)


def _translated(found: Metadata, name: str, carries: frozenset[str], notes: list[str]) -> Metadata:
    """Move texts, comments and resolution to where the new format has a place for them."""
    values: dict[int, str | bytes] = {}
    comments = list(found.comments)
    texts = list(found.texts)
    if texts and "texts" not in carries and "exif" in carries:
        for each in found.texts:
            if each.keyword in _TAGS:
                values.setdefault(_TAGS[each.keyword], each.value)
            elif "comments" in carries:
                line = each.value if each.keyword == "Comment" else f"{each.keyword}: {each.value}"
                comments.append(line.encode())
            elif each.keyword == "Comment":
                values.setdefault(_DESCRIPTION, each.value)
            else:
                notes.append(f"{name} has no place for the text {each.keyword!r}")
        texts = []
    if comments and "texts" in carries:
        texts += [png.text("Comment", _as_text(each)) for each in comments]
        comments = []
    elif comments and "comments" not in carries and "exif" in carries:
        values.setdefault(_DESCRIPTION, b"\n".join(comments))
        comments = []
    new = {tag: _ascii(value) for tag, value in values.items()}
    needs = found.resolution is not None and name in ("webp", "avif")
    try:
        block = found.exif
        order = ">" if block is not None and block[:2] == b"MM" else "<"
        if needs and found.resolution is not None:
            new |= _resolution_values(found.resolution, order)
        block = exif_rewrite.with_values(block, new) if new else block
    except FAULTS:
        block = found.exif
    return replace(found, exif=block, comments=tuple(comments), texts=tuple(texts))


def _as_text(comment: bytes) -> str:
    comment = comment.rstrip(b"\0")
    try:
        return comment.decode()
    except UnicodeDecodeError:
        return comment.decode("latin-1")


def _ascii(value: str | bytes) -> Value:
    data = value.encode() if isinstance(value, str) else value
    return Value(2, data.rstrip(b"\0") + b"\0")


def _resolution_values(resolution: Resolution, order: str) -> dict[int, Value]:
    unit = {"none": 1, "inch": 2, "cm": 3}[resolution.unit]
    sides = ((282, resolution.x), (283, resolution.y))
    ratios = {
        tag: Value(5, struct.pack(f"{order}II", min(round(x * 10_000), 0xFFFFFFFF), 10_000))
        for tag, x in sides
    }
    return ratios | {296: Value(3, struct.pack(f"{order}H", unit))}


def _with_mark(found: Metadata, mark: Mark | None, notes: list[str]) -> Metadata:
    if mark is None:
        return found
    try:
        return replace(found, xmp=xmp_update.marked(found.xmp, mark))
    except FAULTS:
        notes.append("its XMP is broken: it can't say that a machine made the colors")
        return found


def _dropped(found: Metadata, name: str, carries: frozenset[str], notes: list[str]) -> Metadata:
    lost = [key for key in _TITLES if key not in carries and getattr(found, key)]
    if lost == ["exif"] and found.exif is not None and not exif.says_anything(found.exif):
        return replace(found, exif=None)
    if lost:
        notes.append(f"{name} can't carry {_listed([_TITLES[key] for key in lost])}")
        empty = {key: () if key in ("comments", "texts") else None for key in lost}
        found = replace(found, **empty)
    if name != "jpeg":
        return found
    if found.exif is not None and len(found.exif) > jpeg.MAX_EXIF:
        small = exif_rewrite.shrunk(found.exif, jpeg.MAX_EXIF)
        what = "its EXIF" if small is None else "the maker's note in its EXIF"
        notes.append(f"JPEG can't carry {what}: it is larger than 64 kB")
        found = replace(found, exif=small)
    if found.xmp is not None and not jpeg.carries_xmp(found.xmp):
        notes.append("JPEG can't carry its XMP: it is too large")
        found = replace(found, xmp=None)
    return found


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
