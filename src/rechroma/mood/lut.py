"""A 3-D lookup table: any map of colors, applied at the speed of the film industry's engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.photo.samples import do_strips, row_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray

__all__ = ["Lut3D", "grid"]

# A compiled module without types.
ocio: Any = import_module("PyOpenColorIO")

_DEPTHS = {
    "uint8": ocio.BIT_DEPTH_UINT8,
    "uint16": ocio.BIT_DEPTH_UINT16,
    "float32": ocio.BIT_DEPTH_F32,
}
_STRIP_PIXELS = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Lut3D:
    """Colors at the nodes of a grid over the sRGB cube, read tetrahedrally between them.

    Attributes:
        table: sRGB-encoded, about 0…1, float32, shape (N, N, N, 3), indexed [red, green, blue].
        low: The input that the first node stands for, of each channel: 0 as a rule.
        high: The input that the last node stands for: 1 as a rule.
    """

    table: NDArray[np.float32]
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)

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
        before = np.ascontiguousarray(samples)
        result = np.empty_like(before)
        processor = _processor(self, result.dtype.name)

        def work(rows: slice) -> None:
            processor.apply(_described(before[rows]), _described(result[rows]))

        do_strips(work, row_strips(result.shape, _STRIP_PIXELS), threads)
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
    group = ocio.GroupTransform(steps)
    depth = _DEPTHS[dtype]
    return (
        ocio.Config.CreateRaw()
        .getProcessor(group)
        .getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
    )
