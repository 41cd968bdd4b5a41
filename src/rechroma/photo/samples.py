"""Samples of pictures: from one type to another, and from many pixels to few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "CACHED_PIXELS",
    "FILE_PIXELS",
    "SAMPLE_TYPES",
    "STRIP_PIXELS",
    "block_mean",
    "do_strips",
    "is_one_channel",
    "nearest_pixels",
    "quantize",
    "requantize",
    "row_strips",
    "to_float",
    "visible_mean",
]

# Bits of a channel → the type of samples.
SAMPLE_TYPES = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}

# Pixels that are worked on at once: no second full copy in float.
STRIP_PIXELS = 1 << 18
# The same where there are ten planes for them: few enough that these stay in a core's own cache,
# and enough that NumPy's calls cost little beside their work.
CACHED_PIXELS = 1 << 16
# The same where a file is read and written: what costs is a call of the codec.
FILE_PIXELS = 1 << 22


def row_strips(
    shape: Sequence[int], pixels: int = STRIP_PIXELS, *, multiple: int = 1
) -> list[slice]:
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


def is_one_channel(samples: NDArray[Any]) -> bool:
    """Tell whether samples, shape (H, W, C), are one channel that is shown several times."""
    return samples.strides[2] == 0


def to_float(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return uint8 or uint16 as float32 in 0…1; floats as float32, no copy if they are."""
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    return values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max)


def quantize(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return floats in 0…1 as integers of `dtype`, rounded and clipped; floats stay as they are.

    Args:
        values: Shape (H, W) or (H, W, C).
        dtype: Of the result.
    """
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    result = np.empty(values.shape, dtype)
    top = np.float32(np.iinfo(dtype).max)

    def fill(rows: slice) -> None:
        scaled = values[rows] * top
        scaled += np.float32(0.5)
        result[rows] = np.clip(scaled, 0, top)

    do_strips(fill, row_strips(values.shape))
    return result


def requantize(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return samples or alpha in another type; in their own they come back bit for bit."""
    return values if values.dtype == dtype else quantize(to_float(values), dtype)


def block_mean(samples: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average blocks of factor × factor pixels; blocks at the bottom and right may be cut.

    Args:
        samples: Shape (H, W, C): uint8, uint16, or float32 in 0…1.
        factor: ≥ 1.

    Returns:
        Float32 in 0…1, shape (⌈H/factor⌉, ⌈W/factor⌉, C).
    """
    if is_one_channel(samples) and samples.shape[2] > 1:
        return np.broadcast_to(block_mean(samples[..., :1], factor), (
            -(-samples.shape[0] // factor), -(-samples.shape[1] // factor), samples.shape[2]
        ))  # fmt: skip
    if factor == 1:
        return to_float(samples)
    rows = _mean_of_runs(samples, factor)
    means = _mean_of_runs(rows.swapaxes(0, 1), factor).swapaxes(0, 1)
    if samples.dtype.kind == "u":
        means /= np.float32(np.iinfo(samples.dtype).max)
    return means


def visible_mean(
    samples: NDArray[Any], alpha: NDArray[Any], factor: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average blocks of what can be seen: colors count by their alpha.

    Args:
        samples: As for `block_mean`.
        alpha: Of their type, shape (H, W); if it is 0 throughout, all counts alike.
        factor: As for `block_mean`.

    Returns:
        What `block_mean` returns, with the mean of all that can be seen where nothing can; and the
        mean alpha of each block, 0…1, shape (h, w, 1).
    """
    colors, seen = to_float(samples), to_float(alpha)[..., None]
    if not seen.any():
        seen = np.ones_like(seen)
    weight = block_mean(seen, factor)
    color = block_mean(colors * seen, factor) / np.maximum(weight, np.float32(1e-6))
    mean = (color * weight).sum(axis=(0, 1)) / weight.sum()
    return np.where(weight > 0, color, mean).astype(np.float32), weight


def _mean_of_runs(values: NDArray[Any], factor: int) -> NDArray[np.float32]:
    """Average runs of `factor` along the first axis, by adding whole slices."""
    whole = len(values) // factor * factor
    total = values[0:whole:factor].astype(np.float32)
    for offset in range(1, factor):
        total += values[offset:whole:factor]
    total /= factor
    if whole == len(values):
        return total
    rest = values[whole:].mean(axis=0, keepdims=True, dtype=np.float32)
    return np.concatenate([total, rest])


def nearest_pixels(plane: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a plane of labels or a mask at another size: what it says at each pixel's center.

    Args:
        plane: Shape (H, W).
        shape: Rows and columns of the result.
    """
    rows, columns = (
        ((np.arange(count) + 0.5) * (had / count)).astype(np.intp)
        for count, had in zip(shape, plane.shape, strict=True)
    )
    return plane[rows[:, None], columns]
