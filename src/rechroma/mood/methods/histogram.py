"""`histogram`: match the distributions of L, a and b, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

__all__ = ["Curve", "fit_histogram", "quantile_curve"]

# Knots are at least so far apart, in the axis's own units: two quantiles at one value would make
# the curve a step.
_LEAST_STEP = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A piecewise linear, increasing curve; beyond its ends it goes on as a shift.

    Attributes:
        knots: Increasing, shape (K,).
        values: At the knots, not decreasing, shape (K,).
    """

    knots: NDArray[np.float64]
    values: NDArray[np.float64]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the curve at x, of any shape."""
        inside = np.clip(x, self.knots[0], self.knots[-1])
        return np.interp(inside, self.knots, self.values) + (x - inside)


def quantile_curve(
    source: NDArray[np.float64], target: NDArray[np.float64], knots: int, max_slope: float
) -> Curve:
    """Return the curve that gives a target sample, shape (M,), the source's distribution, (N,).

    Args:
        source: Where the distribution comes from.
        target: What the curve is for.
        knots: Quantiles that are matched.
        max_slope: Steeper pieces are levelled, so that noise and banding are not blown up: first
            and last quantiles stay where they are if the mean slope allows.
    """
    shares = np.linspace(0, 1, knots)
    # The extremes of a sample are accidents: half a knot further in they are not.
    shares[[0, -1]] = shares[1] / 2, 1 - shares[1] / 2
    at, to = np.quantile(target, shares), np.quantile(source, shares)
    at = np.maximum.accumulate(at + _LEAST_STEP * np.arange(knots))
    slopes = np.minimum(np.diff(to) / np.diff(at), max_slope)
    levelled = np.concatenate([[0.0], np.cumsum(slopes * np.diff(at))])
    # Levelling loses height: the middle of the distribution keeps its place.
    return Curve(at, levelled - np.mean(levelled) + np.mean(to))


_KNOTS = 65
_MAX_SLOPE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class ChannelCurves:
    """A curve for each of L, a and b."""

    curves: tuple[Curve, Curve, Curve]

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        lab = np.asarray(lab, np.float64)
        return np.stack([c(lab[..., index]) for index, c in enumerate(self.curves)], axis=-1)


def fit_histogram(source: Palette, target: Palette) -> ChannelCurves:
    """Match 65 quantiles of each CIELAB channel, with slopes of at most 4."""
    light, a, b = (
        quantile_curve(source.lab[:, channel], target.lab[:, channel], _KNOTS, _MAX_SLOPE)
        for channel in range(3)
    )
    return ChannelCurves((light, a, b))
