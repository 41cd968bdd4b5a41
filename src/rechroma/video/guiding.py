"""Frames made smaller, and chroma enlarged with luma as a guide: `colorizer.guided` in OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer.guided import MARGIN
from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["guided", "shrunk"]

_WINDOW = (3, 3)
# Up to so many times larger, interpolating is nearly averaging.
_NEARLY = 1.5
_KERNEL = np.ones(_WINDOW)
# The least part of a guide's range between the two values at which a change is looked at.
_APART = 0.02
# Four times that of photographs: grain moves, and edges are followed twice, see `tweening`.
EPSILON = 4.0


def shrunk(luma: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Return a plane at another size, each pixel about the mean of what it covers."""
    cv2 = load_cv2()
    # By halves first: the mean of means of as many pixels is the mean. Averaging over parts of
    # pixels takes ten times as long; to a half of an odd size interpolating is nearly that.
    while luma.shape[0] >= 2 * rows and luma.shape[1] >= 2 * columns:
        odd = luma.shape[0] % 2 or luma.shape[1] % 2
        half = (luma.shape[1] + 1) // 2, (luma.shape[0] + 1) // 2
        luma = cv2.resize(luma, half, interpolation=cv2.INTER_LINEAR if odd else cv2.INTER_AREA)
    times = max(luma.shape[0] / rows, luma.shape[1] / columns)
    smaller = cv2.INTER_AREA if times > _NEARLY else cv2.INTER_LINEAR
    how = smaller if times >= 1 else cv2.INTER_CUBIC
    return cv2.resize(luma, (columns, rows), interpolation=how)


def guided(
    planes: Plane,
    guide: Plane,
    change: Callable[[Plane, Plane], Plane] | None = None,
    *,
    reach: float = 100.0,
) -> Plane:
    """Return planes at the size of a guide, with the guide's edges.

    Args:
        planes: Shape (C, h, w), over the whole picture.
        guide: L, or what runs like it, shape (H, W).
        change: Makes other planes of planes at a guide's values, both of any one shape. It is
            asked for the ends of what the guide may be around each place of the small planes, and
            what lies between them is taken to be straight: of colors, no line between two of a
            screen's leaves the screen's. None for none.
        reach: The guide's values are 0 to this.

    Returns:
        Float32, shape (C, H, W).
    """
    cv2 = load_cv2()
    rows, columns = planes.shape[1:]
    size = guide.shape[1], guide.shape[0]
    light = shrunk(guide, rows, columns)
    middle = cv2.blur(light, _WINDOW)
    variance = np.maximum(cv2.blur(light * light, _WINDOW) - middle * middle, 0)
    variance += np.float32(EPSILON * (reach / 100) ** 2)
    low, high = cv2.erode(light, _KERNEL), cv2.dilate(light, _KERNEL)
    margin = MARGIN * (high - low)
    low, high = low - margin, high + margin
    slopes = np.stack(
        [
            (cv2.blur(plane * light, _WINDOW) - cv2.blur(plane, _WINDOW) * middle) / variance
            for plane in planes
        ]
    )
    rests = planes - slopes * light
    if change is not None:
        slopes, rests = _changed(change, slopes, rests, low, high, np.float32(_APART * reach))
    lower = cv2.resize(low, size, interpolation=cv2.INTER_LINEAR)
    seen = cv2.max(guide, lower)
    upper = cv2.resize(high, size, dst=lower, interpolation=cv2.INTER_LINEAR)
    cv2.min(seen, upper, dst=seen)
    result = np.empty((len(slopes), *guide.shape), np.float32)
    rest = upper
    for slope, offset, large in zip(slopes, rests, result, strict=True):
        cv2.resize(slope, size, dst=large, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(large, seen, dst=large)
        rest = cv2.resize(offset, size, dst=rest, interpolation=cv2.INTER_LINEAR)
        cv2.add(large, rest, dst=large)
    return result


def _changed(
    change: Callable[[Plane, Plane], Plane],
    slopes: Plane,
    rests: Plane,
    low: Plane,
    high: Plane,
    apart: np.float32,
) -> tuple[Plane, Plane]:
    """Return the slopes and rests of what a change makes of planes at two values of the guide."""
    reach = np.maximum(high - low, apart)
    rows = len(low)
    ends = np.concatenate([low, low + reach])
    both = np.empty((len(slopes), 2 * rows, low.shape[1]), np.float32)
    np.multiply(slopes, low, out=both[:, :rows])
    both[:, :rows] += rests
    np.multiply(slopes, reach, out=both[:, rows:])
    both[:, rows:] += both[:, :rows]
    made = change(ends, both)
    first = made[:, :rows]
    slopes = (made[:, rows:] - first) / reach
    return slopes, first - slopes * low
