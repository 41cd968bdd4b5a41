"""Lookup tables: any map of colors, applied at the speed of the film industry's engine."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rechroma.photo.samples import do_strips, quantize, row_strips, to_float

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rechroma.color import FloatArray

__all__ = ["MAX_ENGINE_SIZE", "Lut3D", "LutChain", "Triple", "grid", "ocio"]

# A compiled module without types.
ocio: Any = import_module("PyOpenColorIO")

# One number for each of red, green and blue.
Triple: TypeAlias = tuple[float, float, float]

_DEPTHS = {
    "uint8": ocio.BIT_DEPTH_UINT8,
    "uint16": ocio.BIT_DEPTH_UINT16,
    "float32": ocio.BIT_DEPTH_F32,
}
# The engine's own, which holds everything that it can do.
_TEXT_FORMAT = "Color Transform Format"
# Nodes along an axis of the largest table that OpenColorIO takes.
MAX_ENGINE_SIZE = 129


@dataclass(frozen=True, slots=True, eq=False)
class Lut3D:
    """Colors at the nodes of a grid over the sRGB cube, read tetrahedrally between them.

    Attributes:
        table: sRGB-encoded, about 0…1, float32, shape (N, N, N, 3), indexed [red, green, blue].
        low: The input that the first node stands for, of each channel: 0 as a rule.
        high: The input that the last node stands for: 1 as a rule.
    """

    table: NDArray[np.float32]
    low: Triple = (0.0, 0.0, 0.0)
    high: Triple = (1.0, 1.0, 1.0)

    @property
    def size(self) -> int:
        """Nodes along each axis."""
        return len(self.table)

    def apply(self, samples: NDArray[Any], *, threads: int = 1) -> NDArray[Any]:
        """Return samples with other colors, in their own type.

        Args:
            samples: sRGB-encoded, shape (H, W, 3): uint8, uint16, or float32 in 0…1.
            threads: Strips under way at once.
        """
        if self.size > MAX_ENGINE_SIZE:
            return _interpolated(self, samples, threads)
        return _run(_processor(self, samples.dtype.name), samples, threads)


@dataclass(frozen=True, slots=True, eq=False)
class LutChain:
    """Curves, matrices and tables, one after the other, as OpenColorIO has read them from a file.

    Attributes:
        steps: An `ocio.GroupTransform`.
    """

    steps: Any

    def apply(self, samples: NDArray[Any], *, threads: int = 1) -> NDArray[Any]:
        """Return samples with other colors, in their own type; see `Lut3D.apply`."""
        return _run(_chain_processor(self, samples.dtype.name), samples, threads)

    def as_table(self, size: int) -> Lut3D:
        """Return a table that is the same at its nodes, over inputs of 0…1."""
        nodes = grid(size).astype(np.float32).reshape(size * size, size, 3)
        return Lut3D(self.apply(nodes).reshape(size, size, size, 3))

    def __reduce__(self) -> tuple[Callable[[str], LutChain], tuple[str]]:
        """Travel to another process as text: the engine's objects can't."""
        return _chain_of, (self.steps.write(_TEXT_FORMAT, ocio.Config.CreateRaw()),)


def _chain_of(text: str) -> LutChain:
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "steps.ctf")
        file.write_text(text, encoding="utf-8")
        transform = ocio.FileTransform(src=str(file), interpolation=ocio.INTERP_BEST)
        group = ocio.Config.CreateRaw().getProcessor(transform).createGroupTransform()
        # The next file of that name is another one.
        ocio.ClearAllCaches()
    return LutChain(group)


def _run(processor: Any, samples: NDArray[Any], threads: int) -> NDArray[Any]:  # noqa: ANN401 - see `ocio`
    before = np.ascontiguousarray(samples)
    result = np.empty_like(before)

    def work(rows: slice) -> None:
        processor.apply(_described(before[rows]), _described(result[rows]))

    do_strips(work, row_strips(result.shape), threads)
    return result


def _described(strip: NDArray[Any]) -> Any:  # noqa: ANN401 - see `ocio`
    height, width, channels = strip.shape
    size = strip.itemsize
    return ocio.PackedImageDesc(
        strip, width, height, channels, _DEPTHS[strip.dtype.name],
        size, channels * size, width * channels * size,
    )  # fmt: skip


def grid(size: int) -> FloatArray:
    """Return the nodes of a table: sRGB-encoded, 0…1, shape (size, size, size, 3).

    What a function of colors makes of them is that function's table.
    """
    axis = np.linspace(0, 1, size)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


@lru_cache(maxsize=8)
def _processor(lut: Lut3D, dtype: str) -> Any:  # noqa: ANN401 - see `ocio`
    transform = ocio.Lut3DTransform(lut.size)
    transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    transform.setData(lut.table)
    steps = [transform]
    if (lut.low, lut.high) != ((0.0,) * 3, (1.0,) * 3):
        scale = [1 / (high - low) for low, high in zip(lut.low, lut.high, strict=True)]
        matrix = np.diag([*scale, 1.0]).ravel().tolist()
        offset = [-low * s for low, s in zip(lut.low, scale, strict=True)]
        steps.insert(0, ocio.MatrixTransform(matrix, [*offset, 0.0]))
    return _made(ocio.GroupTransform(steps), dtype)


@lru_cache(maxsize=8)
def _chain_processor(chain: LutChain, dtype: str) -> Any:  # noqa: ANN401 - see `ocio`
    return _made(chain.steps, dtype)


def _made(group: Any, dtype: str) -> Any:  # noqa: ANN401 - see `ocio`
    depth = _DEPTHS[dtype]
    return (
        ocio.Config.CreateRaw()
        .getProcessor(group)
        .getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
    )


def _interpolated(lut: Lut3D, samples: NDArray[Any], threads: int) -> NDArray[Any]:
    """Read a table tetrahedrally that is too large for the engine."""
    result = np.empty(samples.shape, samples.dtype)

    def work(rows: slice) -> None:
        rgb = to_float(samples[rows]).reshape(-1, 3)
        found = _tetrahedral(lut, rgb).reshape(samples[rows].shape)
        result[rows] = quantize(found, samples.dtype)

    do_strips(work, row_strips(result.shape), threads)
    return result


def _tetrahedral(lut: Lut3D, rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Walk from corner to corner of each color's cell, along its largest fraction first."""
    low, high = np.array(lut.low, np.float32), np.array(lut.high, np.float32)
    top = lut.size - 1
    place = (np.clip((rgb - low) / (high - low), 0, 1) * top).astype(np.float32)
    cell = np.minimum(place.astype(np.int64), top - 1)
    fraction = (place - cell).astype(np.float32)
    order = np.argsort(-fraction, axis=1)
    flat = lut.table.reshape(-1, 3)
    strides = np.array([lut.size**2, lut.size, 1])
    index = cell @ strides
    before = flat[index]
    result = before.copy()
    for step in range(3):
        axis = order[:, step]
        index = index + strides[axis]
        after = flat[index]
        weight = np.take_along_axis(fraction, axis[:, None], axis=1)
        result += weight * (after - before)
        before = after
    return result
