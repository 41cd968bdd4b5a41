"""From a print's color to the gray that it was: tints of paper, sepia, stains.

Values are worked on as they are encoded: there a stain is nearly a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from rechroma.color import linear_to_srgb, rgb_to_lab, srgb_to_linear
from rechroma.color.constants import WHITE, XYZ_FROM_RGB
from rechroma.photo.samples import block_mean
from rechroma.preparation.planes import box_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Matrix = NDArray[np.float64]

__all__ = ["Tint", "find_tint", "gray_of", "is_stained"]

_LUMINANCE = np.asarray(XYZ_FROM_RGB[1], np.float32) / np.float32(WHITE[1])

# A tint of aged paper or of sepia: its b of CIELAB, at least, and how far to red and to green.
_LEAST_WARM, _MOST_RED, _MOST_GREEN = 2.0, 1.2, -0.8
# The b of a stain on white paper, at least.
_LEAST_BROWN = 6.0
# Values below this tell nothing about color.
_DARK = 0.06
# Levels at which a tint is known, and the pixels of a side of a thumbnail that one place of a stain
# is averaged over, both ways.
_LEVELS = 13
_BLUR = 2
# The deviation of what stains add to the density of blue against red, and where one counts.
_LEAST_STAIN = 0.04
# How much blue's density changes where stains change by one, at most; what is left then, as a share
# of what stains vary by; and how much of green's density is left in sepia. Each is more in two to
# five of 100 made stained prints, and one of them in six of six photographs in color that are taken
# for black and white; of 15 in color that are as brown as sepia, green's is 0.05 at least.
_MORE_THAN_STAINS, _UNEXPLAINED, _UNEVEN_GREEN = 1.27, 0.45, 0.03
# Places of the longer side at which it is seen whether all color is stains'; brown, as a over b;
# how far from that 95 and 99.5 % of places are, at most; how much blue's density changes nearby.
_PLACES, _BROWN = 128, 0.3
_MOST_AWAY, _FARTHEST_AWAY, _ROUGH = 4.5, 7.0, 0.013
# How much red a stain takes, of what it takes of blue more than of red: from the edges of stains,
# and where these say nothing, as of brown ones.
_USUAL_SHARE, _MOST_SHARE = 0.2, 0.6

# Levels of red from which on, and up to which, the paper's color is better and better known.
_MIDDLE, _LIGHT, _DARKEST_PAPER = 0.5, 0.8, 0.88
# Toned is what has so much more red than blue somewhere.
_TONED = 0.11


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """The color of a print that is no color of the picture.

    Attributes:
        chroma: Of CIELAB, its median.
        has_stains: Whether it differs from place to place.
        stains: What they add to the density of blue against red, everywhere, shape (h, w).
        share: Of that, what they add to the density of red.
        red: Levels of red, evenly over 0…1, as unstained gray: shape (K,).
        paper: The gray of its paper, which was white: luminance against red.
        brown: By how much red is more than blue, where that is most and there is no stain.
        brown_of_dark: The share of that in what is darkest.
    """

    chroma: float
    has_stains: bool
    stains: Plane
    share: float
    red: Matrix
    paper: float
    brown: float
    brown_of_dark: float

    @property
    def is_toned(self) -> bool:
        """Whether it is sepia, and more than paper's age."""
        return self.brown > _TONED


def gray_of(rgb: NDArray[np.float32], tint: Tint | None, rows: tuple[int, int, int]) -> Plane:
    """Return the encoded gray of a strip, shape (n, W), as light as the print without stains.

    Args:
        rgb: sRGB-encoded in 0…1, shape (n, W, 3).
        tint: What is taken away; None for nothing.
        rows: The strip's first row in the picture, the row behind its last, and the picture's rows.
    """
    if rgb.strides[2] == 0:
        return np.ascontiguousarray(rgb[..., 0])
    if tint is None or not tint.has_stains:
        gray = np.asarray(linear_to_srgb(srgb_to_linear(rgb) @ _LUMINANCE), np.float32)
        return gray if tint is None else np.minimum(gray / np.float32(tint.paper), 1)
    top, bottom, height = rows
    scale = tint.stains.shape[0] / height
    box = (0, top * scale, tint.stains.shape[1], bottom * scale)
    size = rgb.shape[1], rgb.shape[0]
    stains = np.asarray(Image.fromarray(tint.stains).resize(size, Image.Resampling.BILINEAR, box))
    red = np.clip(rgb[..., 0] * np.exp(np.float32(tint.share) * stains), 0, 1)
    levels = np.linspace(0, 1, len(tint.red))
    gray = np.interp(red, levels, tint.red) / tint.paper
    return np.minimum(gray, 1).astype(np.float32)


def find_tint(rgb: NDArray[np.float32], inside: NDArray[np.bool_]) -> Tint | None:
    """Find the tint of a black-and-white print.

    Args:
        rgb: A thumbnail of it, sRGB-encoded in 0…1, shape (h, w, 3).
        inside: What of it is the picture and not its border, shape (h, w).

    Returns:
        None if it has none, or none that age and sepia give: what is more than stains is color.
    """
    if rgb.strides[2] == 0 or not np.ptp(rgb, axis=2).any():
        return None
    lab = np.asarray(rgb_to_lab(rgb.astype(np.float64)))[inside]
    # Where most of a color can be seen.
    tones = lab[(lab[:, 0] > 20) & (lab[:, 0] < 97)]
    if len(tones) < 100:
        return None
    a, b = np.quantile(tones[:, 1], 0.5), np.quantile(tones[:, 2], 0.75)
    is_warm = b >= _LEAST_WARM and _MOST_GREEN * b <= a <= _MOST_RED * b
    has_stain = float(np.quantile(tones[:, 2], 0.98)) >= _LEAST_BROWN and _is_stained_paper(
        rgb, inside
    )
    if not (is_warm or has_stain):
        return None
    stains, level, density = _stains(rgb, inside)
    share = _share_of_red(stains, density, inside)
    brown, of_dark = _brown(rgb, stains, inside)
    known = stains[inside]
    # Toning itself is less even than paper.
    least = _LEAST_STAIN * (4 if brown > _TONED else 2)
    has_stains = float(np.quantile(known, 0.98) - np.quantile(known, 0.2)) > least
    if has_stains and not _are_stains(rgb, stains, inside, is_toned=brown > _TONED):
        return None
    chroma = float(np.median(np.hypot(tones[:, 1], tones[:, 2])))
    by_red, paper = _as_gray(rgb, stains, share, inside, level)
    return Tint(chroma, has_stains, stains, share, by_red, paper, brown, of_dark)


def is_stained(rgb: NDArray[np.float32], inside: NDArray[np.bool_]) -> bool:
    """Tell whether all color of a picture may be stains': those of paper, or of sepia.

    Strong ones are taken for colors otherwise.

    Args:
        rgb: See `find_tint`.
        inside: See `find_tint`.
    """
    if _is_stained_paper(rgb, inside):
        return True
    tint = find_tint(rgb, inside)
    return tint is not None and tint.is_toned and tint.has_stains


def _is_stained_paper(rgb: NDArray[np.float32], inside: NDArray[np.bool_]) -> bool:
    """Tell whether all color is brown, and changes slowly.

    None of 500 training photographs in color is like this.
    """
    factor = max(1, max(rgb.shape[:2]) // _PLACES)
    small = block_mean(rgb, factor)
    known = block_mean(inside[..., None].astype(np.float32), factor)[..., 0] == 1
    if known.sum() < _PLACES:
        return False
    _, a, b = np.moveaxis(np.asarray(rgb_to_lab(small.astype(np.float64))), -1, 0)
    away = np.where(b > 0, np.abs(a - _BROWN * b) / np.hypot(1, _BROWN), np.hypot(a, b))
    most, nearly_all = np.quantile(away[known], (0.95, 0.995))
    density = -np.log(np.maximum(small, np.float32(_DARK / 2)))
    yellow = density[..., 2] - density[..., 0]
    weight = np.clip(small[..., 2] - _DARK, 0, 0.3) * known
    steps = yellow - box_mean(yellow, 2)
    total = float(weight.sum())
    if not total:
        return False
    rough = float(np.sqrt((steps**2 * weight).sum() / total))
    return bool(most < _MOST_AWAY and nearly_all < _FARTHEST_AWAY and rough < _ROUGH)


def _stains(rgb: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[Plane, Plane, Plane]:
    """Return what stains add to blue's density against red's, the level, and red's density."""
    safe = np.maximum(rgb, np.float32(_DARK / 2))
    density = -np.log(safe)
    yellow = density[..., 2] - density[..., 0]
    level = rgb[..., 0]
    weight = (np.clip(rgb[..., 2] - _DARK, 0, 0.3) * inside).astype(np.float32)
    # The tint is what blue's density is more than red's at each level, where there is no stain.
    base = _curve(level[inside], yellow[inside], 0.35)
    left = yellow - np.interp(level, np.linspace(0, 1, _LEVELS), base)
    total = box_mean(box_mean(weight, _BLUR), _BLUR)
    mean = box_mean(box_mean(left * weight, _BLUR), _BLUR) / np.maximum(total, 1e-4)
    # Dark places tell nothing: what is around them does.
    wide = box_mean(weight, 8 * _BLUR)
    around = box_mean(left * weight, 8 * _BLUR) / np.maximum(wide, 1e-4)
    sure = total / (total + np.float32(0.02))
    stains = sure * mean + (1 - sure) * around
    return np.clip(stains, 0, 3).astype(np.float32), level, density[..., 0]


class _Along(NamedTuple):
    """How the density of a channel goes with stains, at one level of red.

    Attributes:
        slope: How much it changes against red's where stains change by one.
        rest: The deviation of what is left then.
        share: Of that of stains.
    """

    slope: float
    rest: float
    share: float


def _are_stains(
    rgb: NDArray[np.float32], stains: Plane, inside: NDArray[np.bool_], *, is_toned: bool
) -> bool:
    """Tell whether colors are no more than stains.

    Stains are smooth, so the slope of blue is nearly 1; the colors of things, which are lost where
    stains are smoothed, make it more.
    """
    blue = _along_stains(rgb, 2, stains, inside)
    if blue.slope > _MORE_THAN_STAINS:
        return False
    # Toning itself is uneven in blue.
    if is_toned:
        return _along_stains(rgb, 1, stains, inside).rest < _UNEVEN_GREEN
    return blue.share < _UNEXPLAINED


def _along_stains(
    rgb: NDArray[np.float32], channel: int, stains: Plane, inside: NDArray[np.bool_]
) -> _Along:
    """Return how a channel's density goes with stains."""
    density = -np.log(np.maximum(rgb, np.float32(_DARK / 2)))
    more = (density[..., channel] - density[..., 0])[inside]
    weight = np.clip(rgb[..., 2] - _DARK, 0, 0.3)[inside]
    numbers = np.rint(rgb[..., 0][inside] * (_LEVELS - 1)).astype(np.intp)
    total = np.maximum(np.bincount(numbers, weight, _LEVELS), 1e-6)
    left, stain = (
        each - (np.bincount(numbers, weight * each, _LEVELS) / total)[numbers]
        for each in (more, stains[inside])
    )
    slope = float((weight * left * stain).sum() / max(float((weight * stain * stain).sum()), 1e-9))
    whole = max(float(weight.sum()), 1e-9)
    rest = float(np.sqrt((weight * (left - slope * stain) ** 2).sum() / whole))
    own = stains[inside]
    deviation = float(np.sqrt((weight * (own - np.median(own)) ** 2).sum() / whole))
    return _Along(slope, rest, rest / max(deviation, 1e-6))


def _curve(level: Plane, values: NDArray[Any], quantile: float) -> Matrix:
    """Return a quantile of values at levels evenly over 0…1; where none is known, the nearest."""
    knots = np.linspace(0, 1, _LEVELS)
    width = knots[1]
    found = np.full(_LEVELS, np.nan)
    for number, knot in enumerate(knots):
        near = values[np.abs(level - knot) < width]
        if len(near) >= 20:
            found[number] = np.quantile(near, quantile)
    known = ~np.isnan(found)
    return np.interp(knots, knots[known], found[known]) if known.any() else np.zeros(_LEVELS)


def _share_of_red(stains: Plane, density: Plane, inside: NDArray[np.bool_]) -> float:
    """Return how red's density changes with the stains', at their edges."""
    usual = 1e-3
    total, steps = usual * _USUAL_SHARE, usual
    smooth = box_mean(box_mean(density, _BLUR), _BLUR)
    for axis in (0, 1):
        both = inside.take(range(4, inside.shape[axis]), axis) & inside.take(
            range(inside.shape[axis] - 4), axis
        )
        step, red = (
            each.take(range(4, each.shape[axis]), axis)
            - each.take(range(each.shape[axis] - 4), axis)
            for each in (stains, smooth)
        )
        # Edges of the picture, where red changes much more, tell nothing.
        counts = both & (np.abs(step) > 0.02) & (np.abs(red) < 2 * np.abs(step))
        total += float((step * red)[counts].sum())
        steps += float((step * step)[counts].sum())
    return float(np.clip(total / steps, 0, _MOST_SHARE))


def _as_gray(
    rgb: NDArray[np.float32], stains: Plane, share: float, inside: NDArray[np.bool_], level: Plane
) -> tuple[Matrix, float]:
    """Return the gray of each level of red where there is no stain, and that of the paper."""
    gray = np.asarray(linear_to_srgb(srgb_to_linear(rgb) @ _LUMINANCE), np.float32)
    clean = inside & (stains <= max(_LEAST_STAIN, float(np.quantile(stains[inside], 0.4))))
    red = np.clip(level * np.exp(share * stains), 0, 1)
    # Ratios change less than values: what is unknown takes the nearest.
    ratio = _curve(red[clean], (gray / np.maximum(red, np.float32(1e-3)))[clean], 0.5)
    fine = np.linspace(0, 1, 256)
    ratios = np.interp(fine, np.linspace(0, 1, _LEVELS), ratio)
    # Paper is what is lightest, and the better known the lighter that is.
    lightest = float(np.quantile(red[clean], 0.98))
    sure = float(np.clip((lightest - _MIDDLE) / (_LIGHT - _MIDDLE), 0, 1))
    paper = 1 - sure * (1 - float(np.interp(lightest, fine, ratios)))
    return np.clip(np.maximum.accumulate(fine * ratios), 0, 1), max(paper, _DARKEST_PAPER)


def _brown(
    rgb: NDArray[np.float32], stains: Plane, inside: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return how much more red is than blue at most, and the share of that in what is darkest."""
    red = rgb[..., 0][inside]
    more = red - (rgb[..., 2] * np.exp(stains))[inside]
    dark = float(np.median(more[red <= float(np.quantile(red, 0.02)) + 0.02]))
    by_level = [
        float(np.median(near))
        for near in (more[np.abs(red - level) < 0.06] for level in (0.3, 0.4, 0.5, 0.6, 0.7))
        if len(near) > 20
    ]
    most = max(*by_level, dark, 1e-3)
    return most, max(dark, 0) / most
