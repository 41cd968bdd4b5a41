"""AVIF through Pillow: OpenImageIO's wheels come without a decoder of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.errors import UnwritablePhotoError
from rechroma.metadata import from_blocks
from rechroma.photo.codec import Decoded, check_pixels, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.AvifImagePlugin import AvifImageFile

    from rechroma.metadata import Metadata
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
        metadata: Metadata,
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
        metadata=from_blocks(picture.info.get("exif"), picture.info.get("xmp")),
        pages=picture.n_frames,
    )
