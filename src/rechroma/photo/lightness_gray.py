"""The gray of the same lightness."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import linear_to_srgb, srgb_to_linear
from rechroma.color.constants import WHITE, XYZ_FROM_RGB
from rechroma.photo.samples import CACHED_PIXELS, is_one_channel, row_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gray_plane"]

# Steps of the root of luminance by which the codes of grays are found: 16 of the smallest code's.
_STEPS = 1 << 15


def gray_plane(samples: NDArray[Any]) -> NDArray[Any]:
    """Return a gray picture of the same lightness L, shape (H, W), sRGB-encoded.

    Args:
        samples: sRGB-encoded, shape (H, W, 3): of any type if they are one channel that is shown
            three times, else uint8.
    """
    if is_one_channel(samples):
        return samples[..., 0]
    result = np.empty(samples.shape[:2], np.uint8)
    curves, codes = _tables()
    for rows in row_strips(samples.shape, CACHED_PIXELS):
        luminance = curves[0].take(samples[rows, :, 0])
        for channel in (1, 2):
            luminance += curves[channel].take(samples[rows, :, channel])
        np.sqrt(luminance, out=luminance)
        luminance *= np.float32(_STEPS)
        codes.take(luminance.astype(np.int32), out=result[rows], mode="clip")
    return result


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the luminance of the codes of each channel, and codes by the root of luminance."""
    linear = np.asarray(srgb_to_linear(np.arange(256) / 255), np.float64)
    weights = np.array(XYZ_FROM_RGB[1]) / WHITE[1]
    roots = np.minimum((np.arange(_STEPS + 1) + 0.5) / _STEPS, 1)
    codes = np.rint(np.asarray(linear_to_srgb(roots**2)) * 255).astype(np.uint8)
    return (weights[:, None] * linear).astype(np.float32), codes
