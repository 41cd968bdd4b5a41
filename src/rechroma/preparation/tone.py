"""From what a print has become to the gray that it was: tints, stains, faded contrast.

Values are worked on as they are encoded: there a stain is nearly a factor, and fading nearly a
factor and an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rechroma.color import linear_to_srgb, rgb_to_lab, srgb_to_linear
from rechroma.color.constants import WHITE, XYZ_FROM_RGB
from rechroma.photo.samples import block_mean
from rechroma.preparation.planes import box_mean, closed, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Matrix = NDArray[np.float64]

__all__ = [
    "Contrast",
    "Tint",
    "ends_of",
    "find_contrast",
    "find_tint",
    "gray_of",
    "is_stained",
    "stretched",
]

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
# How much blue's density changes where stains change by one, at most: two of 100 made stained
# prints are beyond, and six of six photographs in color that are taken for black and white.
_MORE_THAN_STAINS = 1.27
# Places of the longer side at which it is seen whether all color is stains'; brown, as a over b;
# how far from that 95 and 99.5 % of places are, at most; how much blue's density changes nearby.
_PLACES, _BROWN = 128, 0.3
_MOST_AWAY, _FARTHEST_AWAY, _ROUGH = 4.5, 7.0, 0.013
# How much red a stain takes, of what it takes of blue more than of red: from the edges of stains,
# and where these say nothing, as of brown ones.
_USUAL_SHARE, _MOST_SHARE = 0.2, 0.6

# Levels of red from which on, and up to which, the paper's color is better and better known.
_MIDDLE, _LIGHT, _DARKEST_PAPER = 0.5, 0.8, 0.88

# What of a picture is darker than its black and lighter than its white.
_TAIL = 0.003
# Of ordinary pictures, as they are encoded: the medians of 1,200 training photographs.
_BLACK, _WHITE = 0.04, 0.95
# Faded is what has no black, no white and little between. In a print whose paper has yellowed, gray
# blacks tell that they have faded if its whites are none, either.
_NO_BLACK, _NO_WHITE, _LITTLE = 0.2, 0.82, 0.56
_NO_BLACK_WITH_TINT, _NO_WHITE_WITH_TINT = 0.17, 0.88
# Toned is what has so much more red than blue somewhere; then black is brown from the beginning,
# and no black tells nothing below so much. How brown what is darkest is, of that, tells how dark it
# was: black by what is darkest, by that share, and a constant. A regression on 200 made sepia
# prints of training photographs, of many tones.
_TONED, _NO_BLACK_OF_TONED = 0.11, 0.32
_BLACK_OF_TONED = (0.336, 0.308, -0.111)
# Pictures differ: such a share of what an end is off an ordinary picture's stays, as it may have
# been the picture's own. With the least error of L on made prints of 80 training photographs.
_KEPT_OF_BLACK, _KEPT_OF_WHITE, _KEPT_WITH_TINT = 0.2, 0.25, 0.4
# The most by which contrast is raised: then noise is.
_MOST_GAIN = 3.5
# A picture of less range has nothing to be stretched.
_LEAST_RANGE = 0.05


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


@dataclass(frozen=True, slots=True)
class Contrast:
    """Faded contrast; all are encoded grays in 0…1.

    Attributes:
        low: The picture's black.
        high: Its white.
        black: What its black was.
        white: What its white was.
        dark_alone: Whether middle tones and light ones are as they were, as in toned prints.
    """

    low: float
    high: float
    black: float
    white: float
    dark_alone: bool = False

    def restored(self, values: Plane) -> Plane:
        """Return encoded values with the contrast that the picture had, in 0…1."""
        if self.dark_alone:
            middle = max(_MIDDLE, self.low + _LEAST_RANGE)
            slope = (self.low - self.black) / (middle - self.low)
            lowered = values - np.float32(slope) * np.maximum(np.float32(middle) - values, 0)
            return np.clip(lowered, 0, 1)
        gain = min(_MOST_GAIN, (self.white - self.black) / max(self.high - self.low, 1e-3))
        middle, was = (self.low + self.high) / 2, (self.black + self.white) / 2
        raised = (values - np.float32(middle)) * np.float32(gain)
        return np.clip(raised + np.float32(was), 0, 1)


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
    has_stain = float(np.quantile(tones[:, 2], 0.98)) >= _LEAST_BROWN and is_stained(rgb, inside)
    if not (is_warm or has_stain):
        return None
    stains, level, density = _stains(rgb, inside)
    share = _share_of_red(stains, density, inside)
    brown, of_dark = _brown(rgb, stains, inside)
    known = stains[inside]
    # Toning itself is less even than paper.
    least = _LEAST_STAIN * (4 if brown > _TONED else 2)
    has_stains = float(np.quantile(known, 0.98) - np.quantile(known, 0.2)) > least
    if has_stains and _more_than_stains(rgb, stains, inside) > _MORE_THAN_STAINS:
        return None
    chroma = float(np.median(np.hypot(tones[:, 1], tones[:, 2])))
    by_red, paper = _as_gray(rgb, stains, share, inside, level)
    return Tint(chroma, has_stains, stains, share, by_red, paper, brown, of_dark)


def is_stained(rgb: NDArray[np.float32], inside: NDArray[np.bool_]) -> bool:
    """Tell whether all color of a picture may be stains': brown, and changing slowly.

    Strong ones are taken for colors otherwise. None of 500 training photographs in color is like
    this.

    Args:
        rgb: See `find_tint`.
        inside: See `find_tint`.
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


def _more_than_stains(rgb: NDArray[np.float32], stains: Plane, inside: NDArray[np.bool_]) -> float:
    """Return how much blue's density changes against red's where stains change by one.

    At one level of red, that is. Stains are smooth, so it is nearly 1; the colors of things, which
    are lost where stains are smoothed, make it more.
    """
    density = -np.log(np.maximum(rgb, np.float32(_DARK / 2)))
    yellow = (density[..., 2] - density[..., 0])[inside]
    weight = np.clip(rgb[..., 2] - _DARK, 0, 0.3)[inside]
    numbers = np.rint(rgb[..., 0][inside] * (_LEVELS - 1)).astype(np.intp)
    total = np.maximum(np.bincount(numbers, weight, _LEVELS), 1e-6)
    left, stain = (
        each - (np.bincount(numbers, weight * each, _LEVELS) / total)[numbers]
        for each in (yellow, stains[inside])
    )
    return float((weight * left * stain).sum() / max(float((weight * stain * stain).sum()), 1e-9))


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


def find_contrast(gray: Plane, inside: NDArray[np.bool_], tint: Tint | None) -> Contrast | None:
    """Find out whether a picture has faded.

    Args:
        gray: A thumbnail of it, encoded in 0…1, shape (h, w).
        inside: What of it is the picture and not its border, shape (h, w).
        tint: Of its paper.
    """
    low, high = ends_of(gray, inside)
    if high - low < _LEAST_RANGE:
        return None
    toned = tint is not None and tint.brown > _TONED
    no_black = _NO_BLACK_OF_TONED if toned else _NO_BLACK
    if low > no_black and high < _NO_WHITE and high - low < _LITTLE:
        black = _BLACK + _KEPT_OF_BLACK * (low - _BLACK)
        return Contrast(low, high, black, _WHITE - _KEPT_OF_WHITE * (_WHITE - high))
    if tint is None:
        return None
    if toned:
        by_low, by_share, constant = _BLACK_OF_TONED
        black = max(by_low * low + by_share * tint.brown_of_dark + constant, 0)
        return Contrast(low, high, black, high, dark_alone=True) if black < low else None
    if low > _NO_BLACK_WITH_TINT and high < _NO_WHITE_WITH_TINT:
        return Contrast(low, high, _BLACK + _KEPT_WITH_TINT * (low - _BLACK), high)
    return None


def ends_of(gray: Plane, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a picture's black and white, thin things such as scratches and hairs left out."""
    low = float(np.quantile(closed(gray, 1)[inside], _TAIL))
    return low, float(np.quantile(opened(gray, 1)[inside], 1 - _TAIL))


def stretched(gray: Plane, inside: NDArray[np.bool_]) -> Plane:
    """Return encoded gray whose black and white are 0 and 1."""
    low, high = ends_of(gray, inside)
    return np.clip((gray - np.float32(low)) / np.float32(max(high - low, _LEAST_RANGE)), 0, 1)
