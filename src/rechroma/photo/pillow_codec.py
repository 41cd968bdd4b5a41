"""Formats through Pillow: what OpenImageIO's wheels come without."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.errors import UnreadablePhotoError
from rechroma.metadata import from_blocks, read_metadata
from rechroma.photo.codec import Decoded, check_pixels, unreadable
from rechroma.photo.icc import srgb_profile
from rechroma.photo.openimageio_codec import (
    OpenImageIOCodec,
    unwritable,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from rechroma.metadata import Metadata
    from rechroma.photo.formats import Format

__all__ = ["AvifCodec", "GifCodec", "Jpeg2000Codec", "decode_by_pillow", "decoded"]


class AvifCodec:
    """Pillow as a `Codec`."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first picture of a file; see `Codec`.

        Samples of 10 and 12 bits are reduced to 8: Pillow hands out no more. Colors are sRGB unless
        an ICC profile says otherwise; the code points of wide gamut or HDR (CICP) are not heeded.
        """
        from PIL.AvifImagePlugin import AvifImageFile

        return decode_by_pillow(AvifImageFile, path, name, max_pixels, "avif")

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Write a file of 8 bits without chroma subsampling; see `Codec`."""
        from PIL import Image, features

        if not features.check("avif"):
            raise unwritable(file, "this Pillow was built without AVIF")
        encoded = io.BytesIO()
        wanted = format.default_quality if quality is None else quality
        try:
            Image.fromarray(values).save(
                encoded, "AVIF", quality=wanted, subsampling="4:4:4", icc_profile=srgb_profile(),
                exif=metadata.exif or b"", xmp=metadata.xmp or b"",
            )  # fmt: skip
        except (OSError, ValueError, RuntimeError) as error:
            raise unwritable(file, str(error)) from error
        file.write_bytes(encoded.getvalue())


class GifCodec(OpenImageIOCodec):
    """Pillow as a `Codec` for reading; nobody writes GIFs.

    OpenImageIO cuts a first frame off that is larger than the file says that the screen is, where
    browsers show all of it, and refuses files without a palette.
    """

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first frame of a file; see `Codec`."""
        from PIL.GifImagePlugin import GifImageFile

        with path.open("rb") as file:
            screen = file.read(10)[6:]
        if len(screen) == 4:
            # The screen's size, before Pillow compares it with its own limit.
            check_pixels(*struct.unpack("<HH", screen), max_pixels, name)
        return decode_by_pillow(GifImageFile, path, name, max_pixels, "gif")


class Jpeg2000Codec(OpenImageIOCodec):
    """OpenImageIO as a `Codec`; Pillow reads gray with alpha, at 8 bits."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file; see `Codec`."""
        try:
            return super().decode(path, name, max_pixels)
        except UnreadablePhotoError as refusal:
            from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

            try:
                with Jpeg2KImageFile(path) as picture:
                    if picture.mode != "LA":
                        raise refusal
                    check_pixels(picture.width, picture.height, max_pixels, name)
                    found = decoded(picture, "jpeg2000")
                    return replace(found, metadata=read_metadata(path))
            except (OSError, ValueError, SyntaxError, RuntimeError) as error:
                raise refusal from error


def decode_by_pillow(
    kind: type[ImageFile], path: Path, name: str, max_pixels: int | None, format_name: str
) -> Decoded:
    """Decode the first picture of a file by one of Pillow's classes; see `Codec`.

    Args:
        kind: The class. `Image.open` has a limit on pixels of its own.
        path: The file.
        name: For messages.
        max_pixels: Refuse more pixels than this before decoding.
        format_name: What it is decoded as.
    """
    from PIL.Image import DecompressionBombError

    try:
        with kind(path) as picture:
            check_pixels(picture.width, picture.height, max_pixels, name)
            return replace(decoded(picture, format_name), pages=getattr(picture, "n_frames", 1))
    except (OSError, ValueError, SyntaxError, RuntimeError, DecompressionBombError) as error:
        raise unreadable(name, str(error), path) from error


def decoded(picture: Image, name: str) -> Decoded:
    """Return a Pillow image of one of the modes 1, L, LA, I;16, RGB, RGBA, P or CMYK as it is.

    Args:
        picture: Open.
        name: Of its format.

    Raises:
        OSError: Its pixels are broken.
    """
    metadata = from_blocks(picture.info.get("exif"), picture.info.get("xmp"))
    if picture.mode in ("P", "PA", "YCbCr"):
        plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    else:
        plain = picture.convert("L") if picture.mode == "1" else picture
    values = np.asarray(plain)
    deep = values.dtype.itemsize == 2
    values = values.astype(np.uint16 if deep else np.uint8, copy=False)
    if values.ndim == 2:
        values = values[..., None]
    has_alpha = plain.mode in ("LA", "RGBA")
    return Decoded(
        colors=values[..., :-1] if has_alpha else values,
        alpha=np.ascontiguousarray(values[..., -1]) if has_alpha else None,
        bit_depth=16 if deep else 8,
        format=name,
        encoding=None,
        profile=cast("bytes | None", picture.info.get("icc_profile")),
        orientation=metadata.orientation,
        metadata=metadata,
        pages=1,
    )
