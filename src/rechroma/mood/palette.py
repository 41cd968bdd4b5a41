"""What a transfer knows of a photograph: the colors of its thumbnail, and where they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.photo.samples import block_mean, visible_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.photo import Photo

__all__ = [
    "Palette",
    "View",
    "natural_palette",
    "palette_of",
    "palettes_of",
    "pooled",
    "thumbnail_factor",
]

# The longer side of the thumbnail. Fitting on it instead of all pixels changes results by a mean
# ΔE of 0.8 (research note); fitting time then does not depend on the photograph's size.
_SIDE = 512
# A block of so many pixels a side tells its mean well enough; beyond that pixels are skipped.
_BLOCK = 2
# Colors that methods look at, at most.
_MAX_COLORS = 1 << 16
_THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One photograph's thumbnail.

    Attributes:
        lab: The thumbnail in CIELAB, float32, shape (h, w, 3).
        pixels: Which of its pixels, counted row by row, the palette's colors are, shape (M,).
    """

    lab: NDArray[np.float32]
    pixels: NDArray[np.intp]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Palette:
    """The colors of one photograph, or of several together.

    Attributes:
        lab: CIELAB, float64, shape (N, 3); N ≥ 1. Colors count by their alpha.
        views: The photographs that the colors are from, in the same order; () where there are
            none to look at.
    """

    lab: NDArray[np.float64]
    views: tuple[View, ...] = field(default=())


# A mood is asked for its colors several times, and for each of a folder's pictures.
_known: WeakKeyDictionary[Photo, Palette] = WeakKeyDictionary()


def palette_of(photo: Photo) -> Palette:
    """Return the colors of a photo's thumbnail, in the order of its rows."""
    found = _known.get(photo)
    if found is None:
        found = _known[photo] = _thumbnail_palette(photo)
    return found


def _thumbnail_palette(photo: Photo) -> Palette:
    stride, block = _steps(photo)
    samples = photo.every(stride)
    if photo.alpha is None:
        lab = rgb_to_lab(block_mean(samples, block))
        pixels = np.arange(lab.shape[0] * lab.shape[1])
    else:
        rgb, weight = visible_mean(samples, photo.alpha[::stride, ::stride], block)
        lab, pixels = rgb_to_lab(rgb), _drawn(weight)
    return _palette([(lab, pixels[:: max(1, len(pixels) // _MAX_COLORS)])])


def _drawn(weight: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return which pixels of a thumbnail count, by their alpha, shape (h, w, 1).

    What is hidden is not known to anybody, neither to statistics nor to a network.
    """
    share = weight.reshape(-1).astype(np.float64)
    if (share == 1).all():
        return np.arange(share.size)
    # A pixel of half the alpha is drawn half as often: every method then weighs by alpha.
    edges = np.cumsum(share)
    count = max(1, round(float(edges[-1])))
    drawn = np.searchsorted(edges, (np.arange(count) + 0.5) / count * edges[-1])
    return np.minimum(drawn, share.size - 1)


def palettes_of(photos: Sequence[Photo]) -> list[Palette]:
    """Return the palettes of several photos, made side by side."""
    with ThreadPoolExecutor(min(_THREADS, len(photos))) as pool:
        return list(pool.map(palette_of, photos))


def thumbnail_factor(photo: Photo) -> int:
    """Return how many of a photo's pixels a side are one pixel of its thumbnail."""
    stride, block = _steps(photo)
    return stride * block


def _steps(photo: Photo) -> tuple[int, int]:
    """Return the step at which pixels are looked at, and how many a side are then averaged."""
    factor = max(1, max(photo.height, photo.width) // _SIDE)
    stride = max(1, factor // _BLOCK)
    return stride, factor // stride


def pooled(palettes: Sequence[Palette]) -> Palette:
    """Return several photographs' colors as one palette, each counting alike.

    Args:
        palettes: At least one, each of one photograph.
    """
    if len(palettes) == 1:
        return palettes[0]
    views = [palette.views[0] for palette in palettes]
    least = min(len(view.pixels) for view in views)
    # Evenly spaced colors of each, as many as the smallest has.
    return _palette(
        [
            (view.lab, view.pixels[np.linspace(0, len(view.pixels) - 1, least).astype(int)])
            for view in views
        ]
    )


def _palette(thumbnails: Sequence[tuple[NDArray[np.float32], NDArray[np.intp]]]) -> Palette:
    views = tuple(View(lab, pixels) for lab, pixels in thumbnails)
    colors = [view.lab.reshape(-1, 3)[view.pixels] for view in views]
    return Palette(np.concatenate(colors).astype(np.float64), views)


# Means over 1,007 color photographs, every 18th of the project's training pictures: of their mean
# CIELAB color, and of their covariance.
_MEAN = np.array([49.0, 1.9, 7.7])
_COVARIANCE = np.array([[520.4, -18.1, 21.7], [-18.1, 80.8, 10.0], [21.7, 10.0, 176.3]])
_COLORS = 4096


@lru_cache(maxsize=1)
def natural_palette() -> Palette:
    """Return colors with the average photograph's mean and covariance, the same at every call."""
    points = np.random.default_rng(0).normal(size=(_COLORS, 3))
    points -= points.mean(axis=0)
    # Whitened first, so that the moments are exact.
    whitening = np.linalg.inv(np.linalg.cholesky(points.T @ points / _COLORS)).T
    return Palette(points @ whitening @ np.linalg.cholesky(_COVARIANCE).T + _MEAN)
