"""Turning a print by a small angle, and cutting it out of its border."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.photo.samples import is_one_channel, quantize, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo import Photo

    Box = tuple[int, int, int, int]

__all__ = ["Geometry"]


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a photo is turned, and what is cut out of it then.

    Attributes:
        size: The photo's width and height.
        angle: Degrees by which it is turned back, counterclockwise, about its center.
        crop: Left, top, right and bottom of what is kept, after that; None for all.
    """

    size: tuple[int, int]
    angle: float = 0.0
    crop: Box | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether a photo stays as it is."""
        return not self.angle and self.crop is None

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the photo is afterwards."""
        middle_x, middle_y = self.size[0] / 2, self.size[1] / 2
        turn = math.radians(-self.angle)
        across, down = x - middle_x, y - middle_y
        left, top = (0, 0) if self.crop is None else self.crop[:2]
        return (
            across * math.cos(turn) - down * math.sin(turn) + middle_x - left,
            across * math.sin(turn) + down * math.cos(turn) + middle_y - top,
        )

    def apply(self, photo: Photo) -> Photo:
        """Return a photo of `size` as it is afterwards; the very same one if nothing changes."""
        if self.changes_nothing:
            return photo
        alpha = photo.alpha
        if alpha is not None:
            alpha = self._changed(alpha[..., None])[..., 0]
        changed = photo.with_pixels(self._changed(photo.samples))
        return replace(changed, alpha=alpha, was_gray=photo.was_gray)

    def _changed(self, samples: NDArray[Any]) -> NDArray[Any]:
        one = is_one_channel(samples)
        planes = samples[..., :1] if one else samples
        if self.angle:
            planes = np.stack(
                [self._turned(planes[..., each]) for each in range(planes.shape[2])], axis=-1
            )
        if self.crop is not None:
            left, top, right, bottom = self.crop
            planes = np.ascontiguousarray(planes[top:bottom, left:right])
        return np.broadcast_to(planes, (*planes.shape[:2], samples.shape[2])) if one else planes

    def _turned(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Turn a plane of samples; at the corners its rim is repeated."""
        width, height = self.size
        turn = math.radians(self.angle)
        rim = math.ceil(abs(math.sin(turn)) * max(self.size)) + 2
        padded = np.pad(to_float(plane), rim, mode="edge")
        c, s = math.cos(turn), math.sin(turn)
        x, y = width / 2, height / 2
        # From a place afterwards to where it was.
        back = (c, -s, x - c * x + s * y + rim, s, c, y - s * x - c * y + rim)
        turned = Image.fromarray(padded).transform(
            (width, height), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC
        )
        return quantize(np.clip(np.asarray(turned), 0, 1), plane.dtype)
