"""At which size the network sees a picture, and the picture at that size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.color import lightness
from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SizePlan", "network_lightness", "network_plane", "plan_fixed", "plan_size"]

# A picture is enlarged at most by this factor: beyond it there is nothing more to see.
_MAX_ENLARGEMENT = 4
# The network's input holds about this many times size² pixels at most, however long the picture.
_MAX_SQUARES = 4


@dataclass(frozen=True, slots=True)
class SizePlan:
    """The network's input: the picture at `height` × `width`, padded at the bottom and the right.

    Attributes:
        height: Rows that show the picture.
        width: Columns that show the picture.
        padded_height: Rows of the input, a multiple of the stride.
        padded_width: Columns of the input, a multiple of the stride.
    """

    height: int
    width: int
    padded_height: int
    padded_width: int


def plan_size(height: int, width: int, *, size: int, stride: int) -> SizePlan:
    """Choose the network's input size for a picture.

    The shorter side gets `size` pixels and the aspect is kept, unless that would enlarge the
    picture too much or make an input of more than about 4·size² pixels: then both sides get less.

    Args:
        height: Rows of the picture, ≥ 1.
        width: Columns of the picture, ≥ 1.
        size: Wanted pixels of the shorter side, ≥ 1.
        stride: What both padded sides have to be multiples of.
    """
    short, long = sorted((height, width))
    budget = _MAX_SQUARES * size * size
    scale = min(
        size / short,
        math.sqrt(budget / (short * long)),
        # A thin strip is padded to the stride: that counts too.
        budget / (stride * long),
        # Long thin pictures are not enlarged beyond the long side of a common panorama.
        max(1.0, min(_MAX_ENLARGEMENT, 4 * size / long)),
    )
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return SizePlan(rows, columns, _round_up(rows, stride), _round_up(columns, stride))


def plan_fixed(height: int, width: int, *, size: int) -> SizePlan:
    """Choose how a picture lies in an input of size × size: whole, aspect kept, never squashed."""
    scale = min(size / max(height, width), _MAX_ENLARGEMENT)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return SizePlan(rows, columns, size, size)


def network_lightness(samples: NDArray[Any], plan: SizePlan) -> NDArray[np.float32]:
    """Return L in 0…100, float32, shape (padded_height, padded_width), as the network sees it.

    Whole pixels are averaged in blocks first, which is fast and takes no copy of a large picture;
    Pillow's antialiased bicubic filter does the rest of less than a factor of two.

    Args:
        samples: sRGB-encoded, shape (H, W, 3): uint8, uint16, or float32 in 0…1.
        plan: From `plan_size`.
    """
    height, width = samples.shape[:2]
    factor = max(1, min(height // plan.height, width // plan.width))
    # A gray picture's channels are one.
    means = block_mean(samples[..., :1] if samples.strides[2] == 0 else samples, factor)
    means = np.broadcast_to(means, (*means.shape[:2], 3))
    blocks = np.ascontiguousarray(lightness(means), dtype=np.float32)
    # The last block may be cut: the box ends where the picture does.
    return network_plane(blocks, plan, box=(0, 0, width / factor, height / factor))


def network_plane(
    plane: NDArray[np.float32], plan: SizePlan, box: tuple[float, float, float, float] | None = None
) -> NDArray[np.float32]:
    """Return a plane of L in 0…100, shape (h, w), at the network's size, padded by reflection.

    Args:
        plane: L.
        plan: From `plan_size`.
        box: Left, top, right, bottom of the part that is the picture; None for all of it.
    """
    resized = Image.fromarray(plane).resize(
        (plan.width, plan.height), Image.Resampling.BICUBIC, box=box
    )
    # Bicubic overshoots beside edges.
    seen = np.clip(np.asarray(resized), 0, 100)
    bottom, right = plan.padded_height - plan.height, plan.padded_width - plan.width
    return np.pad(seen, ((0, bottom), (0, right)), mode="reflect")


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
