"""Where shots end: at cuts, and not at flashes.

A cut is where little of a frame is found in the one before it, and what is left differs. Where the
film goes on as before after a few frames, those were a flash (lightning, a photographer's lamp, a
damaged frame): it belongs to the shot, and colors stay as they are through it. A dissolve has no
such place: what is found gets less from frame to frame, the network looks more often, and colors go
over from those of one shot to those of the other as the picture does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rechroma.video.flow import Flow, Step, identity
from rechroma.video.kinds import load_cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.video.source import Shown

__all__ = ["Walked", "walked"]

# A frame begins a shot if less than this part of it can be found in the frame before, and what is
# left differs by this much (of 255, at one spread).
_FOUND = 0.35
_DIFFERS = 16.0
# A flash has at most so many frames, and of the frame before it so much is found after it.
_FLASH = 4
_FOUND_AGAIN = 0.5


@dataclass(slots=True, eq=False)
class Walked:
    """A frame on the way through a film.

    Attributes:
        shown: The frame.
        plane: What `look` made of it.
        small: The same, `normalized`.
        steps: The step to the frame before it, and that from there to it; None at the first frame.
        cut: Whether it begins a shot.
    """

    shown: Shown
    plane: NDArray[Any]
    small: NDArray[np.uint8]
    steps: tuple[Step, Step] | None = None
    cut: bool = False


def walked(
    frames: Iterable[Shown],
    look: Callable[[Shown], tuple[NDArray[Any], NDArray[np.uint8]]],
    cells: tuple[int, int],
) -> Iterator[Walked]:
    """Yield frames with the motion between them, and where shots begin.

    Args:
        frames: In their order.
        look: Makes of a frame a plane of any kind, and one that is `normalized`, twice the cells.
        cells: Rows and columns of what motion is told of.
    """
    flow = Flow(cells)
    source = (Walked(shown, *look(shown)) for shown in frames)
    waiting: deque[Walked] = deque()
    before: Walked | None = None
    while True:
        now = waiting.popleft() if waiting else next(source, None)
        if now is None:
            return
        if before is not None and now.steps is None:
            now.steps = flow.between(before.small, now.small)
            if _is_cut(now.steps, before.small, now.small):
                now.cut = not _is_flash(before, now, source, waiting, flow, cells)
        yield now
        before = now


def _is_cut(steps: tuple[Step, Step], before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Tell whether two frames are of different shots."""
    if _found(steps) >= _FOUND:
        return False
    return float(load_cv2().absdiff(before, after).mean()) > _DIFFERS


def _found(steps: tuple[Step, Step]) -> float:
    """Return the part of two frames that is found in each other, 0…1."""
    return float(min(steps[0].trust.mean(), steps[1].trust.mean()))


def _is_flash(
    before: Walked,
    now: Walked,
    source: Iterator[Walked],
    waiting: deque[Walked],
    flow: Flow,
    cells: tuple[int, int],
) -> bool:
    """Tell whether the film soon goes on as it was, and if so lead motion over what is between."""
    for count in range(_FLASH):
        if count == len(waiting):
            following = next(source, None)
            if following is None:
                return False
            waiting.append(following)
        after = waiting[count]
        steps = flow.between(before.small, after.small)
        if _found(steps) >= _FOUND_AGAIN and not _is_cut(steps, before.small, after.small):
            for each in (now, *list(waiting)[:count]):
                each.steps = identity(cells), identity(cells)
            after.steps = steps
            return True
    return False
