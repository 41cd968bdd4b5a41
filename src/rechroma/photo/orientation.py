"""EXIF orientation: how stored rows and columns become an upright picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["upright"]

Scalar = TypeVar("Scalar", bound=np.generic)


def upright(pixels: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """Turn pixels, shape (H, W, ...), as EXIF's tag 274 says; unknown values change nothing."""
    match orientation:
        case 2:
            return pixels[:, ::-1]
        case 3:
            return pixels[::-1, ::-1]
        case 4:
            return pixels[::-1]
        case 5:
            return np.swapaxes(pixels, 0, 1)
        case 6:
            return np.swapaxes(pixels, 0, 1)[:, ::-1]
        case 7:
            return np.swapaxes(pixels, 0, 1)[::-1, ::-1]
        case 8:
            return np.swapaxes(pixels, 0, 1)[::-1]
        case _:
            return pixels
