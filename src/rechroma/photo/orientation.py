"""Pixels as they stand in a file, and upright: EXIF's tag 274."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["as_stored", "upright"]

Scalar = TypeVar("Scalar", bound=np.generic)

# Turning by a quarter is undone by turning the other way; all else undoes itself.
_BACK = {6: 8, 8: 6}


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


def as_stored(pixels: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """Turn upright pixels, shape (H, W, ...), back as they stood in the file."""
    return upright(pixels, _BACK.get(orientation, orientation))
