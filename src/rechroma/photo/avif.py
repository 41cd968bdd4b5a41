"""Decoding AVIF with Pillow: OpenImageIO's wheels come without a decoder of it."""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import TYPE_CHECKING, cast

import numpy as np
import OpenImageIO as oiio

from rechroma.errors import OutOfMemoryError
from rechroma.photo.decode import in_srgb, unreadable, upright
from rechroma.photo.limits import check_pixels
from rechroma.photo.metadata import kept_attributes
from rechroma.photo.model import Photo

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.AvifImagePlugin import AvifImageFile

    from rechroma.photo.model import Attribute

__all__ = ["BRANDS_LENGTH", "decode_avif", "is_avif"]

# Bytes at a file's beginning that hold its brands, unless it has more than a dozen.
BRANDS_LENGTH = 64
_BRANDS = {b"avif", b"avis"}
_ORIENTATION = 274


def is_avif(head: bytes) -> bool:
    """Tell whether a file is AVIF by its first `BRANDS_LENGTH` bytes: one of its brands says so.

    The box `ftyp` holds a main brand, a version, and the brands that it is compatible with
    (ISO/IEC 14496-12, 4.3).
    """
    if head[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in (8, *range(16, end, 4))}
    return not _BRANDS.isdisjoint(brands)


def decode_avif(source: Path | bytes, name: str, max_pixels: int | None) -> Photo:
    """Decode the first picture of an AVIF file.

    Samples of 10 and 12 bits are reduced to 8: Pillow hands out no more. Colors are sRGB unless an
    ICC profile says otherwise; the code points of wide gamut or HDR (CICP) are not heeded.

    Args:
        source: The file, or its content.
        name: For messages.
        max_pixels: Refuse more pixels than this before decoding.

    Raises:
        UnreadablePhotoError: A broken file, or a Pillow that was built without AVIF.
        PhotoTooLargeError: More pixels than the limit.
        OutOfMemoryError: The pixels don't fit into memory.
    """
    from PIL.AvifImagePlugin import AvifImageFile

    try:
        # Not `Image.open`: it has a limit on pixels of its own.
        file = AvifImageFile(BytesIO(source) if isinstance(source, bytes) else source)
        with file as picture:
            check_pixels(picture.width, picture.height, max_pixels, name)
            return _photo(picture, name)
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:
        raise unreadable(name, str(error)) from error
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{name}: its pixels don't fit into memory", "make the picture smaller"
        ) from error


def _photo(picture: AvifImageFile, name: str) -> Photo:
    values = np.asarray(picture)
    if values.ndim == 2:
        values = values[..., None]
    has_alpha = values.shape[2] in (2, 4)
    colors = values[..., :-1] if has_alpha else values
    profile = cast("bytes | None", picture.info.get("icc_profile"))
    orientation = int(picture.getexif().get(_ORIENTATION, 1))
    return Photo(
        samples=upright(in_srgb(colors, profile, 8, name), orientation),
        alpha=upright(np.ascontiguousarray(values[..., -1]), orientation) if has_alpha else None,
        format="avif",
        was_gray=colors.shape[2] == 1,
        metadata=_metadata(picture),
        name=name,
        pages_dropped=picture.n_frames - 1,
    )


def _metadata(picture: AvifImageFile) -> tuple[Attribute, ...]:
    """Return EXIF and XMP as OpenImageIO tells them of a PNG of one pixel that carries them."""
    exif, xmp = picture.info.get("exif", b""), picture.info.get("xmp", b"")
    if not exif and not xmp:
        return ()
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    if xmp:
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    with tempfile.NamedTemporaryFile(prefix="rechroma-", suffix=".png") as file:
        Image.new("L", (1, 1)).save(file, "PNG", exif=exif, pnginfo=texts)
        file.flush()
        carrier = oiio.ImageInput.open(file.name)
        if carrier is None:
            oiio.geterror()
            return ()
        attributes = kept_attributes(carrier.spec())
        carrier.close()
    return attributes
