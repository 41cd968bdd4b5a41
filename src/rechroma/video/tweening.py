"""Frames between two keys take their colors from both, by the motion.

A key's chroma is enlarged to twice its cells with luma as a guide, and is followed at that size:
carried about at the size of cells, it would be blurred and sharpened again as it moves from cell to
cell, and that flickers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.video.flow import Step, chained, identity, warped
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
    keys: Sequence[Key], planes: Sequence[Plane], steps: Sequence[tuple[Step, Step] | None]
) -> Iterator[Plane]:
    """Yield the chroma of each frame of a part, shape (2, h, w), at `FINER` places a cell.

    Args:
        keys: Of the part, at least one.
        planes: The chroma of each key, at its cells.
        steps: For each frame, see `rechroma.video.analysis.Part`.
    """
    now = finer(planes[0], keys[0].light)
    for i, key in enumerate(keys):
        yield now
        following = keys[i + 1] if i + 1 < len(keys) else None
        last = len(steps) - 1 if following is None else following.index
        pairs = steps[key.index + 1 : last + 1]
        whole = [(each[0].whole(), each[1].whole()) for each in pairs if each is not None]
        second = None if following is None else finer(planes[i + 1], following.light)
        yield from between_keys(whole, now, second)
        now = now if second is None else second


def finer(planes: Plane, light: NDArray[np.generic]) -> Plane:
    """Return a key's chroma at `FINER` places a cell.

    Args:
        planes: a and b, shape (2, h, w).
        light: L of 255 at those places, shape (FINER · h, FINER · w).
    """
    return guided(planes, light.astype(np.float32) * np.float32(100 / 255))


def between_keys(
    steps: Sequence[tuple[Step, Step]], first: Plane, second: Plane | None
) -> Iterator[Plane]:
    """Yield the chroma of the frames after a key, up to the next one, which isn't among them.

    Args:
        steps: For each frame after the key, and the next key, the step to the frame before it and
            that from the frame before to it; of cells.
        first: The key's chroma, shape (2, h, w), as large as the steps or some times larger.
        second: The next key's; None if there is none, and all steps are of frames.
    """
    count = len(steps) if second is None else len(steps) - 1
    forths: list[Step] = []
    if second is not None:
        way = identity(steps[0][0].trust.shape)
        for _, forth in reversed(steps[1:]):
            way = chained(forth, way)
            forths.append(way)
        forths.reverse()
    way = None
    for i in range(count):
        way = steps[i][0] if way is None else chained(steps[i][0], way)
        near = np.float32((i + 1) / (count + 1))
        back = _at(way, first.shape)
        one = warped(first, back.motion)
        if second is None:
            yield _filled(one, back.trust)
            continue
        # The first step leads to the first frame, so forths[i] leads from frame i to the key.
        forth = _at(forths[i], first.shape)
        other = warped(second, forth.motion)
        # Where nothing leads to either key, as in a dissolve, time alone decides.
        left, right = (back.trust + _NO_TRUST) * (1 - near), (forth.trust + _NO_TRUST) * near
        share = right / (left + right)
        mixed = _filled(one + share * (other - one), np.maximum(back.trust, forth.trust))
        yield _as_strong(mixed, first, second, float(near))


def _at(step: Step, shape: tuple[int, ...]) -> Step:
    """Return a step of cells for places that are some times as many."""
    cv2 = load_cv2()
    size = shape[2], shape[1]
    if step.trust.shape == shape[1:]:
        return step
    times = np.float32(shape[1] / step.trust.shape[0])
    planes = [cv2.resize(each, size, interpolation=cv2.INTER_LINEAR) for each in step.motion]
    trust = cv2.resize(step.trust, size, interpolation=cv2.INTER_LINEAR)
    return Step(np.stack(planes) * times, trust)


def _as_strong(mixed: Plane, first: Plane, second: Plane, near: float) -> Plane:
    """Give the mixture of two keys, paler than either, the chroma that lies between theirs."""
    wanted = mean_chroma(first) * (1 - near) + mean_chroma(second) * near
    return mixed * np.float32(np.clip(wanted / max(mean_chroma(mixed), 1e-6), 1, _STRONGER))


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
