"""TIFFs of integers, written by ourselves: strips are deflated side by side, in a way that pays.

OpenImageIO's encoder deflates at zlib's level 6 alone, one strip after the other. In a scan with
grain there is little that comes twice: looking for it costs four times as much and gains a
hundredth. Which way is taken is tried out on a part of the picture.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.limits import available_cores
from rechroma.photo.icc import srgb_profile
from rechroma.photo.samples import do_strips, row_strips

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["can_write_tiff", "write_tiff"]

# Bytes of a strip before it is deflated, about, and the rows that it has at most.
_STRIP_BYTES, _MOST_ROWS = 1 << 20, 256
# Positions in a TIFF have 32 bits, and what comes behind the pixels has to fit, too.
_MOST_BYTES = 4_000_000_000
# zlib's levels and strategies from the cheapest to the best, and how much larger than the best
# one's a result may be.
_WAYS = ((1, zlib.Z_RLE), (1, zlib.Z_DEFAULT_STRATEGY), (4, zlib.Z_DEFAULT_STRATEGY),
         (6, zlib.Z_DEFAULT_STRATEGY))  # fmt: skip
_MORE = 1.02
# Rows on which the ways are tried, from all over the picture.
_TRIED = 48

# Tags and values of TIFF 6.0 and of its supplements.
_DEFLATE, _RGB, _DIFFERENCES, _STRAIGHT_ALPHA = 8, 2, 2, 2
_SHORT, _LONG, _BYTES = 3, 4, 7


def can_write_tiff(values: NDArray[Any]) -> bool:
    """Tell whether `write_tiff` takes samples: whole numbers, and not too many."""
    return values.dtype.kind == "u" and values.nbytes < _MOST_BYTES


def write_tiff(file: Path, values: NDArray[Any]) -> None:
    """Write a TIFF of one page, tagged as sRGB.

    Args:
        file: The new file.
        values: Upright, shape (H, W, 3), or (H, W, 4) with alpha: uint8 or uint16.

    Raises:
        OSError: The disk says no.
    """
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    row = values.shape[1] * values.shape[2] * values.itemsize
    rows = max(1, min(_STRIP_BYTES // row, _MOST_ROWS))
    strips = row_strips(values.shape, rows * values.shape[1])
    way = _way(values)
    pieces = [b""] * len(strips)

    def deflate(strip: slice) -> None:
        pieces[strip.start // rows] = _deflated(values[strip], way)

    do_strips(deflate, strips, available_cores())
    with file.open("wb") as target:
        target.write(bytes(8))
        places: list[int] = []
        for piece in pieces:
            places.append(target.tell())
            target.write(piece + b"\0" * (len(piece) % 2))
        start = target.tell()
        target.write(_directory(values, rows, places, [len(each) for each in pieces], start))
        target.seek(0)
        target.write(struct.pack("<2sHI", b"II", 42, start))


def _way(values: NDArray[Any]) -> tuple[int, int]:
    """Return the cheapest level and strategy that is about as good as the best."""
    some = values[:: max(1, len(values) // _TRIED)][:_TRIED, : _STRIP_BYTES // 8]
    sizes = [len(_deflated(some, way)) for way in _WAYS]
    return next(way for way, size in zip(_WAYS, sizes, strict=True) if size <= _MORE * sizes[-1])


def _deflated(strip: NDArray[Any], way: tuple[int, int]) -> bytes:
    """Return the differences to the pixel before (TIFF 6.0, section 14), deflated."""
    differences = np.array(strip, order="C")
    differences[:, 1:] -= strip[:, :-1]
    level, strategy = way
    deflate = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    content = cast("bytes", differences)
    deflated = deflate.compress(content) + deflate.flush()
    # Noise grows by it; readers make room for what zlib needs at most where it looks for nothing.
    return deflated if len(deflated) < differences.nbytes else zlib.compress(content, 0)


def _directory(
    values: NDArray[Any], rows: int, places: list[int], sizes: list[int], start: int
) -> bytes:
    """Return the directory, which stands at `start`, and what it points to."""
    height, width, channels = values.shape
    entries: dict[int, tuple[int, tuple[int, ...] | bytes]] = {
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        258: (_SHORT, (8 * values.itemsize,) * channels),
        259: (_SHORT, (_DEFLATE,)),
        262: (_SHORT, (_RGB,)),
        273: (_LONG, tuple(places)),
        274: (_SHORT, (1,)),
        277: (_SHORT, (channels,)),
        278: (_LONG, (rows,)),
        279: (_LONG, tuple(sizes)),
        284: (_SHORT, (1,)),
        317: (_SHORT, (_DIFFERENCES,)),
        34675: (_BYTES, srgb_profile()),
    }
    if channels == 4:
        entries[338] = _SHORT, (_STRAIGHT_ALPHA,)
    behind = start + 2 + 12 * len(entries) + 4
    table, further = struct.pack("<H", len(entries)), b""
    for tag, (kind, content) in sorted(entries.items()):
        data = (
            content
            if isinstance(content, bytes)
            else struct.pack(f"<{len(content)}{'H' if kind == _SHORT else 'I'}", *content)
        )
        if len(data) > 4:
            place = struct.pack("<I", behind + len(further))
            further += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, len(content)) + place
    return table + bytes(4) + further
