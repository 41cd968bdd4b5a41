"""Whether a picture is in color already, or a black-and-white one with a tint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from rechroma.photo import Photo

__all__ = ["is_color"]

# Root mean square of the chroma that L does not explain. Toned and yellowed scans measured up to
# 0.6, compression adds to it; of 474 color photographs 3, nearly gray ones, stay below.
_THRESHOLD = 2.0
# The shorter side at which it is measured: coarse enough to average grain and JPEG's chroma blocks.
_SIDE = 96
_BLOCK = 4
_DEGREE = 3


def is_color(photo: Photo) -> bool:
    """Tell whether a picture is in color.

    A black-and-white photograph may be toned (sepia, cyanotype) or yellowed: then its chroma is a
    function of its lightness. So a cubic in L is fitted to a and to b on a thumbnail, and the
    picture is in color if more than 2 CIELAB units (root mean square) are left over.
    """
    if photo.was_gray:
        return False
    factor = max(1, min(photo.height, photo.width) // _SIDE)
    # Of very many pixels a block's mean is known from some.
    stride = max(1, factor // _BLOCK)
    small = block_mean(photo.samples[::stride, ::stride], factor // stride)
    lab = rgb_to_lab(small.astype(np.float64)).reshape(-1, 3)
    chroma = lab[:, 1:]
    # L about −1…1, for a fit that float64 can solve.
    powers = np.vander(lab[:, 0] / 50 - 1, _DEGREE + 1)
    unexplained = chroma - powers @ np.linalg.lstsq(powers, chroma)[0]
    return bool(np.sqrt((unexplained**2).sum(axis=1).mean()) > _THRESHOLD)
