"""`histogram`: match the distributions of L, a and b, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.methods.curves import Curve, quantile_curve

if TYPE_CHECKING:
    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

__all__ = ["fit_histogram"]

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
