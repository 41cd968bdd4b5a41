"""How places move from frame to frame, and where that can be trusted.

Dense inverse search (Kroeger et al., ECCV 2016) in OpenCV, at half of the network's input, which is
twice the resolution of its output; then averaged over the cells of that output. Both directions are
computed, and where they contradict each other, or brightness differs, a motion is not trusted.

All motions here are in cells: `motion[0]` along a row, `motion[1]` along a column, from a frame's
cell to the place in another frame that shows the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["Flow", "SmallStep", "Step", "chained", "identity", "normalized", "warped"]

# Cells by which the way there and back may miss, and the part of the motion's length that is added.
_MISS = 0.4
_MISS_PART = 0.05
# Brightness, of a frame brought to this spread, may differ by about so much.
_SPREAD = 40.0
_DIFFERENCE = 14.0
_LEAST_SPREAD = 3.0
# What is nearly right is right: trust is multiplied over many frames.
_SURE = 3.0
# Parts of a cell in which a motion is kept, and the most of them.
_SMALL_UNIT = 128
_SMALL_MOST = 32767


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Where the cells of one frame are in another one.

    Attributes:
        motion: Float32, shape (2, h, w).
        trust: 0…1, shape (h, w).
    """

    motion: Plane
    trust: Plane

    def small(self) -> SmallStep:
        """Return it in less than half of the memory: to 1/256 of a cell and 1/510 of trust."""
        reach = np.float32(_SMALL_UNIT)
        motion = np.clip(self.motion * reach, -_SMALL_MOST, _SMALL_MOST)
        return SmallStep(
            np.rint(motion).astype(np.int16), (self.trust * 255 + np.float32(0.5)).astype(np.uint8)
        )


@dataclass(frozen=True, slots=True, eq=False)
class SmallStep:
    """A `Step` to be kept.

    Attributes:
        motion: In 1/128 of a cell, int16, shape (2, h, w).
        trust: Of 255, uint8, shape (h, w).
    """

    motion: NDArray[np.int16]
    trust: NDArray[np.uint8]

    def whole(self) -> Step:
        """Return it as it was."""
        return Step(self.motion * np.float32(1 / _SMALL_UNIT), self.trust * np.float32(1 / 255))


def identity(shape: tuple[int, int]) -> Step:
    """Return the step of a frame to itself."""
    return Step(np.zeros((2, *shape), np.float32), np.ones(shape, np.float32))


def normalized(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a frame at one mean and spread, so that fading changes nothing."""
    cv2 = load_cv2()
    mean, spread = cv2.meanStdDev(plane)
    scale = _SPREAD / max(float(spread[0, 0]), _LEAST_SPREAD)
    level = (plane - np.float32(mean[0, 0])) * np.float32(scale) + 128
    return np.clip(level, 0, 255).astype(np.uint8)


class Flow:
    """Computes steps between neighboring frames.

    Args:
        shape: Rows and columns of cells; frames have twice as many.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        cv2 = load_cv2()
        self._cv2: Any = cv2
        self._search: Any = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._shape = shape
        self._columns, self._rows = _places(shape)

    def between(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> tuple[Step, Step]:
        """Return the step from the second frame to the first, and that from the first to it."""
        if np.array_equal(first, second):
            still = identity(self._shape)
            return still, still
        back, forth = self._motion(second, first), self._motion(first, second)
        cells = self._cells(first), self._cells(second)
        return (
            Step(back, self._trust(back, forth, cells[1], cells[0])),
            Step(forth, self._trust(forth, back, cells[0], cells[1])),
        )

    def _motion(self, here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Plane:
        fine = self._search.calc(here, there, None)
        # A cell is two of these pixels a side.
        return np.stack(self._cv2.split(self._cells(fine))) * np.float32(0.5)

    def _cells(self, fine: NDArray[Any]) -> Plane:
        height, width = self._shape
        small = self._cv2.resize(fine, (width, height), interpolation=self._cv2.INTER_AREA)
        return small.astype(np.float32, copy=False)

    def _trust(self, there: Plane, back: Plane, here_light: Plane, there_light: Plane) -> Plane:
        x, y = self._columns + there[0], self._rows + there[1]
        returned = [self._at(each, x, y) for each in back]
        cv2 = self._cv2
        miss = cv2.magnitude(there[0] + returned[0], there[1] + returned[1])
        allowed = _MISS + _MISS_PART * cv2.magnitude(there[0], there[1])
        light = self._at(there_light, x, y) - here_light
        height, width = self._shape
        inside = (x > -0.75) & (y > -0.75) & (x < width - 0.25) & (y < height - 0.25)
        miss /= allowed
        light *= np.float32(1 / _DIFFERENCE)
        trust = cv2.exp(-(miss * miss) - light * light)
        trust *= np.float32(_SURE)
        trust *= inside
        return np.minimum(trust, np.float32(1))

    def _at(self, plane: NDArray[Any], x: Plane, y: Plane) -> NDArray[Any]:
        cv2 = self._cv2
        return cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def chained(first: Step, second: Step) -> Step:
    """Return the step that goes on with `second` where `first` ends."""
    x, y = _ends(first.motion)
    motion = np.empty_like(first.motion)
    for plane, taken in zip(second.motion, motion, strict=True):
        _taken(plane, x, y, taken)
    motion += first.motion
    trust = np.empty_like(first.trust)
    _taken(second.trust, x, y, trust)
    trust *= first.trust
    return Step(motion, trust)


def warped(planes: Plane, motion: Plane) -> Plane:
    """Return what float32 planes, shape (C, h, w), show where a motion leads."""
    x, y = _ends(motion)
    result = np.empty(planes.shape, np.float32)
    for plane, taken in zip(planes, result, strict=True):
        _taken(plane, x, y, taken)
    return result


def _ends(motion: Plane) -> tuple[Plane, Plane]:
    columns, rows = _places(motion.shape[1:])
    return columns + motion[0], rows + motion[1]


def _taken(plane: Plane, x: Plane, y: Plane, result: Plane) -> None:
    cv2 = load_cv2()
    cv2.remap(plane, x, y, cv2.INTER_LINEAR, dst=result, borderMode=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=8)
def _places(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return columns, rows
