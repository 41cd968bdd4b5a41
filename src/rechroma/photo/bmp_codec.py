"""BMP: pixels of 16 and 32 bits by their masks, others by Pillow; OpenImageIO writes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.metadata import Metadata, Resolution
from rechroma.photo.codec import Decoded, check_pixels, unreadable
from rechroma.photo.openimageio_codec import OpenImageIOCodec
from rechroma.photo.pillow_codec import decoded

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["BmpCodec"]

_RGB, _BITFIELDS, _ALPHA_BITFIELDS = 0, 3, 6
# What the bits of a pixel mean where the file does not say it: red, green, blue; no alpha.
_USUAL_MASKS = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


class BmpCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec` for writing.

    It refuses runs that end beyond their row, which many programs write, and misreads headers of
    OS/2, so that palettes and 24 bits are Pillow's; Pillow knows few masks, so that those are ours.
    """

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        with path.open("rb") as file:
            head = file.read(14 + 124 + 16)
        if len(head) < 54 or struct.unpack_from("<I", head, 14)[0] < 40:
            return _by_pillow(path, name, max_pixels)
        _, bits, compression = struct.unpack_from("<HHI", head, 26)
        if bits not in _USUAL_MASKS or compression not in (_RGB, _BITFIELDS, _ALPHA_BITFIELDS):
            return _by_pillow(path, name, max_pixels)
        return _decode(path, head, name, max_pixels)


def _by_pillow(path: Path, name: str, max_pixels: int | None) -> Decoded:
    from PIL.BmpImagePlugin import BmpImageFile

    try:
        # Not `Image.open`: it has a limit on pixels of its own.
        with BmpImageFile(path) as picture:
            check_pixels(picture.width, picture.height, max_pixels, name)
            return decoded(picture, "bmp")
    except (OSError, ValueError, SyntaxError, struct.error) as error:
        raise unreadable(name, str(error), path) from error


def _decode(path: Path, head: bytes, name: str, max_pixels: int | None) -> Decoded:
    (start,) = struct.unpack_from("<I", head, 10)
    header, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", head, 14)
    rows = abs(height)
    if width < 1 or rows < 1:
        raise unreadable(name, "it has no pixels")
    check_pixels(width, rows, max_pixels, name)
    masks = _USUAL_MASKS[bits] if compression == _RGB else _masks(head, header, compression)
    stride = (width * bits // 8 + 3) // 4 * 4
    content = path.read_bytes()
    if len(content) < start + stride * rows:
        raise unreadable(name, "it ends before its pixels do")
    lines = np.frombuffer(content, np.uint8, stride * rows, start).reshape(rows, stride)
    pixels = np.ascontiguousarray(lines).view(f"<u{bits // 8}")[:, :width]
    if height > 0:
        pixels = pixels[::-1]
    deep = any(mask.bit_count() > 8 for mask in masks)
    dtype = np.dtype(np.uint16 if deep else np.uint8)
    colors = np.stack([_channel(pixels, mask, dtype) for mask in masks[:3]], axis=-1)
    alpha = _channel(pixels, masks[3], dtype) if masks[3] else None
    return Decoded(
        colors=colors,
        # Programs that know no alpha leave it zero: nobody keeps a picture that can't be seen.
        alpha=alpha if alpha is not None and alpha.any() else None,
        bit_depth=16 if deep else 8,
        format="bmp",
        encoding=None,
        profile=_profile(content, header),
        orientation=1,
        metadata=_metadata(content),
        pages=1,
    )


def _masks(head: bytes, header: int, compression: int) -> tuple[int, int, int, int]:
    red, green, blue, alpha = struct.unpack_from("<4I", head.ljust(70, b"\0"), 54)
    has_alpha = header >= 56 or compression == _ALPHA_BITFIELDS
    return red, green, blue, alpha if has_alpha else 0


def _channel(pixels: NDArray[Any], mask: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the bits of a mask, stretched to the whole range of a type."""
    shift = (mask & -mask).bit_length() - 1 if mask else 0
    limit, top = (mask >> shift) or 1, int(np.iinfo(dtype).max)
    values = (pixels & np.array(mask, pixels.dtype)) >> np.array(shift, pixels.dtype)
    if limit == top:
        return values.astype(dtype)
    return np.minimum(values * (top / limit) + 0.5, top).astype(dtype)


def _profile(content: bytes, header: int) -> bytes | None:
    """Return the ICC profile that a header of version 5 may point to."""
    if header < 124 or content[70:74] != b"DEBM":
        return None
    at, size = struct.unpack_from("<II", content, 14 + 112)
    return content[14 + at : 14 + at + size] or None


def _metadata(content: bytes) -> Metadata:
    """Return the resolution, all that a file says beside its pixels."""
    across, down = struct.unpack_from("<ii", content, 38)
    if across <= 0 or down <= 0:
        return Metadata()
    return Metadata(resolution=Resolution(across / 100, down / 100, "cm"))
