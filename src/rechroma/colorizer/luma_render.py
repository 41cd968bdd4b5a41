"""From a gray picture's own Y and chroma to JPEG's Cb and Cr at half size.

The same colors as `render` gives, but for Y, which stands where `render` keeps L.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.color import lightness, srgb_to_linear
from rechroma.color.luma import REACH, chroma_table
from rechroma.colorizer.guided import EPSILON, GuidedPlanes
from rechroma.colorizer.layers import layered
from rechroma.photo.orientation import as_stored, upright
from rechroma.photo.samples import do_strips, row_strips, to_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer.layers import Layer
    from rechroma.photo.gray_profile import ToneCurve

    Plane = NDArray[np.uint8]

__all__ = ["half_chroma"]

# Nodes along a side. Read between them, the photographs of the validation set have colors that are
# 0.18 ΔE2000 off, a tenth of what would show; 65 nodes: 0.06, and 0.2 s to make.
_NODES = 33
_STRIP_PIXELS = 1 << 17
_STRIPS_OF_ONE_THREAD = 32


def half_chroma(
    gray: NDArray[Any],
    turn: int,
    planes: NDArray[np.float32],
    guide: NDArray[np.float32],
    extent: tuple[float, float],
    strength: float,
    threads: int,
    curve: ToneCurve | None = None,
    layers: Sequence[Layer] = (),
) -> tuple[Plane, Plane]:
    """Return Cb and Cr for the a and b that are wanted, at the photo's own Y.

    Args:
        gray: The photo's gray, sRGB-encoded and upright, shape (H, W): uint8, uint16 or float32.
        turn: EXIF's orientation of its file.
        planes: a and b as the network gave them, shape (2, h, w).
        guide: L averaged over their cells, shape (h, w).
        extent: How many cells the photo covers downwards and to the right.
        strength: Factor on a and b.
        threads: Strips under way at once.
        curve: Of the file's numbers; None for sRGB's.
        layers: What lies over a and b.

    Returns:
        Cb and Cr at half size, rounded up, as the file's pixels stand: 0…255, 128 for none.
    """
    half = np.ascontiguousarray(upright(_half(as_stored(gray, turn)), turn))
    height, width = half.shape
    # In the table's units: what is added and multiplied to a and b goes through the fit of lines.
    middle = 0.5
    covered = extent[0] * 2 * height / gray.shape[0], extent[1] * 2 * width / gray.shape[1]

    def enlarged(planes: NDArray[np.float32]) -> GuidedPlanes:
        scaled = planes * np.float32(strength / (2 * REACH)) + np.float32(middle)
        return GuidedPlanes(
            scaled, guide / np.float32(100), (height, width), covered, EPSILON / 100**2
        )

    guided = layered(enlarged, planes, layers, (height, width), middle)
    levels = lightness(np.repeat(np.arange(256, dtype=np.float32)[:, None] / 255, 3, 1)) / 100
    levels = levels.astype(np.float32)
    table = _processor(srgb_to_linear if curve is None else curve.to_linear)
    result = np.empty((2, height, width), np.uint8)

    def fill(rows: slice) -> None:
        part = half[rows]
        if part.dtype == np.uint8:
            light = levels.take(part, mode="clip")
        else:
            light = lightness(np.repeat(to_float(part)[..., None], 3, -1)) / np.float32(100)
        wanted = guided.rows(rows.start, light)
        _look_up(table, (light, wanted[0], wanted[1]), result[:, rows])

    strips = row_strips(half.shape, _STRIP_PIXELS)
    do_strips(fill, strips, threads if len(strips) > _STRIPS_OF_ONE_THREAD else 1)
    blue, red = (np.ascontiguousarray(as_stored(plane, turn)) for plane in result)
    return blue, red


def _half(plane: NDArray[Any]) -> NDArray[Any]:
    """Average 2 × 2 pixels; at the bottom and to the right there may be fewer."""
    values = plane if plane.dtype == np.uint8 else to_float(plane)
    return np.asarray(Image.fromarray(np.ascontiguousarray(values)).reduce(2))


@lru_cache(maxsize=4)
def _processor(to_linear: Any) -> Any:  # noqa: ANN401 (of a compiled module without types)
    ocio: Any = import_module("PyOpenColorIO")
    transform = ocio.Lut3DTransform(_NODES)
    transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    transform.setData(chroma_table(_NODES, to_linear))
    return (
        ocio.Config.CreateRaw()
        .getProcessor(ocio.GroupTransform([transform]))
        .getOptimizedCPUProcessor(
            ocio.BIT_DEPTH_F32, ocio.BIT_DEPTH_UINT8, ocio.OPTIMIZATION_DEFAULT
        )
    )


def _look_up(
    table: Any,  # noqa: ANN401 (see `_processor`)
    values: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    result: NDArray[np.uint8],
) -> None:
    """Read L, a and b in a table, each 0…1, shape (n, W), into Cb and Cr, shape (2, n, W)."""
    ocio: Any = import_module("PyOpenColorIO")
    rows, width = values[0].shape
    planes = [np.ascontiguousarray(value) for value in values]
    source = ocio.PlanarImageDesc(*planes, width, rows, ocio.BIT_DEPTH_F32, 4, 4 * width)
    # The engine writes three planes.
    unused = np.empty((rows, width), np.uint8)
    target = ocio.PlanarImageDesc(*result, unused, width, rows, ocio.BIT_DEPTH_UINT8, 1, width)
    table.apply(source, target)
