"""`reinhard`: match mean and standard deviation (Reinhard et al. 2001, equations 10 and 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_linear, linear_to_lab
from rechroma.mood.methods.linear import NOISE, Affine

if TYPE_CHECKING:
    from rechroma.color import FloatArray
    from rechroma.mood.palette import Palette

__all__ = ["fit_reinhard", "fit_reinhard_paper"]

# A channel is stretched or squeezed at most so much: a nearly flat target would blow up its noise.
_MAX_RATIO = 3.0
# Linear sRGB → LMS: Ruderman's matrices as the paper prints them (equation 4), applied to linear
# RGB of the paper's CRT primaries, for which sRGB's stand in.
_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
# log LMS → lαβ (equation 6).
_LAB = np.diag(1 / np.sqrt([3, 6, 2])) @ np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]])
_BACK_TO_LMS, _BACK_TO_RGB = np.linalg.inv(_LAB), np.linalg.inv(_LMS)
# Logarithms begin here, in linear light: black has none.
_DARKEST = 1e-4
# What `NOISE` is in lαβ, about: a tenth of the spread of a nearly flat picture.
_LOG_NOISE = 1e-4


def fit_reinhard(source: Palette, target: Palette) -> Affine:
    """Match mean and standard deviation of L, a and b, each for itself.

    The paper works in lαβ (see `fit_reinhard_paper`); the original of this project, and most who
    followed, in CIELAB.
    """
    return _matched(source.lab, target.lab, NOISE)


def fit_reinhard_paper(source: Palette, target: Palette) -> LogMap:
    """Match mean and standard deviation in the paper's own space, lαβ."""
    return LogMap(_matched(_to_log(source.lab), _to_log(target.lab), _LOG_NOISE))


@dataclass(frozen=True, slots=True, eq=False)
class LogMap:
    """An affine map in lαβ.

    Attributes:
        affine: The map there.
    """

    affine: Affine

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map CIELAB colors, shape (..., 3)."""
        log_lms = self.affine(_to_log(lab)) @ _BACK_TO_LMS.T
        # Beyond ten times white nothing is left to tell apart; exponents stay finite.
        linear = 10 ** np.minimum(log_lms, 1.0) @ _BACK_TO_RGB.T
        return linear_to_lab(linear)


def _matched(source: FloatArray, target: FloatArray, noise: float) -> Affine:
    ratio = np.sqrt((source.var(axis=0) + noise) / (target.var(axis=0) + noise))
    matrix = np.diag(np.clip(ratio, 1 / _MAX_RATIO, _MAX_RATIO))
    return Affine(matrix, target.mean(axis=0), source.mean(axis=0))


def _to_log(lab: FloatArray) -> FloatArray:
    lms = np.clip(lab_to_linear(np.asarray(lab, np.float64)), 0, None) @ _LMS.T
    return np.log10(np.maximum(lms, _DARKEST)) @ _LAB.T
