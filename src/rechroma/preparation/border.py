"""Finding the paper border, the card mount or the scanner's lid around a print.

A border is what has one color along all four sides and ends, on each side, along one straight line.
A white sky or the backdrop of a studio has one color as well, but what is in front of it does not
end along four lines from corner to corner; `benchmarks/prepare.py` tells how often one is mistaken
for the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Matrix = NDArray[np.float64]

__all__ = ["THUMBNAIL", "Border", "find_border"]

# Pixels of the longer side at which it is looked for.
THUMBNAIL = 800
# How deep a border may reach, of the height or the width, and how deep it has to.
_DEEPEST, _SHALLOWEST = 0.3, 0.006
# Units of CIELAB by which the picture differs from the paper, at least, and times the paper's own
# deviation.
_STEP, _DEVIATIONS = 7.0, 5.0
# The paper's own median deviation along a side: more is no paper.
_ROUGHEST = 3.0
# How far a place may be from the line, of the longer side, to count as on it; in pixels at least.
_NEAR, _NEAR_PIXELS = 0.004, 1.5
# Of the places of a side: so many are on the line, at least; so few end before it, at most.
_ON_LINE, _BEFORE = 0.6, 0.15
# At first, while the corners, which belong to the neighboring borders, are among them.
_AT_FIRST = 0.35
# Of all four sides together.
_ON_LINES = 0.75
# Two sides that face each other are parallel to this, and sides are no more slanted, in degrees.
_PARALLEL, _STEEPEST = 1.2, 8.0
# A border may lie in another one: paper on a scanner's lid.
_LAYERS = 3
# Where one layer ends its pixels are mixed: so many are left out. A smaller picture has no border.
_INSET, _SMALLEST = 1.5, 32


@dataclass(frozen=True, slots=True)
class Border:
    """Where the picture lies in its print.

    Attributes:
        corners: x and y of the picture's corners in the photo's pixels, edges counted from 0: top
            left, top right, bottom right, bottom left.
        angle: Degrees by which its upper edge falls to the right.
        evidence: Of the places along the four sides, how many lie on their line, 0…1.
    """

    corners: tuple[tuple[float, float], ...]
    angle: float
    evidence: float

    @property
    def is_upright(self) -> bool:
        """Whether its sides follow the photo's."""
        return abs(self.angle) < 0.25

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the largest upright rectangle inside, nearly."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.corners
        return max(x0, x3), max(y0, y1), min(x1, x2), min(y2, y3)

    def scaled(self, factor: float) -> Border:
        """Return the same border of the picture at another size."""
        corners = tuple((x * factor, y * factor) for x, y in self.corners)
        return Border(corners, self.angle, self.evidence)


@dataclass(frozen=True, slots=True)
class _Side:
    """The line at which a border ends: `depth = start + slope · place`, from the outer edge."""

    start: float
    slope: float
    on_line: float


def find_border(rgb: NDArray[np.float32]) -> Border | None:
    """Find the border of a print.

    Args:
        rgb: The photo, or a small version of it, sRGB-encoded in 0…1, shape (H, W, 3).

    Returns:
        The innermost of borders that lie in each other, in pixels of `rgb`; None if there is none.
    """
    lab = np.asarray(rgb_to_lab(rgb.astype(np.float64)), np.float32)
    found = _one_border(lab)
    for _ in range(_LAYERS - 1):
        if found is None:
            break
        inside, to_outside = _inside(lab, found)
        inner = None if min(inside.shape[:2]) < _SMALLEST else _one_border(inside)
        if inner is None:
            break
        corners = tuple(to_outside(x, y) for x, y in inner.corners)
        found = Border(corners, found.angle + inner.angle, inner.evidence)
    return found


def _inside(
    lab: NDArray[np.float32], border: Border
) -> tuple[NDArray[np.float32], Callable[[float, float], tuple[float, float]]]:
    """Return what a border encloses, upright, and what leads from there to the whole picture."""
    corners = np.array(border.corners)
    right, down = corners[1] - corners[0], corners[3] - corners[0]
    width, height = float(np.hypot(*right)), float(np.hypot(*down))
    along, across = right / width, down / height
    start = corners[0] + _INSET * (along + across)
    columns = np.arange(max(0, int(width - 2 * _INSET)))
    rows = np.arange(max(0, int(height - 2 * _INSET)))
    # Centers of pixels, nearest ones: edges stay as sharp as they are.
    middles = start + (columns[None, :, None] + 0.5) * along + (rows[:, None, None] + 0.5) * across
    x = np.clip(middles[..., 0], 0, lab.shape[1] - 1).astype(np.intp)
    y = np.clip(middles[..., 1], 0, lab.shape[0] - 1).astype(np.intp)

    def outside(x: float, y: float) -> tuple[float, float]:
        place = start + x * along + y * across
        return float(place[0]), float(place[1])

    return lab[y, x], outside


def _one_border(lab: NDArray[np.float32]) -> Border | None:
    """Find the outermost border, on CIELAB, shape (H, W, 3)."""
    sides = _sides(lab, (0.0,) * 4, _AT_FIRST)
    if sides is None:
        return None
    # Again, from corner to corner: what is beside the picture belongs to the neighboring borders.
    depths = tuple(side.start + side.slope * extent / 2 for side, extent in _extents(sides, lab))
    sides = _sides(lab, depths, _ON_LINE)
    if sides is None:
        return None
    angles = _angles(sides)
    if max(abs(angles[0] - angles[1]), abs(angles[2] - angles[3])) > _PARALLEL:
        return None
    if max(angles) - min(angles) > 2 * _PARALLEL or max(map(abs, angles)) > _STEEPEST:
        return None
    evidence = float(np.mean([side.on_line for side in sides]))
    if evidence < _ON_LINES:
        return None
    return Border(_corners(sides, lab.shape[0], lab.shape[1]), float(np.mean(angles)), evidence)


def _extents(sides: tuple[_Side, ...], lab: NDArray[np.float32]) -> list[tuple[_Side, int]]:
    height, width = lab.shape[:2]
    return list(zip(sides, (width, width, height, height), strict=True))


def _sides(
    lab: NDArray[np.float32], depths: tuple[float, ...], least: float
) -> tuple[_Side, ...] | None:
    """Return the lines of top, bottom, left and right; None if one of them is missing."""
    top, bottom, left, right = (math.ceil(each) for each in depths)
    height, width = lab.shape[:2]
    turned = lab.swapaxes(0, 1)
    looks = (
        (lab, left, width - right),
        (lab[::-1], left, width - right),
        (turned, top, height - bottom),
        (turned[::-1], top, height - bottom),
    )
    found: list[_Side] = []
    for plane, first, last in looks:
        side = _side(plane, first, last, least)
        if side is None:
            return None
        found.append(side)
    return tuple(found)


def _side(lab: NDArray[np.float32], first: int, last: int, least: float) -> _Side | None:
    """Find the line at which the border at the top of a picture ends.

    Args:
        lab: CIELAB, shape (H, W, 3).
        first: The first column that counts.
        last: The column behind the last one.
        least: Of the places, so many are on the line.
    """
    deepest = round(_DEEPEST * lab.shape[0])
    places = np.arange(first, last)
    if deepest < 4 or len(places) < 16:
        return None
    strip = lab[:deepest, first:last]
    paper = _paper_of(strip)
    away = np.linalg.norm(strip - paper, axis=2)
    rim = away[: max(2, round(_SHALLOWEST * lab.shape[0]))]
    noise = float(np.median(rim))
    if noise > _ROUGHEST:
        return None
    other = away > max(_STEP, _DEVIATIONS * noise)
    # It stays other for some pixels: a speck on the paper is no end of it.
    lasting = other[:-2] & other[1:-1] & other[2:]
    depth = np.where(lasting.any(axis=0), lasting.argmax(axis=0), deepest).astype(np.float64)
    ends = depth < deepest
    if ends.mean() < least:
        return None
    near = max(_NEAR_PIXELS, _NEAR * max(lab.shape[:2]))
    side = _line(places.astype(np.float64), depth, ends, near)
    if side is None or side.on_line < least:
        return None
    middle = side.start + side.slope * (first + last) / 2
    return side if middle >= _SHALLOWEST * lab.shape[0] else None


def _paper_of(strip: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the paper's color at each column, which changes slowly: shape (1, W, 3)."""
    rows = max(2, round(0.02 * strip.shape[0]))
    colors = np.median(strip[:rows], axis=0)
    parts = np.array_split(np.arange(len(colors)), 5)
    middles = np.array([part.mean() for part in parts])
    medians = np.array([np.median(colors[part], axis=0) for part in parts])
    # Four of five tell: a stain at one end is none of the paper.
    where = np.arange(len(colors))
    smooth = np.stack([np.interp(where, middles, medians[:, each]) for each in range(3)], axis=1)
    return smooth[None].astype(np.float32)


def _line(places: Matrix, depth: Matrix, ends: NDArray[np.bool_], near: float) -> _Side | None:
    """Return the line on which most of the depths lie that end, from place 0 on."""
    steepest = math.tan(math.radians(_STEEPEST))
    step = 2 * near / len(places)
    slopes = np.arange(-steepest, steepest + step, step)
    # For each slope: where the depths, moved along it, crowd most.
    best, chosen = -1, (0.0, 0.0)
    for slope in slopes:
        starts = np.sort(depth[ends] - slope * places[ends])
        last = np.searchsorted(starts, starts + 2 * near, side="right")
        counts = last - np.arange(len(starts))
        most = int(counts.argmax())
        if counts[most] > best:
            best, chosen = int(counts[most]), (float(starts[most]) + near, float(slope))
    start, slope = chosen
    for _ in range(3):
        off = depth - (start + slope * places)
        on = ends & (np.abs(off) <= near)
        if on.sum() < 8:
            return None
        slope, start = (float(each) for each in np.polyfit(places[on], depth[on], 1))
    off = depth - (start + slope * places)
    on_line = float((np.abs(off) <= near).mean())
    before = float((off < -near).mean())
    return _Side(start, slope, on_line) if before <= _BEFORE else None


def _angles(sides: tuple[_Side, ...]) -> list[float]:
    """Return by how many degrees each side is turned clockwise."""
    top, bottom, left, right = (math.degrees(math.atan(side.slope)) for side in sides)
    return [top, -bottom, -left, right]


def _corners(sides: tuple[_Side, ...], height: int, width: int) -> tuple[tuple[float, float], ...]:
    """Return where the four lines meet."""
    top, bottom, left, right = sides
    # As lines: y = c + m·x for top and bottom, x = c + m·y for the others.
    across = {"top": (top.start, top.slope), "bottom": (height - bottom.start, -bottom.slope)}
    down = {"left": (left.start, left.slope), "right": (width - right.start, -right.slope)}

    def meet(row: str, column: str) -> tuple[float, float]:
        c, m = across[row]
        d, n = down[column]
        x = (d + n * c) / (1 - n * m)
        return x, c + m * x

    return (
        meet("top", "left"),
        meet("top", "right"),
        meet("bottom", "right"),
        meet("bottom", "left"),
    )
