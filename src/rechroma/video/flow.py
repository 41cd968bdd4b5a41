"""How places move from frame to frame, and where that can be trusted.

Dense inverse search (Kroeger et al., ECCV 2016) in OpenCV, at half of the network's input, which is
twice the resolution of its output; then averaged over the cells of that output. Both directions are
computed, and where they contradict each other, or brightness differs, a motion is not trusted.

All motions here are in cells: `motion[0]` along a row, `motion[1]` along a column, from a frame's
cell to the place in another frame that shows the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.floating[Any]]

__all__ = ["Flow", "Step", "chained", "identity", "normalized", "warped"]

# Cells by which the way there and back may miss, and the part of the motion's length that is added.
_MISS = 0.4
_MISS_PART = 0.05
# Brightness, of a frame brought to this spread, may differ by about so much.
_SPREAD = 40.0
_DIFFERENCE = 14.0
_LEAST_SPREAD = 3.0
# What is nearly right is right: trust is multiplied over many frames.
_SURE = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Where the cells of one frame are in another one.

    Attributes:
        motion: Float32, shape (2, h, w).
        trust: 0…1, shape (h, w).
    """

    motion: Plane
    trust: Plane

    def small(self) -> Step:
        """Return it in half of the memory: to a thousandth of a cell, of all but large motions."""
        return Step(self.motion.astype(np.float16), self.trust.astype(np.float16))

    def whole(self) -> Step:
        """Undo `small`."""
        return Step(self.motion.astype(np.float32), self.trust.astype(np.float32))


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
        back, forth = self._motion(second, first), self._motion(first, second)
        cells = self._cells(first), self._cells(second)
        return (
            Step(back, self._trust(back, forth, cells[1], cells[0])),
            Step(forth, self._trust(forth, back, cells[0], cells[1])),
        )

    def _motion(self, here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Plane:
        fine = self._search.calc(here, there, None)
        # A cell is two of these pixels a side.
        return np.moveaxis(self._cells(fine), -1, 0) * np.float32(0.5)

    def _cells(self, fine: NDArray[Any]) -> Plane:
        height, width = self._shape
        small = self._cv2.resize(fine, (width, height), interpolation=self._cv2.INTER_AREA)
        return small.astype(np.float32, copy=False)

    def _trust(self, there: Plane, back: Plane, here_light: Plane, there_light: Plane) -> Plane:
        x, y = self._columns + there[0], self._rows + there[1]
        returned = self._at(np.moveaxis(back, 0, -1), x, y)
        miss = np.hypot(there[0] + returned[..., 0], there[1] + returned[..., 1])
        allowed = _MISS + _MISS_PART * np.hypot(there[0], there[1])
        light = self._at(there_light, x, y) - here_light
        height, width = self._shape
        inside = (x > -0.75) & (y > -0.75) & (x < width - 0.25) & (y < height - 0.25)
        trust = _SURE * np.exp(-((miss / allowed) ** 2) - (light / _DIFFERENCE) ** 2) * inside
        return np.minimum(trust, 1).astype(np.float32)

    def _at(self, plane: NDArray[Any], x: Plane, y: Plane) -> NDArray[Any]:
        cv2 = self._cv2
        return cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def chained(first: Step, second: Step) -> Step:
    """Return the step that goes on with `second` where `first` ends."""
    moved = warped(second.motion, first.motion)
    trust = warped(second.trust[None], first.motion)[0] * first.trust
    return Step(first.motion + moved, trust)


def warped(planes: Plane, motion: Plane) -> Plane:
    """Return what float32 planes, shape (C, h, w), show where a motion leads."""
    cv2 = load_cv2()
    columns, rows = _places(planes.shape[1:])
    where = cv2.convertMaps(columns + motion[0], rows + motion[1], cv2.CV_16SC2)
    result = np.empty(planes.shape, np.float32)
    for plane, taken in zip(planes, result, strict=True):
        cv2.remap(plane, *where, cv2.INTER_LINEAR, dst=taken, borderMode=cv2.BORDER_REPLICATE)
    return result


def _places(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return columns, rows
