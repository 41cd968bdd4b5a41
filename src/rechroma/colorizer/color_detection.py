"""Whether a picture is in color already, or a black-and-white one with a tint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.photo.samples import block_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo import Photo

    Matrix = NDArray[np.float64]

__all__ = ["is_color"]

# Root mean square of the chroma that a print's tint does not explain; see `is_color`.
_THRESHOLD = 2.2
# Root mean square of a tint about its mean. Of 167 toned prints, made for this, none had more than
# 13.3; smooth pictures in many colors, such as gradients, are explained by a "tint" of 40.
_STRONGEST_TINT = 20.0
# The shorter side at which it is measured: coarse enough to average grain and JPEG's chroma blocks.
_SIDE = 64
_BLOCK = 4
# A tint is any function of L, by its values at so many places, and changes slowly over the
# picture: as a polynomial of so many degrees, with a strength that is a quadratic in L.
_KNOTS = 13
_DEGREE = 3
# A mount reaches so far into a picture, of its height and width, at most.
_MOUNT = 0.15
# Rounds of a fit that minds small parts of another color (a stamp, a stain's rim, a mount) little.
_ROUNDS = 6
# CIELAB units below which a residual is noise.
_NOISE = 0.7


def is_color(photo: Photo) -> bool:
    """Tell whether a picture is in color.

    A black-and-white photograph may be toned (sepia, cyanotype), yellowed, stained or mounted:
    then its chroma is a function of its lightness that changes slowly from place to place. Such a
    tint is fitted to a and to b on a thumbnail, robustly, and the picture is in color if more than
    2.2 CIELAB units (root mean square) are left over, in the whole and without its borders; or if
    the tint itself spreads over more than 20 units, which none of a print does.
    """
    if photo.was_gray:
        return False
    factor = max(1, min(photo.height, photo.width) // _SIDE)
    # Of very many pixels a block's mean is known from some.
    stride = max(1, factor // _BLOCK)
    small = block_mean(photo.samples[::stride, ::stride], factor // stride)
    # A long strip is no better known by all of its pixels.
    step = max(1, max(small.shape[:2]) // (_SIDE * _BLOCK))
    lab: Matrix = np.asarray(rgb_to_lab(small[::step, ::step].astype(np.float64)), np.float64)
    parts = [_tint(lab), _tint(_inner(lab))]
    return (
        min(_spread(left) for _, left in parts) > _THRESHOLD
        or min(_spread(tint - tint.mean(axis=0)) for tint, _ in parts) > _STRONGEST_TINT
    )


def _inner(lab: Matrix) -> Matrix:
    """Return what is inside of a mount: its paper has a color of its own."""
    top, left = (round(_MOUNT * extent) for extent in lab.shape[:2])
    return lab[top : lab.shape[0] - top, left : lab.shape[1] - left]


def _spread(differences: Matrix) -> float:
    """Return the root mean square of differences in a and b, shape (N, 2)."""
    return float(np.sqrt((differences**2).sum(axis=1).mean()))


def _tint(lab: Matrix) -> tuple[Matrix, Matrix]:
    """Return the tint that explains colors best, shape (H, W, 3), and what it does not explain.

    Returns:
        Twice a and b at each pixel, shape (H·W, 2).
    """
    chroma = lab[..., 1:].reshape(-1, 2)
    terms = _terms(lab[..., 0])
    ridge = 1e-3 * np.eye(terms.shape[1])
    weight = np.ones(len(chroma))
    tint = chroma
    for _ in range(_ROUNDS):
        weighted = terms * weight[:, None] ** 2
        tint = terms @ np.linalg.solve(terms.T @ weighted + ridge, weighted.T @ chroma)
        weight = np.maximum(np.linalg.norm(chroma - tint, axis=1), _NOISE) ** -1.2
    return tint, chroma - tint


def _terms(level: Matrix) -> Matrix:
    """Return what a tint may be made of, at each pixel of L, shape (H, W): (H·W, terms)."""
    height, width = level.shape
    y, x = (each.ravel() for each in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    light = level.ravel()
    knots = np.linspace(0, 100, _KNOTS)
    hats = np.maximum(0, 1 - np.abs(light[:, None] - knots) / knots[1])
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i) if i + j]
    slow = np.stack([x**i * y**j for i, j in powers], axis=1)
    tone = (light / 50 - 1)[:, None]
    return np.concatenate([hats, slow, slow * tone, slow * tone**2], axis=1)
