"""Layers over a prediction: what masks say, at the picture's own resolution."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.colorizer.masks import hints_inside, plane_of, resampled
from rechroma.photo.samples import quantize, requantize, row_strips, to_float

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.guided import GuidedPlanes
    from rechroma.colorizer.hints import Hint
    from rechroma.colorizer.masks import Mask, MaskPlane
    from rechroma.colorizer.reach import Answer
    from rechroma.photo import Photo, Source

__all__ = ["Layer", "LayeredPlanes", "covered", "keep_pixels", "layered", "layers_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What becomes of a part of a picture.

    Attributes:
        mask: Where, at the mask's own size.
        answer: The colors that it has instead; None: those that are beneath.
        strength: Factor on these.
        keep: The picture's own pixels stay.
    """

    mask: MaskPlane
    answer: Answer | None = None
    strength: float = 1.0
    keep: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Top:
    """A layer at the picture's size."""

    mask: MaskPlane
    planes: GuidedPlanes | None
    strength: float


class LayeredPlanes:
    """Chroma with layers over it: read like `GuidedPlanes`.

    Args:
        base: What is beneath.
        tops: What lies over it, from below.
        neutral: The number that stands for no chroma.
    """

    def __init__(self, base: GuidedPlanes, tops: Sequence[_Top], neutral: float) -> None:
        self._base, self._tops, self._neutral = base, tops, np.float32(neutral)

    def scaled(self, factors: Sequence[float], offset: float, divisor: float) -> LayeredPlanes:
        """See `GuidedPlanes.scaled`."""
        other = copy(self)
        other._base = self._base.scaled(factors, offset, divisor)
        other._tops = [
            top if top.planes is None
            else replace(top, planes=top.planes.scaled(factors, offset, divisor))
            for top in self._tops
        ]  # fmt: skip
        return other

    def rows(self, start: int, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `GuidedPlanes.rows`."""
        result = self._base.rows(start, lightness)
        self._lay(result, start, lightness)
        return result

    def fill(self, planes: NDArray[np.float32], start: int, lightness: NDArray[np.float32]) -> None:
        """See `GuidedPlanes.fill`."""
        self._base.fill(planes, start, lightness)
        self._lay(planes[:-3], start, lightness)

    def _lay(self, result: NDArray[np.float32], start: int, lightness: NDArray[np.float32]) -> None:
        for top in self._tops:
            mask = top.mask[start : start + len(lightness)]
            if not mask.any():
                continue
            share = mask.astype(np.float32) / np.float32(255)
            # Where the share is 0 nothing is added at all.
            if top.planes is None:
                result += share * np.float32(1 - top.strength) * (self._neutral - result)
            else:
                result += share * (top.planes.rows(start, lightness) - result)


def layers_of(
    masks: Sequence[Mask],
    photo: Photo,
    answer_to: Callable[[list[Hint]], Answer],
    answer_in: Callable[[Source | Photo], Answer],
) -> list[Layer]:
    """Return what masks say, as layers from below.

    Args:
        masks: In their order.
        photo: What they are for.
        answer_to: What the network says to further hints.
        answer_in: What it says in a mood.

    Raises:
        UsageError: A mask that is empty or of another shape than the photo.
        PhotoError: Its picture can't be read.
    """
    planes = [plane_of(mask, photo) for mask in masks]
    colored = [
        (mask.color, plane)
        for mask, plane in zip(masks, planes, strict=True)
        if mask.color is not None and not mask.is_gray
    ]
    # One run of the network for all colors together.
    answer = answer_to(hints_inside(colored, photo)) if colored else None
    layers: list[Layer] = []
    for mask, plane in zip(masks, planes, strict=True):
        if mask.mood is not None:
            layers.append(Layer(plane, answer_in(mask.mood)))
        elif mask.color is not None and not mask.is_gray:
            layers.append(Layer(plane, answer))
        else:
            strength = 0.0 if mask.strength is None else mask.strength
            layers.append(Layer(plane, strength=strength, keep=mask.keep))
    return layers


def layered(
    make: Callable[[NDArray[np.float32]], GuidedPlanes],
    planes: NDArray[np.float32],
    layers: Sequence[Layer],
    shape: tuple[int, int],
    neutral: float = 0.0,
) -> GuidedPlanes | LayeredPlanes:
    """Return chroma with layers over it, at a picture's size.

    Args:
        make: Enlarges planes to that size.
        planes: What is beneath.
        layers: From below; what is kept loses its chroma, and lies above all.
        shape: Rows and columns of the picture.
        neutral: The number that stands for no chroma in what `make` gives.
    """
    if not layers:
        return make(planes)
    kept = [each for each in layers if each.keep]
    tops = [
        _Top(
            resampled(each.mask, shape),
            None if each.answer is None else make(each.answer.maps),
            each.strength,
        )
        for each in layers
        if not each.keep
    ]
    if kept:
        tops.append(_Top(_cover(kept, shape), None, 0.0))
    return LayeredPlanes(make(planes), tops, neutral)


def keep_pixels(
    result: NDArray[Any], samples: NDArray[Any], layers: Sequence[Layer], *, mix: bool
) -> None:
    """Put a picture's own pixels where they are to be kept.

    Args:
        result: The picture in color, shape (H, W, 3); changed.
        samples: As it was, of any type of samples.
        layers: All of them.
        mix: Whether soft edges are mixed here, and not by chroma.
    """
    kept = [each for each in layers if each.keep]
    if not kept:
        return
    shares = _cover(kept, result.shape[:2])
    for rows in row_strips(result.shape):
        share = shares[rows]
        if not share.any():
            continue
        part, before = result[rows], requantize(samples[rows], result.dtype)
        if mix:
            weight = (share.astype(np.float32) / np.float32(255))[..., None]
            mixed = to_float(part) + weight * (to_float(before) - to_float(part))
            np.copyto(part, quantize(mixed, result.dtype), where=(share > 0)[..., None])
        np.copyto(part, before, where=(share == 255)[..., None])


def covered(layers: Sequence[Layer], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return how far layers, one or more, cover each pixel: 0…1, shape (H, W)."""
    return _cover(layers, shape).astype(np.float32) / np.float32(255)


def _cover(layers: Sequence[Layer], shape: tuple[int, int]) -> MaskPlane:
    return np.max([resampled(each.mask, shape) for each in layers], axis=0)
