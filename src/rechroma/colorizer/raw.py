"""An RGB network's own answer, lightness and all: what the original's post-process starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["enlarge"]


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
