"""The array type of this room, and its two layouts.

Colors have their channels on the last axis, whatever the memory looks like. Inside, work is done
plane by plane: NumPy's vector loops need neighbors in memory, and interleaved channels have none.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "as_float", "from_planes", "to_planes"]

FloatArray: TypeAlias = NDArray[np.floating[Any]]


def as_float(values: FloatArray) -> FloatArray:
    """Return `values` as they are if floating, in float64 if they are integers or a list.

    Integers are *not* scaled: 8-bit pictures have to be divided by 255 by whoever knows that they
    are 8-bit.
    """
    values = np.asarray(values)
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)


def to_planes(colors: FloatArray) -> FloatArray:
    """Return colors, shape (..., 3), as contiguous planes, shape (3, ...); no copy if they are."""
    colors = as_float(colors)
    last = colors.ndim - 1
    return np.ascontiguousarray(colors.transpose(last, *range(last)))


def from_planes(planes: FloatArray) -> FloatArray:
    """Return planes, shape (3, ...), as colors, shape (..., 3): a view."""
    return planes.transpose(*range(1, planes.ndim), 0)
