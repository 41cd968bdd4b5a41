"""Reading a file's rows, some at a time, into no more than they hold: gray has one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import OpenImageIO as oiio

from rechroma.photo.formats import FORMATS
from rechroma.photo.samples import FILE_PIXELS, STRIP_PIXELS, row_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["can_be_read_by_rows", "read_rgb"]

# What a TIFF stores as one piece is a whole part of a strip; its pieces are decoded side by side.
_TIFF_ROWS = 64


def can_be_read_by_rows(name: str, spec: oiio.ImageSpec) -> bool:
    """Tell whether `read_rgb` takes a file of this format."""
    return (
        name in FORMATS
        and FORMATS[name].by_rows
        and spec.tile_width == 0
        and tuple(spec.channelnames) == ("R", "G", "B")
        and str(spec.format) in ("uint8", "uint16")
    )


def read_rgb(source: oiio.ImageInput, spec: oiio.ImageSpec) -> NDArray[Any] | None:
    """Return the pixels of the picture that a file is at, shape (H, W, 3).

    Where red, green and blue are the same everywhere, they share their memory.

    Args:
        source: The file.
        spec: Of that picture; see `can_be_read_by_rows`.

    Returns:
        None where the decoder found something wrong: the file says what.
    """
    page, shape = source.current_subimage(), (spec.height, spec.width)
    is_tiff = source.format_name() == "tiff"
    pixels, rows = (FILE_PIXELS, _TIFF_ROWS) if is_tiff else (STRIP_PIXELS, 1)
    gray: NDArray[Any] | None = np.empty(shape, str(spec.format))
    colors = gray
    for strip in row_strips(shape, pixels, multiple=rows):
        values = source.read_scanlines(page, 0, strip.start, strip.stop, 0, 0, 3, oiio.UNKNOWN)
        if values is None or source.has_error:
            return None
        values = values.reshape(-1, spec.width, 3)
        if gray is not None and _is_gray(values):
            gray[strip] = values[..., 0]
            continue
        if gray is not None:
            # From here on it is in color; what was gray is that in three channels.
            colors = np.empty((*shape, 3), gray.dtype)
            colors[: strip.start] = gray[: strip.start, :, None]
            gray = None
        colors[strip] = values
    return colors if gray is None else np.broadcast_to(gray[..., None], (*shape, 3))


def _is_gray(values: NDArray[Any]) -> bool:
    red, green, blue = (values[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(red, blue)
