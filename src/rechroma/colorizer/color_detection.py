"""Whether a picture is in color already, or a black-and-white one with a tint."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.photo.samples import block_mean, visible_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo import Photo

    Matrix = NDArray[np.float64]

__all__ = ["is_color"]

# Root mean square of a tint about its mean. Of 167 toned prints, made for this, none had more than
# 13.3; smooth pictures in many colors, such as gradients, are explained by a "tint" of 40.
_STRONGEST_TINT = 20.0
# No ink on a print is so far from its tint over so much of it, and no stain is so large: of 1,125
# prints with stamps or writing, made for this, none passes the first, and five the second; of
# 1,875 other prints two pass one of them.
_STRONGEST_INK, _SHARE_OF_INK = 32.0, 0.015
_LARGEST_STAIN, _SHARE_OF_STAINS = 2.7, 0.15
# What stains, tape and aged paper add is brown: along one axis of a and b, with next to nothing
# across it; and it needs more than even odds to be called a color.
_BROWN, _ACROSS_BROWN, _BROWN_LIMIT = (0.1, 0.45), 0.65, 2.0
# The shorter side at which it is measured: coarse enough to average grain and JPEG's chroma blocks.
_SIDE = 64
_BLOCK = 4
# What is not explained is averaged over so many cells a side: noise goes, things stay.
_POOL = 4
# A tint is any function of L, by its values at so many places, and changes slowly over the
# picture: as a polynomial of so many degrees, with a strength that is a quadratic in L.
_KNOTS = 13
_DEGREE = 3
# A mount reaches so far into a picture, of its height and width, at most.
_MOUNT = 0.15
# The sides of a mount differ by less, in a and b.
_ONE_MOUNT = 30.0
# Of the places every so manieth, each way, is fitted, if there are so many times more than terms.
_EVERY, _MANY = 2, 64
# Rounds of a fit that minds small parts of another color (a stamp, a stain's rim, a mount) little.
_ROUNDS = 6
# CIELAB units below which a residual is noise.
_NOISE = 0.7
# Beyond so much, one place counts no more: a stamp is small and colorful, a photograph's colors are
# everywhere.
_ENOUGH = 5.0

# A logistic regression on what `_examined` measures, with squares and products, fitted to 1,500
# training photographs and 3,000 prints made of them: `benchmarks/color_detection.py --fit`.
_OFFSET, _REACH = 0.3, 3.0
_MEAN = (0.448, 1.052, 0.381, 1.467, 2.298, 0.744)
_DEVIATION = (0.899, 0.789, 0.892, 0.898, 1.011, 0.601)
_BIAS = -2.183
_LINEAR = (2.663, -1.714, 1.928, 1.464, -0.876, 3.097)
_PRODUCTS = (0.104, 0.365, 0.171, -0.217, -0.567, 0.943, 0.305, -1.017, 0.125, 0.123,
             0.105, -1.192, 0.720, -0.083, 2.077, 0.805, 0.198, -0.371, -0.726, -0.051,
             -0.451)  # fmt: skip
# It was fitted to two prints for each photograph in color. From these log odds on a picture is in
# color: there it errs about as often one way as the other.
_LIMIT = -1.75


def is_color(photo: Photo) -> bool:
    """Tell whether a picture is in color.

    A black-and-white photograph may be toned (sepia, cyanotype), yellowed, stained, mounted,
    stamped or written on: then its chroma is a function of its lightness that changes slowly from
    place to place, but for small parts. Such a tint is fitted to a and to b on a thumbnail,
    robustly. How much of the picture it leaves unexplained, and how the colors spread, is weighed
    by a logistic regression (`benchmarks/color_detection.py` has made it).
    """
    if photo.was_gray:
        return False
    lab = _thumbnail(photo)
    # Gray that is stored in color.
    if np.abs(lab[..., 1:]).max() < _NOISE:
        return False
    return _says_color(_examined(lab))


def _thumbnail(photo: Photo) -> Matrix:
    """Return CIELAB, shape (H, W, 3), of about `_SIDE` cells on the shorter side."""
    factor = max(1, min(photo.height, photo.width) // _SIDE)
    # Of very many pixels a block's mean is known from some.
    stride = max(1, factor // _BLOCK)
    samples, block = photo.every(stride), factor // stride
    if photo.alpha is None:
        small = block_mean(samples, block)
    else:
        small, _ = visible_mean(samples, photo.alpha[::stride, ::stride], block)
    # A long strip is no better known by all of its pixels.
    step = max(1, max(small.shape[:2]) // (_SIDE * _BLOCK))
    return np.asarray(rgb_to_lab(small[::step, ::step].astype(np.float64)), np.float64)


class _Examined(NamedTuple):
    """What is known of a picture.

    Attributes:
        measures: What the regression weighs, shape (6,).
        certain: Whether no print is like this.
        brown: Whether what the tint leaves is of the one color of stains.
    """

    measures: Matrix
    certain: bool
    brown: bool


def _says_color(found: _Examined) -> bool:
    limit = _BROWN_LIMIT if found.brown else _LIMIT
    return found.certain or _log_odds(found.measures) > limit


def _examined(lab: Matrix) -> _Examined:
    """Measure a thumbnail.

    All is measured in the whole and without its borders, and the smaller value counts, but that of
    the tone curve alone; in CIELAB units:

    - how far a place is from the tint, at three quarters of all places;
    - the root mean square of that, over single cells;
    - how far places are from one curve of a and b over L, a little for each place at most;
    - the spread of the colors along the axis where they vary least, and where they vary most;
    - the root mean square of the chroma.
    """
    rows: list[list[float]] = []
    certain, brown = True, False
    for part in (lab, _inner(lab)) if _may_be_mounted(lab) else (lab,):
        tint, left = _tint(part, _terms(part[..., 0]))
        _, from_curve = _tint(part, _hats(part[..., 0]))
        places = np.linalg.norm(_pooled(left, _POOL), axis=2)
        least, most, chroma = _spreads(_pooled(part[..., 1:], _POOL))
        rows.append([
            float(_quantile(places.ravel(), 0.75)), _root_mean_square(left), least, most, chroma,
            _root_mean_square(_pooled(from_curve, _POOL), _ENOUGH),
        ])  # fmt: skip
        certain = certain and _is_no_print(tint, left, places)
        brown = brown or _is_brown(_pooled(left, _POOL).reshape(-1, 2))
    *smaller, _ = np.min(rows, axis=0)
    return _Examined(np.array([*smaller, max(row[-1] for row in rows)]), certain, brown)


def _is_no_print(tint: Matrix, left: Matrix, places: Matrix) -> bool:
    ink = _quantile(np.linalg.norm(left, axis=2).ravel(), 1 - _SHARE_OF_INK)
    return bool(
        _root_mean_square(tint - tint.mean(axis=(0, 1))) > _STRONGEST_TINT
        or ink > _STRONGEST_INK
        or _quantile(places.ravel(), 1 - _SHARE_OF_STAINS) > _LARGEST_STAIN
    )


def _is_brown(left: Matrix) -> bool:
    """Tell whether differences, shape (N, 2), lie along the axis of stains."""
    spreads, axes = np.linalg.eigh(left.T @ left / len(left))
    a, b = axes[:, 1] * np.sign(axes[1, 1])
    low, high = _BROWN
    return bool(low < a < high and b > 0 and spreads[0] < _ACROSS_BROWN**2)


def _log_odds(measures: Matrix) -> float:
    """Return the logarithm of the odds that a picture of these measures is in color."""
    terms = _expanded((np.log(_OFFSET + measures) - _MEAN) / _DEVIATION)
    return float(_BIAS + terms @ np.array([*_LINEAR, *_PRODUCTS]))


def _expanded(values: Matrix) -> Matrix:
    """Return values with their squares and products, shape (27,); far ones count as less far."""
    values = np.clip(values, -_REACH, _REACH)
    rows, columns = np.triu_indices(len(values))
    return np.concatenate([values, values[rows] * values[columns]])


def _may_be_mounted(lab: Matrix) -> bool:
    """Tell whether the border has one color on all sides; a sky above other things is no mount."""
    top, left = (round(_MOUNT * extent) for extent in lab.shape[:2])
    if not (top and left):
        return True
    sides = lab[:top], lab[-top:], lab[:, :left], lab[:, -left:]
    colors = np.array([_quantile(side[..., 1:].reshape(-1, 2), 0.5) for side in sides])
    return bool(np.linalg.norm(colors[:, None] - colors, axis=2).max() < _ONE_MOUNT)


def _quantile(values: Matrix, share: float) -> Matrix:
    """Return what `np.quantile` does along the first axis: that loads all of `np.ma`, in 19 ms."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    ordered = np.partition(values, (low, high), axis=0)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _inner(lab: Matrix) -> Matrix:
    """Return what is inside of a mount: its paper has a color of its own."""
    top, left = (round(_MOUNT * extent) for extent in lab.shape[:2])
    return lab[top : lab.shape[0] - top, left : lab.shape[1] - left]


def _root_mean_square(differences: Matrix, most: float = np.inf) -> float:
    """Return that of differences in a and b, shape (H, W, 2), each of `most` at most."""
    length = np.minimum(np.linalg.norm(differences, axis=2), most)
    return float(np.sqrt((length**2).mean()))


def _pooled(values: Matrix, side: int) -> Matrix:
    """Return means over squares of cells; what is left over at the end is left out."""
    side = min(side, *values.shape[:2])
    height, width = (extent // side for extent in values.shape[:2])
    cells = values[: height * side, : width * side].reshape(height, side, width, side, -1)
    return cells.mean(axis=(1, 3))


def _spreads(chroma: Matrix) -> tuple[float, float, float]:
    """Return the spread of a and b along their axes, the smaller first, and their length."""
    colors = chroma.reshape(-1, 2)
    centered = colors - colors.mean(axis=0)
    least, most = np.sqrt(np.maximum(np.linalg.eigvalsh(centered.T @ centered / len(colors)), 0))
    return float(least), float(most), _root_mean_square(chroma)


def _tint(lab: Matrix, terms: Matrix) -> tuple[Matrix, Matrix]:
    """Return the tint that explains colors best, and what it does not explain.

    Args:
        lab: Shape (H, W, 3).
        terms: What a tint may be made of, shape (H·W, terms).

    Returns:
        Twice a and b at each pixel, shape (H, W, 2).
    """
    height, width = lab.shape[:2]
    every = _EVERY if height * width > _MANY * terms.shape[1] else 1
    some = (slice(None, None, every),) * 2
    chroma = lab[(*some, slice(1, None))].reshape(-1, 2)
    chosen = terms.reshape(height, width, -1)[some].reshape(len(chroma), -1)
    ridge = 1e-3 * np.eye(terms.shape[1]) / every**2
    weight = np.ones(len(chroma))
    factors = np.zeros((terms.shape[1], 2))
    for _ in range(_ROUNDS):
        weighted = chosen * weight[:, None] ** 2
        factors = np.linalg.solve(chosen.T @ weighted + ridge, weighted.T @ chroma)
        weight = np.maximum(np.linalg.norm(chroma - chosen @ factors, axis=1), _NOISE) ** -1.2
    tint = (terms @ factors).reshape(height, width, 2)
    return tint, lab[..., 1:] - tint


def _hats(level: Matrix) -> Matrix:
    """Return the terms of any curve over L, shape (H, W): (H·W, _KNOTS)."""
    knots = np.linspace(0, 100, _KNOTS)
    return np.maximum(0, 1 - np.abs(level.reshape(-1, 1) - knots) / knots[1])


def _terms(level: Matrix) -> Matrix:
    """Return those of a curve that changes slowly over the picture: (H·W, terms)."""
    height, width = level.shape
    y, x = (each.ravel() for each in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i) if i + j]
    slow = np.stack([x**i * y**j for i, j in powers], axis=1)
    tone = (level.ravel() / 50 - 1)[:, None]
    return np.concatenate([_hats(level), slow, slow * tone, slow * tone**2], axis=1)
