"""Pairs of swatches that a user draws: these colors shall become those (Reinhard 2001, section 4).

Each pair is a region of color around the target's swatch, with the scale and shift that bring the
source's mean and standard deviation; between regions maps are blended by nearness in color. So the
whole still is one map and one table, and reaches every place that has a swatch's colors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.errors import UsageError
from rechroma.mood.methods.mixture import Mixture
from rechroma.mood.methods.swatches import RegionalMap, mended
from rechroma.photo.samples import to_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.mood.options import Box, Swatch
    from rechroma.photo import Photo

__all__ = ["fit_swatch_pairs"]

# Colors of one swatch that are looked at, at most.
_COLORS = 4096
# A swatch stands for colors about so far around it, too: CIELAB units squared.
_REACH = 100.0


def fit_swatch_pairs(source: Photo, target: Photo, swatches: Sequence[Swatch]) -> RegionalMap:
    """Fit the map that gives each of the target's swatches the colors of the source's.

    Args:
        source: Where the mood comes from.
        target: What gets it.
        swatches: At least one pair.

    Raises:
        UsageError: A rectangle is empty or leaves its picture.
    """
    wanted = [_colors(source, pair.source, "source") for pair in swatches]
    present = [_colors(target, pair.target, "target") for pair in swatches]
    means = np.array([lab.mean(axis=0) for lab in present])
    reach = _REACH * np.eye(3)
    covariances = np.array([np.cov(lab.T, ddof=0) + reach for lab in present])
    mixture = Mixture(means, covariances, np.full(len(means), 1 / len(means)))
    # Each pair tells of its own region alone.
    fitted = [
        mended(Mixture(means[k : k + 1], covariances[k : k + 1], np.ones(1)), _even(w), _even(p))
        for k, (w, p) in enumerate(zip(wanted, present, strict=True))
    ]
    scales, shifts = (np.concatenate([fit[index] for fit in fitted]) for index in (0, 1))
    return RegionalMap(None, mixture, scales, shifts)


def _colors(photo: Photo, box: Box, which: str) -> NDArray[np.float64]:
    x, y, width, height = box
    if not (width and height and x + width <= photo.width and y + height <= photo.height):
        raise UsageError(
            f"swatch {x},{y},{width},{height} is not inside of the {which}, {photo.name}, "
            f"{photo.width}×{photo.height}",
            "give left, top, width and height in pixels",
        )
    step = max(1, int(np.sqrt(width * height / _COLORS)))
    samples = photo.samples[y : y + height : step, x : x + width : step]
    return rgb_to_lab(to_float(samples)).astype(np.float64).reshape(-1, 3)


def _even(lab: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return lab, np.full(len(lab), 1 / len(lab))
