"""PNG's chunks: eXIf, text, time, resolution, and the profiles in hexadecimal that are still met.

PNG, third edition (W3C 2025), section 11.3; for the hexadecimal ones ImageMagick and exiftool.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from rechroma.metadata import iptc
from rechroma.metadata.containers import copy_rest, exactly, rewriting, without_prefix
from rechroma.metadata.model import MAX_BLOCK, Metadata, Resolution, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["insert", "read", "text"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_OURS = (*_TEXTS, b"eXIf", b"zxIf", b"pHYs", b"tIME")
_XMP = "XML:com.adobe.xmp"
_RAW = "Raw profile type "
_MAX_TEXTS = 1000


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, position and length of the chunks' data; the last is the one that is whole."""
    if exactly(file, 8) != _SIGNATURE:
        raise ValueError("it is no PNG")
    at = 8
    while len(head := file.read(8)) == 8:
        (size,) = struct.unpack(">I", head[:4])
        yield head[4:], at + 8, size
        if head[4:] == b"IEND":
            return
        at += 12 + size
        file.seek(at)


def read(file: BinaryIO) -> Metadata:
    """Return what a PNG carries. What stands before a fault is kept.

    Raises:
        ValueError: It is no PNG.
    """
    found = Metadata()
    texts: list[Text] = []
    left = MAX_BLOCK
    budget = [MAX_BLOCK]
    for kind, at, size in _chunks(file):
        if kind not in _OURS or size > left:
            continue
        left -= size
        file.seek(at)
        data = file.read(size)
        if len(data) != size:
            break
        if kind == b"eXIf":
            found = replace(found, exif=without_prefix(data))
        elif kind == b"pHYs" and size == 9:
            found = replace(found, resolution=_resolution(data))
        elif kind == b"tIME" and size == 7:
            found = replace(found, changed=data)
        elif kind in _TEXTS and len(texts) < _MAX_TEXTS:
            found = _with_text(found, texts, kind, data, budget)
    return replace(found, texts=tuple(texts))


def _with_text(
    found: Metadata, texts: list[Text], kind: bytes, data: bytes, budget: list[int]
) -> Metadata:
    try:
        keyword, value = _parse_text(kind, data, budget)
    except (ValueError, zlib.error):
        note = "a text chunk is broken, and was left out"
        return replace(found, notes=tuple({*found.notes, note}))
    if keyword == _XMP:
        return found if found.xmp else replace(found, xmp=value)
    if keyword.startswith(_RAW):
        raw = _raw_profile(value)
        return found if raw is None else _with_raw(found, keyword[len(_RAW) :].lower(), raw)
    texts.append(Text(keyword, _decoded(value, kind), kind, data))
    return found


def _decoded(value: bytes, kind: bytes) -> str:
    if kind != b"iTXt":
        return value.decode("latin-1")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _parse_text(kind: bytes, data: bytes, budget: list[int]) -> tuple[str, bytes]:
    name, zero, rest = data.partition(b"\0")
    if not zero or not name:
        raise ValueError("a text has no keyword")
    keyword = name.decode("latin-1")
    if kind == b"tEXt":
        return keyword, rest
    if kind == b"zTXt":
        return keyword, _inflated(rest[1:], budget)
    packed = rest[:1] == b"\1"
    # The language, and the keyword in it.
    _, _, rest = rest[2:].partition(b"\0")
    _, _, value = rest.partition(b"\0")
    return keyword, _inflated(value, budget) if packed else value


def _inflated(data: bytes, budget: list[int]) -> bytes:
    """Unpack a text; all of a file's together have a limit, which is what `budget` has left."""
    unpacker = zlib.decompressobj()
    # 0 would be no limit.
    result = unpacker.decompress(data, budget[0] + 1)
    budget[0] -= min(len(result), budget[0])
    if not unpacker.eof:
        raise ValueError("a text is too long, or cut off")
    return result


def _raw_profile(value: bytes) -> bytes | None:
    """Return the bytes of "name, length, hexadecimal digits"; None if it is something else."""
    match = re.match(rb"\n[^\n]{0,80}\n\s*(\d{1,9})\n", value)
    if match is None:
        return None
    try:
        data = bytes.fromhex(value[match.end() :].decode("ascii"))
    except ValueError:
        return None
    return data[: int(match.group(1))]


def _with_raw(found: Metadata, name: str, data: bytes) -> Metadata:
    if data[:5] == b"Exif\0":
        return found if found.exif else replace(found, exif=without_prefix(data))
    if name == "exif" and data[:2] in (b"II", b"MM"):
        return found if found.exif else replace(found, exif=data)
    if name in ("xmp", "app1"):
        packet = data.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")
        return found if found.xmp else replace(found, xmp=packet)
    if name in ("iptc", "8bim"):
        data = data.removeprefix(b"Photoshop 3.0\0")
        if data[:1] == b"\x1c":
            return replace(found, iptc=data)
        resources = iptc.parse_resources(data)
        return replace(
            found, iptc=found.iptc or resources.iptc, photoshop=found.photoshop or resources.rest
        )
    return found


def _resolution(data: bytes) -> Resolution | None:
    x, y, unit = struct.unpack(">IIB", data)
    if not x or not y or (unit == 0 and x == y):
        return None
    if unit != 1:
        return Resolution(x, y, "none")
    inches = Resolution(x * 0.0254, y * 0.0254, "inch")
    # 600 to the inch are 23,622.05 to the meter.
    whole = Resolution(round(inches.x), round(inches.y), "inch")
    near = abs(whole.x / 0.0254 - x) <= 0.5 and abs(whole.y / 0.0254 - y) <= 0.5
    return whole if near else Resolution(x / 100, y / 100, "cm")


def text(keyword: str, value: str) -> Text:
    """Return a text for a new file: Latin-1 where that goes, else UTF-8."""
    name = keyword.encode("latin-1", "replace")[:79]
    try:
        data = name + b"\0" + value.encode("latin-1")
        return Text(keyword, value, b"tEXt", data)
    except UnicodeEncodeError:
        return Text(keyword, value, b"iTXt", name + b"\0\0\0\0\0" + value.encode())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks_of(metadata: Metadata) -> Iterator[bytes]:
    if (resolution := metadata.resolution) is not None:
        yield _chunk(b"pHYs", _phys(resolution))
    if metadata.exif is not None:
        yield _chunk(b"eXIf", metadata.exif)
    if metadata.xmp is not None:
        yield _chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + metadata.xmp)
    if metadata.iptc is not None or metadata.photoshop is not None:
        yield _chunk(b"zTXt", _hexadecimal(metadata))
    if metadata.changed is not None:
        yield _chunk(b"tIME", metadata.changed)
    for each in metadata.texts:
        yield _chunk(each.kind, each.chunk)


def _phys(resolution: Resolution) -> bytes:
    meters = resolution.per_meter
    x, y = meters or (resolution.x, resolution.y)
    if meters is None and (x != round(x) or y != round(y)):
        x, y = x * 1000, y * 1000
    numbers = (min(max(1, round(value)), 0x7FFFFFFF) for value in (x, y))
    return struct.pack(">IIB", *numbers, meters is not None)


def _hexadecimal(metadata: Metadata) -> bytes:
    data = iptc.resources_of(metadata.iptc, metadata.photoshop)
    digits = data.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    packed = zlib.compress(f"\niptc\n{len(data):8d}\n{lines}\n".encode())
    return f"{_RAW}iptc".encode() + b"\0\0" + packed


def insert(path: Path, metadata: Metadata) -> None:
    """Write metadata into a finished PNG, in place of its own, before the pixels.

    Raises:
        ValueError: It is no PNG.
        OSError: The disk says no.
    """
    with rewriting(path) as (source, target):
        target.write(_SIGNATURE)
        for kind, at, size in _chunks(source):
            if kind == b"IDAT":
                target.write(b"".join(_chunks_of(metadata)))
                copy_rest(source, target, at - 8)
                return
            if kind not in (*_OURS, b"oFFs"):
                source.seek(at - 8)
                target.write(exactly(source, size + 12))
        raise ValueError("a PNG has no pixels")
