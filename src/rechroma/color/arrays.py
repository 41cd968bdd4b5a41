"""The array type of this room."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "as_float"]

FloatArray: TypeAlias = NDArray[np.floating[Any]]


def as_float(values: FloatArray) -> FloatArray:
    """Return `values` as they are if floating, in float64 if they are integers or a list.

    Integers are *not* scaled: 8-bit pictures have to be divided by 255 by whoever knows that they
    are 8-bit.
    """
    values = np.asarray(values)
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)
