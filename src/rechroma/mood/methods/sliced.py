"""`sliced`: sliced optimal transport, the iterated distribution transfer of Pitié et al. 2007."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.methods.histogram import Curve, quantile_curve
from rechroma.mood.methods.linear import Affine, fit_mkl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

__all__ = ["fit_sliced"]

_ROUNDS = 8
_KNOTS = 13
# Few knots, gentle slopes and half steps stand for the paper's regrain: the map stays smooth, so
# that what was fine grain stays fine grain.
_MAX_SLOPE = 1.3
_STEP = 0.5
_COLORS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """A linear map, then rounds of a rotation and a curve along each of its axes.

    Attributes:
        start: The linear map.
        rounds: (rotation, shape (3, 3), its three curves).
    """

    start: Affine
    rounds: tuple[tuple[NDArray[np.float64], tuple[Curve, ...]], ...]

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        lab = self.start(lab)
        for rotation, curves in self.rounds:
            lab = _moved(lab, rotation, curves)
        return lab


def fit_sliced(source: Palette, target: Palette) -> Slices:
    """Match the whole distribution in CIELAB, starting from the Monge–Kantorovich map.

    The rotations are the same at every call: so is the result.
    """
    wanted, start = _thinned(source.lab), fit_mkl(source, target)
    present = start(_thinned(target.lab))
    rng = np.random.default_rng(0)
    rounds: list[tuple[NDArray[np.float64], tuple[Curve, ...]]] = []
    for _ in range(_ROUNDS):
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        curves = tuple(
            quantile_curve(wanted @ axis, present @ axis, _KNOTS, _MAX_SLOPE) for axis in rotation
        )
        present = _moved(present, rotation, curves)
        rounds.append((rotation, curves))
    return Slices(start, tuple(rounds))


def _moved(lab: FloatArray, rotation: NDArray[np.float64], curves: tuple[Curve, ...]) -> FloatArray:
    along = lab @ rotation.T
    wanted = np.stack([c(along[..., index]) for index, c in enumerate(curves)], axis=-1)
    return lab + _STEP * ((wanted - along) @ rotation)


def _thinned(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    return lab[:: max(1, len(lab) // _COLORS)]
