"""From L and chroma to the picture, a strip of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.color import lab_to_gamut_rgb, lightness
from rechroma.color.arrays import from_planes
from rechroma.photo.samples import do_strips, row_strips, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.guided import GuidedPlanes

__all__ = ["enlarge", "render"]

# Pixels of a strip: few enough that its planes stay in a core's own cache, and enough that NumPy's
# calls cost little beside their work.
_STRIP_PIXELS = 1 << 16
# Up to so many strips (2 megapixels) threads gain less than it takes to load and start them.
_STRIPS_OF_ONE_THREAD = 32


def render(
    samples: NDArray[Any], chroma: GuidedPlanes, strength: float, threads: int
) -> NDArray[np.float32]:
    """Return the picture's own L with the predicted chroma.

    Colors outside of sRGB lose chroma at the same L and hue.

    Args:
        samples: The picture, sRGB-encoded, shape (H, W, 3): uint8, uint16, or float32 in 0…1.
        chroma: Its chroma.
        strength: Factor on the chroma.
        threads: Strips under way at once.

    Returns:
        sRGB-encoded, 0…1, float32, shape (H, W, 3).
    """
    result = np.empty(samples.shape, np.float32)

    def fill(rows: slice) -> None:
        own = lightness(to_float(samples[rows]))
        lab = np.empty((3, *own.shape), np.float32)
        lab[0] = own
        np.multiply(chroma.rows(rows.start, own), np.float32(strength), out=lab[1:])
        result[rows] = lab_to_gamut_rgb(from_planes(lab))

    strips = row_strips(samples.shape, _STRIP_PIXELS)
    do_strips(fill, strips, threads if len(strips) > _STRIPS_OF_ONE_THREAD else 1)
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
