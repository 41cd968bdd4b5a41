"""Which codec reads and writes which format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.photo.bmp_codec import BmpCodec
from rechroma.photo.extra_codecs import HeifCodec, PdfCodec, PnmCodec, RawCodec
from rechroma.photo.jpeg_codec import JpegCodec
from rechroma.photo.openimageio_codec import OpenImageIOCodec
from rechroma.photo.pillow_codec import AvifCodec, GifCodec, Jpeg2000Codec
from rechroma.photo.png_codec import PngCodec
from rechroma.photo.tiff_codec import TiffCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.photo.codec import Codec
    from rechroma.photo.formats import Format

__all__ = ["codec_for"]

_USUAL = OpenImageIOCodec()
# By the format's name: those that OpenImageIO does not do, or not well.
_SPECIAL: Mapping[str, Codec] = {
    "jpeg": JpegCodec(),
    "png": PngCodec(),
    "tiff": TiffCodec(),
    "jpeg2000": Jpeg2000Codec(),
    "bmp": BmpCodec(),
    "pnm": PnmCodec(),
    "avif": AvifCodec(),
    "gif": GifCodec(),
    "heif": HeifCodec(),
    "raw": RawCodec(),
    "pdf": PdfCodec(),
}


def codec_for(format: Format | None) -> Codec:  # noqa: A002 - the word that everybody uses
    """Return the codec of a format; the usual one for files that don't tell what they are."""
    return _USUAL if format is None else _SPECIAL.get(format.name, _USUAL)
