"""Whether a black-and-white picture looks like a negative.

A thumbnail's light and dark tell it in few cases: of training photographs one in 300 is taken for a
negative, and of their inversions one in eight is recognized. So it is said, and never acted upon.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rechroma.photo.samples import block_mean
from rechroma.preparation.planes import box_mean, closed, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

__all__ = ["looks_negative", "negative_terms"]

# Cells of the shorter side at which large things are looked at.
_CELLS = 48
# Of a logistic regression by `benchmarks/prepare.py fit`. Of the inverted picture every term has
# the other sign, so that means are 0.
_DEVIATION = (0.987, 0.684, 0.421, 0.898, 0.840, 0.069, 0.126)
_WEIGHTS = (-0.774, -0.332, 1.543, -1.063, 1.091, -0.275, 2.065)
# Terms beyond so many deviations count as no farther; from these log odds on it is said.
_REACH, _LIMIT = 3.0, 3.0
# A blank sheet is neither one nor the other.
_LEAST_RANGE = 0.1


def looks_negative(gray: Plane) -> bool:
    """Tell whether light and dark lie in a picture as they do in a negative.

    Args:
        gray: Encoded in 0…1, shape (h, w), the longer side of 512 pixels or less.
    """
    if min(gray.shape) < _CELLS or np.ptp(gray) < _LEAST_RANGE:
        return False
    scaled = np.clip(negative_terms(gray) / np.array(_DEVIATION), -_REACH, _REACH)
    return float(scaled @ np.array(_WEIGHTS)) > _LIMIT


def negative_terms(gray: Plane) -> NDArray[np.float64]:
    """Return what the regression weighs, shape (7,).

    How much lighter the upper third is than the lower one; how skew the tones are; how much
    stronger thin light things are than thin dark ones, on the average and at their strongest; how
    much more detail there is where it is light; how much more is white than black; the mean.
    """
    small = block_mean(gray[..., None], min(gray.shape) // _CELLS)[..., 0]
    deviation = float(small.std()) + 1e-3
    third = len(small) // 3
    skew = float((((small - small.mean()) / deviation) ** 3).mean())
    light, dark = gray - opened(gray, 2), closed(gray, 2) - gray
    detail = box_mean(np.abs(gray - box_mean(gray, 2)), 4)
    level = box_mean(gray, 4)
    low, high = np.quantile(level, (0.3, 0.7))
    return np.array([
        float(small[:third].mean() - small[-third:].mean()) / deviation,
        float(np.clip(skew, -3, 3)),
        _ratio(float((light**2).mean()), float((dark**2).mean()), 1e-5),
        _ratio(float((light**4).mean()), float((dark**4).mean()), 1e-8),
        _ratio(float(detail[level >= high].mean()), float(detail[level <= low].mean()), 3e-3),
        float((gray > 0.97).mean() - (gray < 0.03).mean()),
        float(gray.mean()) - 0.5,
    ])  # fmt: skip


def _ratio(first: float, second: float, least: float) -> float:
    return math.log((first + least) / (second + least))
