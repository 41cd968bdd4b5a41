"""Finding light scratches, cracks and dust on a black-and-white print.

What is taken for a scratch is thin, long, straight or nearly so, as light as the paper all along,
and lies across things that differ; dust is small, light, in smooth surroundings, and there is much
of it. Dark hairs are left: wires, masts and ropes look like them. Two logistic regressions decide,
of lines and of specks, and what is found in one place counts only if the picture as a whole is
surely scratched or dusty: so a rope, or the light in an eye, alone is hardly ever enough.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.preparation.planes import box_mean, components, dilated, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Matrix = NDArray[np.float64]

__all__ = ["THUMBNAIL", "Scratches", "find_scratches", "line_terms", "speck_terms"]

# Pixels of the longer side at which they are looked for.
THUMBNAIL = 1400
# Half of the widest scratch, of the longer side, and in pixels at least.
_WIDTH, _LEAST_WIDTH = 0.003, 2
# How much lighter than its surroundings: units of L, and times what is usual around it.
_LIGHTER, _TIMES = 10.0, 3.5
# The length of which, at one of so many angles, so large a part is light. Ends may be fainter.
_LENGTH, _ANGLES, _FULL, _FAINT = 0.1, 16, 0.75, 0.5
# The length of a scratch from which on it counts, of the longer side.
_SHORTEST = 0.08

# Two logistic regressions by `benchmarks/prepare.py fit`: means and deviations of the terms, their
# weights, and the odds' logarithm at the mean.
_LINE_MEAN = (-1.961, 3.407, 1.613, -0.685, 2.854, -1.444, 2.036, 1.345, 2.607)
_LINE_DEVIATION = (0.510, 0.415, 0.300, 0.738, 1.072, 0.574, 0.653, 0.750, 0.823)
_LINE_WEIGHTS = (0.601, -0.364, 1.202, -1.387, -2.213, -0.385, 1.671, -1.581, -1.732)
_LINE_BIAS = -5.303
_SPECK_MEAN = (0.053, 3.145, 1.521, -0.553, 3.137, 0.905)
_SPECK_DEVIATION = (0.587, 0.508, 0.410, 0.647, 1.100, 0.062)
_SPECK_WEIGHTS = (-0.519, -0.486, 1.713, -1.373, -2.408, 0.380)
_SPECK_BIAS = -7.175
# A scan is softer than its scratches, and below this sharpness nothing else looks like them. In
# sharp pictures more is asked for: small photographs have as fine light details of their own.
_SOFT = -0.75
# Log odds at which a line is surely a scratch, and those at which others then count as well; soft
# and sharp. One in 300 training photographs has such a line.
_SURE_LINE, _LIKELY_LINE = (3.0, 5.0), (2.0, 3.0)
# So many specks of such log odds a thousand places where one has room, in so many of the picture's
# 4 × 4 parts, make it dusty, and less sure ones then count as well. None of 300 has as many.
_SURE_SPECK, _SPECKS = (2.0, 3.0), (0.12, 0.25)
_LIKELY_SPECK, _FEWEST_SPECKS, _PARTS = 1.0, 8, 4
# More are a screen's dots. From one to the nearest it is by chance a length that varies by 0.52 of
# its mean (Clark & Evans 1954), and by less than this in a pattern; looked at from so many.
_MOST_SPECKS, _BY_CHANCE, _SOME = 1500, 0.3, 1000
# Of specks, from so many on, the share whose nearest one is as far away as is usual, within a
# fifth: by chance a fifth of them, and half at most; of dots on cloth, which bends them, more.
_ALIKE, _NEARLY, _MANY = 0.5, 0.2, 60
# Dust shows the paper: the median of L of specks where they are lightest, at least.
_PAPER = 88.0
# Units of L from black and from white, and the part of a picture that is nothing else.
_BLACK, _TWO_TONE = 10.0, 0.95


class Scratches(NamedTuple):
    """What was found.

    Attributes:
        mask: Where, shape (h, w).
        lines: How many scratches.
        specks: How many specks of dust.
    """

    mask: Mask
    lines: int
    specks: int


class _Looks(NamedTuple):
    """A picture and what is lighter in it than its surroundings and thin.

    Attributes:
        level: L in 0…100, shape (h, w), as are all.
        below: L without what is thin and light.
        lighter: By how much that is lighter.
        usual: By how much places around are lighter than theirs.
        light: Where it is much.
        sharpness: Of the whole picture: the logarithm of its finest detail against coarser one.
        width: Half of the widest scratch, in pixels.
    """

    level: Plane
    below: Plane
    lighter: Plane
    usual: Plane
    light: Mask
    sharpness: float
    width: int

    @property
    def is_sharp(self) -> bool:
        """Whether it is as sharp as scratches are."""
        return self.sharpness > _SOFT


def find_scratches(gray: Plane, inside: Mask, *, at_night: bool = False) -> Scratches | None:
    """Find light scratches and dust.

    Args:
        gray: A print's encoded gray in 0…1, with its whole contrast, shape (h, w).
        inside: What of it is the picture and not its border, shape (h, w).
        at_night: Whether nothing but specks is light: then they are stars or lamps.

    Returns:
        None if there are none.
    """
    looks = _looks_of(gray)
    mask = np.zeros(gray.shape, bool)
    along = _share_along(looks)
    lines = 0
    found = [
        (_log_odds(terms, _LINE_MEAN, _LINE_DEVIATION, _LINE_WEIGHTS, _LINE_BIAS), places)
        for terms, places in _lines(looks, along, inside)
    ]
    if any(odds > _SURE_LINE[looks.is_sharp] for odds, _ in found):
        likely = _LIKELY_LINE[looks.is_sharp]
        for odds, places in found:
            mask.flat[places] = odds > likely
        lines = sum(odds > likely for odds, _ in found)
        others = np.zeros(gray.shape, bool)
        others.flat[np.concatenate([places for _, places in found])] = True
        mask = _with_ends(mask, looks.light & (along >= _FAINT) & ~(others & ~mask))
    specks = 0
    for places in [] if at_night else _dust(looks, inside):
        mask.flat[places] = True
        specks += 1
    if not mask.any():
        return None
    # Their edges are mixed with what is beside them.
    return Scratches(dilated(mask, 1) & inside, lines, specks)


def _looks_of(gray: Plane) -> _Looks:
    shown = np.broadcast_to(gray[..., None], (*gray.shape, 3)).astype(np.float64)
    level = np.asarray(rgb_to_lab(shown)[..., 0], np.float32)
    width = max(_LEAST_WIDTH, round(_WIDTH * max(level.shape)))
    below = opened(level, width)
    lighter = level - below
    usual = box_mean(np.minimum(lighter, np.float32(1.5 * _LIGHTER)), 6 * width)
    light = lighter > np.maximum(_LIGHTER, _TIMES * usual)
    return _Looks(level, below, lighter, usual, light, _sharpness(level, light), width)


def _sharpness(level: Plane, light: Mask) -> float:
    """Return how sharp a picture is, apart from what may be scratches."""
    rest = ~dilated(light, 2)
    fine, coarse = box_mean(level, 1), box_mean(level, 3)
    if not rest.any():
        return 0.0
    detail = float(np.abs(level - fine)[rest].mean()), float(np.abs(fine - coarse)[rest].mean())
    return math.log((detail[0] + 0.05) / (detail[1] + 0.05))


def _share_along(looks: _Looks) -> Plane:
    """Return which part of a straight line through each pixel is light, at the best angle."""
    near = dilated(looks.light.astype(np.float32), 1)
    wanted = _LENGTH * max(near.shape)
    doublings = max(1, int(math.log2(wanted)))
    best = np.zeros_like(near)
    for number in range(_ANGLES):
        turn = math.pi * number / _ANGLES
        down, across = math.sin(turn), math.cos(turn)
        total = near
        for doubling in range(doublings):
            step = 2**doubling
            total = total + _moved(total, round(down * step), round(across * step))
        half = 2 ** (doublings - 1)
        np.maximum(best, _moved(total, -round(down * half), -round(across * half)), out=best)
    best /= np.float32(2**doublings)
    return best


def _moved(plane: Plane, down: int, across: int) -> Plane:
    """Return at each pixel what is so far away from it; 0 outside."""
    height, width = plane.shape
    result = np.zeros_like(plane)
    rows = slice(max(0, -down), min(height, height - down))
    columns = slice(max(0, -across), min(width, width - across))
    if rows.start < rows.stop and columns.start < columns.stop:
        result[rows, columns] = plane[
            rows.start + down : rows.stop + down, columns.start + across : columns.stop + across
        ]
    return result


def _lines(looks: _Looks, along: Plane, inside: Mask) -> list[tuple[Matrix, NDArray[np.intp]]]:
    """Return the terms of everything thin, long and light, and the flat places of its pixels."""
    side = max(looks.level.shape)
    edges = dilated(looks.below, looks.width) + dilated(-looks.below, looks.width)
    window = 8 * looks.width + 1
    crowd = box_mean(looks.light.astype(np.float32), 4 * looks.width) * np.float32(window)
    found: list[tuple[Matrix, NDArray[np.intp]]] = []
    for places in _parts(looks.light & (along >= _FULL) & inside, round(0.06 * side)):
        rows, columns = np.divmod(places, looks.level.shape[1])
        length = float(np.hypot(np.ptp(rows), np.ptp(columns)))
        if length < _SHORTEST * side:
            continue
        found.append((line_terms(looks, places, length, edges, crowd), places))
    return found


def line_terms(
    looks: _Looks, places: NDArray[np.intp], length: float, edges: Plane, crowd: Plane
) -> Matrix:
    """Return what the regression of lines weighs, shape (9,).

    Length; how much lighter than what is below, and than is usual; edges below; how far from white;
    how uneven; how much what is below changes along it; how much is light beside it; its width.
    """
    level, lighter = looks.level.flat[places], looks.lighter.flat[places]
    core = level[lighter >= np.median(lighter)]
    contrast = float(np.median(lighter))
    wide = len(places) / length
    return np.array([
        math.log(length / max(looks.level.shape)),
        math.log(contrast),
        math.log(float(np.median(lighter / (looks.usual.flat[places] + 1)))),
        math.log(float(np.median(edges.flat[places])) / contrast + 0.05),
        math.log(max(1.0, 102 - float(np.median(core)))),
        math.log(float(core.std()) / contrast + 0.03),
        math.log(float(looks.below.flat[places].std()) + 1),
        float(crowd.flat[places].mean()) / wide,
        wide,
    ])  # fmt: skip


def _parts(mask: Mask, least: int) -> list[NDArray[np.intp]]:
    """Return the places of connected parts that have so many pixels."""
    places, part, count = components(mask)
    order = np.argsort(part, kind="stable")
    ends = np.cumsum(np.bincount(part, minlength=count))
    return [each for each in np.split(places[order], ends[:-1]) if len(each) >= max(1, least)]


def _with_ends(mask: Mask, faint: Mask) -> Mask:
    """Return scratches with what continues them."""
    places, part, count = components(mask | faint)
    kept = np.zeros(count, bool)
    kept[part[mask.flat[places]]] = True
    result = mask.copy()
    result.flat[places[kept[part]]] = True
    return result


def _dust(looks: _Looks, inside: Mask) -> list[NDArray[np.intp]]:
    """Return the places of specks, if there are many of them all over the picture."""
    terms, specks = speck_terms(looks, inside)
    odds = [
        _log_odds(each, _SPECK_MEAN, _SPECK_DEVIATION, _SPECK_WEIGHTS, _SPECK_BIAS)
        for each in terms
    ]
    found = [
        (each, places) for each, places in zip(odds, specks, strict=True) if each > _LIKELY_SPECK
    ]
    height, width = looks.level.shape
    cells = [
        (4 * int(places[0] // width) // height, 4 * int(places[0] % width) // width)
        for each, places in found
        if each > _SURE_SPECK[looks.is_sharp]
    ]
    room = height * width / looks.width**2 / 1000
    if len(cells) < max(_FEWEST_SPECKS, _SPECKS[looks.is_sharp] * room) or len(set(cells)) < _PARTS:
        return []
    if len(found) > _MOST_SPECKS or _is_two_tone(looks.level) or _is_pattern(specks, width):
        return []
    dust = [places for _, places in found]
    lightest = [float(looks.level.flat[places].max()) for places in dust]
    if float(np.median(lightest)) < _PAPER or _is_print_on_cloth(dust, width):
        return []
    return dust


def _is_pattern(specks: list[NDArray[np.intp]], width: int) -> bool:
    """Tell whether specks, by their flat places, are a screen's or a cloth's, and no dust."""
    nearest = _to_nearest(specks, width)
    return bool(nearest.std() < _BY_CHANCE * nearest.mean())


def _is_print_on_cloth(dust: list[NDArray[np.intp]], width: int) -> bool:
    """Tell whether most of what looks like dust is as far from the next speck as the others are."""
    if len(dust) < _MANY:
        return False
    nearest = _to_nearest(dust, width)
    usual = float(np.median(nearest))
    return bool((np.abs(nearest - usual) < _NEARLY * usual).mean() > _ALIKE)


def _to_nearest(specks: list[NDArray[np.intp]], width: int) -> NDArray[np.float32]:
    """Return how far it is from specks, some of them if there are many, to the nearest other."""
    at = np.stack(np.divmod([places[0] for places in specks], width), axis=1).astype(np.float32)
    some = at[:: 1 + len(at) // _SOME]
    apart = np.linalg.norm(some[:, None] - at, axis=2)
    apart[apart == 0] = np.inf
    return apart.min(axis=1)


def _is_two_tone(level: Plane) -> bool:
    """Tell whether a picture is black and white in the strict sense: its dots are its tones."""
    return bool(((level < _BLACK) | (level > 100 - _BLACK)).mean() > _TWO_TONE)


def speck_terms(looks: _Looks, inside: Mask) -> tuple[list[Matrix], list[NDArray[np.intp]]]:
    """Return what the regression of specks weighs, shape (6,) each, and the places of the specks.

    Area; how much lighter than what is below, and than is usual; how smooth it is around; how far
    from white; how much around is not light.
    """
    clear = (~looks.light).astype(np.float32)
    around = 3 * looks.width
    share = np.maximum(box_mean(clear, around), np.float32(1e-3))
    mean = box_mean(looks.level * clear, around) / share
    square = box_mean(looks.level * looks.level * clear, around) / share
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    terms: list[Matrix] = []
    specks: list[NDArray[np.intp]] = []
    largest = 2 * looks.width + 1
    for places in _parts(looks.light & inside, 2):
        rows, columns = np.divmod(places, looks.level.shape[1])
        if max(np.ptp(rows), np.ptp(columns)) >= largest:
            continue
        lighter = looks.lighter.flat[places]
        contrast = float(lighter.max())
        terms.append(np.array([
            math.log(len(places) / looks.width**2),
            math.log(contrast),
            math.log(float((contrast / (looks.usual.flat[places] + 1)).max())),
            math.log(float(spread.flat[places].mean()) / contrast + 0.02),
            math.log(max(1.0, 102 - float(looks.level.flat[places].max()))),
            float(share.flat[places].mean()),
        ]))  # fmt: skip
        specks.append(places)
    return terms, specks


def _log_odds(
    terms: Matrix,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    weights: tuple[float, ...],
    bias: float,
) -> float:
    return float((terms - mean) / deviation @ np.array(weights)) + bias
