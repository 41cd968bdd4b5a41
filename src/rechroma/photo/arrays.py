"""Arrays as photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.errors import UnreadablePhotoError
from rechroma.photo.model import BitDepth, Photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_array"]


def from_array(values: NDArray[Any]) -> Photo:
    """Return an array as a photo.

    Args:
        values: Shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with alpha; bool, uint8, uint16, or
            float in 0…1 (clipped; NaN is black), sRGB-encoded.

    Raises:
        UnreadablePhotoError: Another shape or type, or no pixels.
    """
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or values.size == 0:
        raise UnreadablePhotoError(
            f"an array of shape {values.shape} is not a picture",
            "give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with at least one pixel",
        )
    alpha = np.ascontiguousarray(values[..., 3]) if values.shape[2] == 4 else None
    colors, depth = _as_samples(values[..., :3])
    return Photo(
        samples=np.broadcast_to(colors, (*colors.shape[:2], 3)),
        alpha=alpha,
        bit_depth=depth,
        was_gray=colors.shape[2] == 1,
    )


def _as_samples(values: NDArray[Any]) -> tuple[NDArray[Any], BitDepth]:
    """Return a copy, so that the photo stays as it is when the caller goes on with the array."""
    match values.dtype.kind, values.dtype.itemsize:
        case "b", _:
            return values.astype(np.uint8) * np.uint8(255), 8
        case "u", 1:
            return values.copy(), 8
        case "u", 2:
            return values.copy(), 16
        case "f", _:
            return np.clip(np.nan_to_num(values, nan=0.0), 0, 1).astype(np.float32), 32
        case _:
            raise UnreadablePhotoError(
                f"an array of {values.dtype} is not a picture", "give uint8, uint16 or float in 0…1"
            )
