"""Work on a picture's rows, a strip at a time: what is held besides the result stays small."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["do_strips", "row_strips"]


def row_strips(shape: Sequence[int], pixels: int, *, multiple: int = 1) -> list[slice]:
    """Return slices of rows that cover a picture from the top.

    Args:
        shape: (H, W, ...).
        pixels: Of a strip, about; at least one row is in it.
        multiple: Of which each strip has whole ones in rows; only the last may be cut.
    """
    height, width = shape[:2]
    step = max(1, pixels // max(1, width) // multiple) * multiple
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]


def do_strips(work: Callable[[slice], None], strips: Sequence[slice], threads: int = 1) -> None:
    """Call `work` with every strip; in several threads, the strips in any order.

    Raises:
        Exception: What `work` raised first, in the order of the strips.
    """
    if threads == 1 or len(strips) <= 1:
        for strip in strips:
            work(strip)
        return
    # Loaded by what needs it: a small picture has one strip.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        # The list draws the results, so that what a thread raised is raised here.
        list(pool.map(work, strips))
