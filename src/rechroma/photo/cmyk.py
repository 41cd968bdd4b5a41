"""CMYK JPEG: OpenImageIO turns it into RGB without its profile, so Pillow decodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.errors import UnreadablePhotoError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["decode_cmyk"]


def decode_cmyk(path: Path, name: str) -> NDArray[np.float32]:
    """Return ink, 0 none … 1 full, float32, shape (H, W, 4).

    Raises:
        UnreadablePhotoError: The file is broken.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG"]) as picture:
            inks = np.asarray(picture.convert("CMYK"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePhotoError(
            f"{name}: can't be read as a picture: {error}", "check that the file is complete"
        ) from error
    return inks.astype(np.float32) / np.float32(255)
