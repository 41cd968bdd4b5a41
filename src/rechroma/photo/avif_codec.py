"""AVIF through Pillow: OpenImageIO's wheels come without a decoder of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import OpenImageIO as oiio

from rechroma.errors import UnwritablePhotoError
from rechroma.photo.codec import Attribute, Decoded, check_pixels, unreadable
from rechroma.photo.openimageio_codec import kept_attributes, open_input

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.AvifImagePlugin import AvifImageFile

    from rechroma.photo.formats import Format

__all__ = ["AvifCodec"]

_ORIENTATION = 274


class AvifCodec:
    """Pillow as a `Codec` that reads."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first picture of a file; see `Codec`.

        Samples of 10 and 12 bits are reduced to 8: Pillow hands out no more. Colors are sRGB unless
        an ICC profile says otherwise; the code points of wide gamut or HDR (CICP) are not heeded.
        """
        from PIL.AvifImagePlugin import AvifImageFile

        try:
            # Not `Image.open`: it has a limit on pixels of its own.
            with AvifImageFile(path) as picture:
                check_pixels(picture.width, picture.height, max_pixels, name)
                return _decode(picture)
        except (OSError, ValueError, SyntaxError, RuntimeError) as error:
            raise unreadable(name, str(error), path) from error

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: tuple[Attribute, ...],
        quality: int | None,
    ) -> None:
        """Refuse: the table of formats says that AVIF is only read."""
        del values, metadata, quality
        raise UnwritablePhotoError(f"{file}: {format.title} is only read", "write another format")


def _decode(picture: AvifImageFile) -> Decoded:
    values = np.asarray(picture)
    if values.ndim == 2:
        values = values[..., None]
    has_alpha = values.shape[2] in (2, 4)
    return Decoded(
        colors=values[..., :-1] if has_alpha else values,
        alpha=np.ascontiguousarray(values[..., -1]) if has_alpha else None,
        bit_depth=8,
        format="avif",
        linear=False,
        profile=cast("bytes | None", picture.info.get("icc_profile")),
        orientation=int(picture.getexif().get(_ORIENTATION, 1)),
        metadata=_metadata(picture),
        pages=picture.n_frames,
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
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "carrier.png")
        Image.new("L", (1, 1)).save(file, "PNG", exif=exif, pnginfo=texts)
        carrier = open_input(file)
        if carrier is None:
            oiio.geterror()
            return ()
        attributes = kept_attributes(carrier.spec())
        carrier.close()
    return attributes
