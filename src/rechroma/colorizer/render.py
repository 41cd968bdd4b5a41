"""From L and chroma to the picture, a strip of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.color.joining import SHIFT_OF_A, SHIFT_OF_B, ChromaJoiner
from rechroma.photo.samples import CACHED_PIXELS, do_strips, row_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.guided import GuidedPlanes
    from rechroma.colorizer.layers import LayeredPlanes

__all__ = ["enlarge", "render"]

_FLOAT = np.dtype(np.float32)
# Up to so many strips (2 megapixels) threads gain less than it takes to load and start them.
_STRIPS_OF_ONE_THREAD = 32


def render(
    samples: NDArray[Any],
    chroma: GuidedPlanes | LayeredPlanes,
    strength: float,
    threads: int,
    dtype: np.dtype[Any] = _FLOAT,
) -> NDArray[Any]:
    """Return the picture's own L with the predicted chroma.

    Colors outside of sRGB lose chroma at the same L and hue.

    Args:
        samples: The picture, sRGB-encoded, shape (H, W, 3): uint8, uint16, or float32 in 0…1.
        chroma: Its chroma.
        strength: Factor on the chroma.
        threads: Strips under way at once.
        dtype: Of the result: uint8, uint16 or float32.

    Returns:
        sRGB-encoded, shape (H, W, 3): 0…1 where it is float32.
    """
    result = np.empty(samples.shape, dtype)
    strips = row_strips(samples.shape, CACHED_PIXELS)
    shifts = chroma.scaled((strength * SHIFT_OF_A, strength * SHIFT_OF_B), 16, 116)
    pixels = max(strips[0].stop, 1) * samples.shape[1]
    free: list[ChromaJoiner] = []

    def fill(rows: slice) -> None:
        joiner = free.pop() if free else ChromaJoiner(samples.dtype, result, pixels)
        light = joiner.light(samples[rows])
        shifts.fill(joiner.spare(*light.shape), rows.start, light)
        joiner.join(rows.start, len(light))
        free.append(joiner)

    do_strips(fill, strips, threads if len(strips) > _STRIPS_OF_ONE_THREAD else 1)
    for joiner in free:
        joiner.finish()
    return result


def enlarge(
    picture: NDArray[np.float32], shape: tuple[int, int], extent: tuple[float, float]
) -> NDArray[np.float32]:
    """Return a small picture at a photo's size, by bicubic interpolation.

    Args:
        picture: In 0…1, shape (C, h, w).
        shape: Rows and columns of the photo.
        extent: How many rows and columns of `picture` the photo covers; at most h and w.

    Returns:
        Clipped to 0…1, float32, shape (H, W, C).
    """
    size, box = (shape[1], shape[0]), (0, 0, extent[1], extent[0])
    planes = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC, box=box))
        for plane in np.ascontiguousarray(picture)
    ]
    return np.clip(np.stack(planes, axis=-1), 0, 1)
