"""Enlarging chroma with luma as a guide, quickly: `rechroma.colorizer.guided` in OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer.guided import MARGIN
from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["guided"]

_WINDOW = (3, 3)
# Four times that of photographs: grain moves, and edges are followed twice, see `tweening`.
EPSILON = 4.0


def guided(planes: Plane, guide: Plane, out: Plane | None = None) -> Plane:
    """Return planes at the size of a guide, with the guide's edges.

    Args:
        planes: Shape (C, h, w), over the whole picture.
        guide: L in 0…100, shape (H, W).
        out: Where the result is put; a new array if None.

    Returns:
        Float32, shape (C, H, W).
    """
    cv2 = load_cv2()
    rows, columns = planes.shape[1:]
    size = guide.shape[1], guide.shape[0]
    result = np.empty((len(planes), *guide.shape), np.float32) if out is None else out
    light = cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_AREA)
    middle = cv2.blur(light, _WINDOW)
    variance = np.maximum(cv2.blur(light * light, _WINDOW) - middle * middle, 0) + EPSILON
    low, high = cv2.erode(light, np.ones(_WINDOW)), cv2.dilate(light, np.ones(_WINDOW))
    margin = MARGIN * (high - low)
    lower = cv2.resize(low - margin, size, interpolation=cv2.INTER_LINEAR)
    seen = cv2.max(guide, lower)
    upper = cv2.resize(high + margin, size, dst=lower, interpolation=cv2.INTER_LINEAR)
    cv2.min(seen, upper, dst=seen)
    rest = upper
    for plane, large in zip(planes, result, strict=True):
        slope = (cv2.blur(plane * light, _WINDOW) - cv2.blur(plane, _WINDOW) * middle) / variance
        cv2.resize(slope, size, dst=large, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(large, seen, dst=large)
        rest = cv2.resize(plane - slope * light, size, dst=rest, interpolation=cv2.INTER_LINEAR)
        cv2.add(large, rest, dst=large)
    return result
