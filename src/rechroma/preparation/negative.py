"""Whether a black-and-white picture looks like a negative."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["looks_negative"]


def looks_negative(rgb: NDArray[np.float32]) -> bool:
    """Tell whether light and dark lie in a picture as they do in a negative."""
    return rgb is None
