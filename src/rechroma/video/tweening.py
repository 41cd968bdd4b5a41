"""Frames between two keys take their colors from both, by the motion.

A key's chroma is enlarged to twice its cells with luma as a guide, and is followed at that size:
carried about at the size of cells, it would be blurred and sharpened again as it moves from cell to
cell, and that flickers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.flow import SmallStep, Step, warped
from rechroma.video.guiding import guided
from rechroma.video.kinds import load_cv2
from rechroma.video.steady import mean_chroma

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rechroma.video.steady import Key

    Plane = NDArray[np.floating[Any]]

__all__ = ["FINER", "between_keys", "finer", "part_planes"]

# Places a side of a cell at which chroma is followed.
FINER = 2
# The mixture of two keys may be raised by so much.
_STRONGER = 1.1
_NO_TRUST = np.float32(1e-3)


def part_planes(
    keys: Sequence[Key],
    planes: Sequence[Plane],
    backs: Sequence[SmallStep | None],
    forths: Sequence[SmallStep | None],
) -> Iterator[Plane]:
    """Yield the chroma of each frame of a part, shape (2, h, w), at `FINER` places a cell.

    Args:
        keys: Of the part, at least one.
        planes: The chroma of each key, at its cells.
        backs: For each frame, see `rechroma.video.analysis.Part`.
        forths: For each frame, see there.
    """
    now = finer(planes[0], keys[0].light)
    for i, key in enumerate(keys):
        yield now
        following = keys[i + 1] if i + 1 < len(keys) else None
        between = slice(key.index + 1, len(backs) if following is None else following.index)
        second = None if following is None else finer(planes[i + 1], following.light)
        yield from between_keys(backs[between], forths[between], now, second)
        now = now if second is None else second


def finer(planes: Plane, light: NDArray[np.generic]) -> Plane:
    """Return a key's chroma at `FINER` places a cell.

    Args:
        planes: a and b, shape (2, h, w).
        light: L of 255 at those places, shape (FINER · h, FINER · w).
    """
    return guided(planes, light.astype(np.float32) * np.float32(100 / 255))


def between_keys(
    backs: Sequence[SmallStep | None],
    forths: Sequence[SmallStep | None],
    first: Plane,
    second: Plane | None,
) -> Iterator[Plane]:
    """Yield the chroma of the frames between two keys.

    Args:
        backs: For each frame the way to the key before; of cells.
        forths: For each frame the way to the key after.
        first: The key's chroma, shape (2, h, w), as large as the ways or some times larger.
        second: The next key's; None if there is none.
    """
    strengths = mean_chroma(first), 0.0 if second is None else mean_chroma(second)
    for i, (to_first, to_second) in enumerate(zip(backs, forths, strict=True)):
        assert to_first is not None  # noqa: S101 - only keys have none
        near = np.float32((i + 1) / (len(backs) + 1))
        back = _at(to_first, first.shape)
        one = warped(first, back.motion)
        if second is None or to_second is None:
            yield _filled(one, back.trust)
            continue
        forth = _at(to_second, first.shape)
        mixed = warped(second, forth.motion)
        # Where nothing leads to either key, as in a dissolve, time alone decides.
        left, right = (back.trust + _NO_TRUST) * (1 - near), (forth.trust + _NO_TRUST) * near
        left += right
        right /= left
        mixed -= one
        mixed *= right
        mixed += one
        mixed = _filled(mixed, np.maximum(back.trust, forth.trust))
        wanted = strengths[0] * (1 - near) + strengths[1] * near
        # The mixture of two keys, paler than either, gets the chroma that lies between theirs.
        yield mixed * np.float32(np.clip(wanted / max(mean_chroma(mixed), 1e-6), 1, _STRONGER))


def _at(small: SmallStep, shape: tuple[int, ...]) -> Step:
    """Return a way of cells for places that are some times as many."""
    cv2 = load_cv2()
    step = small.whole()
    if step.trust.shape == shape[1:]:
        return step
    size = shape[2], shape[1]
    times = np.float32(shape[1] / step.trust.shape[0])
    motion = np.empty((2, *shape[1:]), np.float32)
    for each, large in zip(step.motion * times, motion, strict=True):
        cv2.resize(each, size, dst=large, interpolation=cv2.INTER_LINEAR)
    return Step(motion, cv2.resize(step.trust, size, interpolation=cv2.INTER_LINEAR))


def _filled(planes: Plane, trust: Plane) -> Plane:
    """Give places that nothing leads to the colors around them."""
    if float(trust.min()) > 0.5:
        return planes
    cv2 = load_cv2()
    weight = trust + np.float32(1e-3)
    size = (8 * FINER + 1, 8 * FINER + 1)
    total = cv2.blur(weight, size)
    around = np.stack([cv2.blur(plane * weight, size) / total for plane in planes])
    keep = np.clip(trust * 2, 0, 1)
    return around + keep * (planes - around)
