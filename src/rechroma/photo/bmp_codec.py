"""BMP as it is found in the wild; OpenImageIO writes it.

Microsoft's headers (BITMAPINFOHEADER and its successors) and those of OS/2, whose second version
may end after any of its fields. Tested with Jason Summers' bmpsuite, whose files of one kind show
the same picture.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.metadata import Metadata, Resolution
from rechroma.photo.codec import Decoded, check_pixels, unreadable
from rechroma.photo.openimageio_codec import OpenImageIOCodec

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["BmpCodec"]

_RGB, _RLE8, _RLE4, _BITFIELDS, _JPEG, _PNG, _ALPHA_BITFIELDS = range(7)
# What the numbers of compressions mean in a header of OS/2.
_HUFFMAN, _RLE24 = 3, 4
_RUNS = {_RLE8: 8, _RLE4: 4, _RLE24: 24}
# What the bits of a pixel mean where the file does not say it: red, green, blue; no alpha.
_USUAL_MASKS = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
_FILE_HEADER = 14


@dataclass(frozen=True, slots=True)
class _Header:
    size: int
    start: int  # of the pixels
    width: int
    rows: int
    from_top: bool
    bits: int
    compression: int
    colors: int
    of_os2: bool


class BmpCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec` for writing.

    It refuses runs that end beyond their row, which many programs write, and misreads headers of
    OS/2; Pillow knows few masks, no 2 bits and no headers of unusual lengths. So reading is ours.
    """

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        content = path.read_bytes()
        try:
            header = _header(content)
        except (struct.error, ValueError) as error:
            raise unreadable(name, str(error)) from error
        check_pixels(header.width, header.rows, max_pixels, name)
        try:
            colors, alpha = _pixels(content, header)
        except (IndexError, ValueError) as error:
            reason = "it ends before its pixels do" if isinstance(error, IndexError) else str(error)
            raise unreadable(name, reason) from error
        if not header.from_top:
            colors, alpha = colors[::-1], None if alpha is None else alpha[::-1]
        return Decoded(
            colors=colors,
            # Programs that know no alpha leave it zero: nobody keeps a picture that can't be seen.
            alpha=alpha if alpha is not None and alpha.any() else None,
            bit_depth=16 if colors.dtype == np.uint16 else 8,
            format="bmp",
            encoding=None,
            profile=_profile(content, header),
            orientation=1,
            metadata=_metadata(content, header),
            pages=1,
        )


def _header(content: bytes) -> _Header:
    """Return what a header says.

    Raises:
        ValueError: It says what can't be, or what is not supported.
        struct.error: There is none.
    """
    start, size = struct.unpack_from("<II", content, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", content, 18)
        compression = colors = 0
    elif size >= 16:
        # Fields that a short header lacks are zero.
        fields = content[18 : _FILE_HEADER + min(size, 40)].ljust(36, b"\0")
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", fields)
        (colors,) = struct.unpack_from("<I", fields, 28)
    else:
        raise ValueError(f"a header of {size} bytes")
    of_os2 = size < 40 or size == 64
    if bits <= 8 and start <= _FILE_HEADER + size:
        # Pixels can't begin where the palette does: the number is wrong, and they follow it.
        start = _FILE_HEADER + size + (colors or 1 << bits) * (3 if size == 12 else 4)
    if width < 1 or height == 0:
        raise ValueError(f"{width} × {abs(height)} pixels")
    header = _Header(size, start, width, abs(height), height < 0, bits, compression, colors, of_os2)
    _check(header)
    return header


def _check(header: _Header) -> None:
    compression, bits = header.compression, header.bits
    if header.of_os2:
        known = compression in (_RGB, *_RUNS)
        names = {_HUFFMAN: "Huffman-coded"}
    else:
        masks = compression in (_BITFIELDS, _ALPHA_BITFIELDS) and bits in _USUAL_MASKS
        known = masks or compression in (_RGB, _RLE8, _RLE4)
        names = {_JPEG: "a JPEG for a printer", _PNG: "a PNG for a printer"}
    if not known:
        what = names.get(compression, f"of compression {compression}")
        raise ValueError(f"a BMP that is {what}")
    wanted = (_RUNS[compression],) if compression in _RUNS else (1, 2, 4, 8, 16, 24, 32)
    if bits not in wanted:
        raise ValueError(f"a BMP of {bits} bits for each pixel")


def _pixels(content: bytes, header: _Header) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return colors, shape (H, W, C), and alpha in the order of the file.

    Raises:
        IndexError: The file ends too early.
        ValueError: There are no colors in its palette.
    """
    if header.compression in _RUNS:
        values = _unrolled(content[header.start :], header)
    else:
        values = _unpacked(content, header)
    if header.bits <= 8:
        return _palette(content, header)[values], None
    if header.bits == 24:
        return values[..., ::-1], None
    return _by_masks(values, _masks(content, header))


def _unpacked(content: bytes, header: _Header) -> NDArray[Any]:
    """Return pixels as they stand in rows of whole words: (H, W), or (H, W, 3) of 24 bits."""
    width, rows, bits = header.width, header.rows, header.bits
    stride = (width * bits + 31) // 32 * 4
    data = content[header.start : header.start + stride * rows]
    # What fills the last row up to whole words may be missing.
    if len(data) < stride * (rows - 1) + (width * bits + 7) // 8:
        raise IndexError
    data = data.ljust(stride * rows, b"\0")
    lines = np.frombuffer(data, np.uint8).reshape(rows, stride)
    if bits == 24:
        return lines[:, : width * 3].reshape(rows, width, 3)
    if bits >= 8:
        return np.ascontiguousarray(lines).view(f"<u{bits // 8}")[:, :width]
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    values = lines[..., None] >> shifts & np.uint8((1 << bits) - 1)
    return values.reshape(rows, -1)[:, :width]


def _unrolled(data: bytes, header: _Header) -> NDArray[np.uint8]:
    """Return pixels that are written as runs; those that none reaches are zero.

    Raises:
        IndexError: It ends before its pixels and without its mark of an end.
    """
    width, rows, bits = header.width, header.rows, header.bits
    deep = 3 if bits == 24 else 1
    values = bytearray(rows * width * deep)
    at = x = y = 0
    while y < rows and not (y == rows - 1 and x >= width and at >= len(data)):
        count, code = data[at], data[at + 1]
        at += 2
        if not count and code < 2:
            if code:
                break
            x, y = 0, y + 1
            continue
        if not count and code == 2:
            x, y = x + data[at], y + data[at + 1]
            at += 2
            continue
        size = deep if count else (code * bits + 7) // 8
        start = at - 1 if count else at
        run, count = data[start : start + size], count or code
        if len(run) < size:
            raise IndexError
        at = start + size if start < at else start + size + size % 2
        pixels = _run(run, count * deep, bits)[: max(0, width - x) * deep]
        place = (y * width + x) * deep
        values[place : place + len(pixels)] = pixels
        x += count
    found = np.frombuffer(values, np.uint8).reshape(rows, width, deep)
    return found if deep == 3 else found[..., 0]


def _run(run: bytes, size: int, bits: int) -> bytes:
    """Return the pixels of a run: what is given, again and again."""
    if bits == 4:
        run = bytes(nibble for byte in run for nibble in (byte >> 4, byte & 15))
    return (run * (size // len(run) + 1))[:size]


def _palette(content: bytes, header: _Header) -> NDArray[np.uint8]:
    """Return a color for each index, shape (2**bits, 3); shape (2**bits, 1) if all are gray."""
    entry = 3 if header.size == 12 else 4
    at, most = _FILE_HEADER + header.size, 1 << header.bits
    # Tables may be cut short by the pixels, or go on beyond what an index can reach.
    room = (header.start if header.start > at else len(content)) - at
    count = min(header.colors or most, most, room // entry, (len(content) - at) // entry)
    if count < 1:
        raise ValueError("there are no colors in its palette")
    table = np.frombuffer(content, np.uint8, count * entry, at).reshape(count, entry)
    colors = np.zeros((most, 3), np.uint8)
    colors[:count] = table[:, 2::-1]
    gray = (colors == colors[:, :1]).all()
    return colors[:, :1] if gray else colors


def _by_masks(
    pixels: NDArray[Any], masks: tuple[int, ...]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    dtype = np.dtype(np.uint16 if any(mask.bit_count() > 8 for mask in masks) else np.uint8)
    colors = np.stack([_channel(pixels, mask, dtype) for mask in masks[:3]], axis=-1)
    return colors, _channel(pixels, masks[3], dtype) if masks[3] else None


def _masks(content: bytes, header: _Header) -> tuple[int, ...]:
    if header.compression == _RGB:
        return _USUAL_MASKS[header.bits]
    red, green, blue, alpha = struct.unpack_from("<4I", content[:70].ljust(70, b"\0"), 54)
    has_alpha = header.size >= 56 or header.compression == _ALPHA_BITFIELDS
    return red, green, blue, alpha if has_alpha else 0


def _channel(pixels: NDArray[Any], mask: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the bits of a mask, stretched to the whole range of a type."""
    shift = (mask & -mask).bit_length() - 1 if mask else 0
    limit, top = (mask >> shift) or 1, int(np.iinfo(dtype).max)
    values = (pixels & np.array(mask, pixels.dtype)) >> np.array(shift, pixels.dtype)
    if limit == top:
        return values.astype(dtype)
    return np.minimum(values * (top / limit) + 0.5, top).astype(dtype)


def _profile(content: bytes, header: _Header) -> bytes | None:
    """Return the ICC profile that a header of version 5 may point to."""
    if header.size < 124 or content[70:74] != b"DEBM":
        return None
    at, size = struct.unpack_from("<II", content, _FILE_HEADER + 112)
    return content[_FILE_HEADER + at : _FILE_HEADER + at + size] or None


def _metadata(content: bytes, header: _Header) -> Metadata:
    """Return the resolution, all that a file says beside its pixels."""
    if header.size < 32:
        return Metadata()
    across, down = struct.unpack_from("<ii", content, 38)
    if across <= 0 or down <= 0:
        return Metadata()
    return Metadata(resolution=Resolution(across / 100, down / 100, "cm"))
