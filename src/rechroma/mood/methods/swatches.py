"""`swatches`: a linear map fitted on what the photographs have in common, mended by region.

Reinhard et al. 2001 (section 4) propose pairs of swatches where source and target differ in what
they show. Here they are found by themselves:

1. Colors are weighted by what places show (`rechroma.mood.correspondence`), and one
   Monge–Kantorovich map is fitted to the weighted moments.
2. As far as the photographs do not show the same things, one Gaussian mixture is fitted to the
   mapped target together with the source. Regions are thus shared, and need no matching; what is
   left between the two in each region, scale and shift, is mended, and the less the more unequal
   its areas are.

All of it depends on color alone, so that the whole is one map, and one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.mood.correspondence import correspondence
from rechroma.mood.methods.linear import Affine, monge_kantorovich, weighted_moments
from rechroma.mood.methods.mixture import Mixture, fit_mixture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.correspondence import Correspondence
    from rechroma.mood.palette import Palette

    Matrix = NDArray[np.float64]

__all__ = ["RegionalMap", "fit_swatches", "mended"]

# Colors of each photograph that the mixture is fitted to.
_COLORS = 1024
# Where the photographs show the same, spreads still differ by accident: the map's matrix goes this
# part of the way back to the identity.
_CAUTION = 0.5
# A region's channel is stretched or squeezed at most so much.
_LEAST_RATIO, _MOST_RATIO = 0.6, 1.6
# Added to variances, in CIELAB units squared, so that a flat region's noise is not blown up.
_NOISE = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class RegionalMap:
    """A linear map, then in each region of color a scale about its mean, and a shift.

    Attributes:
        start: The linear map; None for none.
        mixture: The regions of its results.
        scales: Shape (K, 3).
        shifts: Shape (K, 3).
    """

    start: Affine | None
    mixture: Mixture
    scales: Matrix
    shifts: Matrix

    def __call__(self, lab: FloatArray) -> FloatArray:
        """Map colors, shape (..., 3)."""
        begun = np.asarray(lab, np.float64) if self.start is None else self.start(lab)
        flat = begun.reshape(-1, 3)
        member = self.mixture.memberships(flat)
        constant = self.shifts - (self.scales - 1) * self.mixture.means
        return (flat * (member @ self.scales) + member @ constant).reshape(begun.shape)


def fit_swatches(source: Palette, target: Palette, regions: int | None = None) -> RegionalMap:
    """Fit the map.

    Args:
        source: Where the mood comes from.
        target: What gets it.
        regions: How many regions the mixture has; None leaves it to the data, see `fit_mixture`.
    """
    common = correspondence(source, target)
    start = _common_map(source, target, common)
    wanted, weights = _thinned(source.lab, common.source)
    before, weights_before = _thinned(target.lab, common.target)
    present = start(before).astype(np.float64)
    mixture = fit_mixture(
        np.concatenate([present, wanted]), np.concatenate([weights_before, weights]), regions
    )
    scales, shifts, areas = mended(mixture, (wanted, weights), (present, weights_before))
    part = (1 - common.trust) * np.sqrt(areas)[:, None]
    return RegionalMap(start, mixture, 1 + part * (scales - 1), part * shifts)


def mended(
    mixture: Mixture,
    wanted: tuple[Matrix, NDArray[np.float64]],
    present: tuple[Matrix, NDArray[np.float64]],
) -> tuple[Matrix, Matrix, NDArray[np.float64]]:
    """Return what matches mean and standard deviation region by region.

    Args:
        mixture: The regions.
        wanted: Colors, shape (N, 3), and their weights, shape (N,), of the source.
        present: The same of the target.

    Returns:
        Scales about the mixture's means, shape (K, 3); shifts, shape (K, 3); and the smaller of the
        two areas of each region over the larger, shape (K,).
    """
    area, mean, deviation = _regional_moments(mixture, *wanted)
    area_before, mean_before, deviation_before = _regional_moments(mixture, *present)
    scales = np.clip(deviation / deviation_before, _LEAST_RATIO, _MOST_RATIO)
    # mean_before goes to mean: what the scale about the region's own mean does to it is undone.
    shifts = mean - mean_before - (scales - 1) * (mean_before - mixture.means)
    return scales, shifts, np.minimum(area, area_before) / np.maximum(area, area_before)


def _common_map(source: Palette, target: Palette, common: Correspondence) -> Affine:
    mean, covariance = weighted_moments(source.lab, common.source)
    mean_before, covariance_before = weighted_moments(target.lab, common.target)
    caution = _CAUTION * common.trust
    matrix = monge_kantorovich(covariance, covariance_before)
    return Affine((1 - caution) * matrix + caution * np.eye(3), mean_before, mean)


def _regional_moments(
    mixture: Mixture, lab: Matrix, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Matrix, Matrix]:
    """Return area, shape (K,), mean and standard deviation, shape (K, 3), of each region."""
    held = mixture.memberships(lab) * weights[:, None]
    area = held.sum(axis=0) + 1e-9
    mean = held.T @ lab / area[:, None]
    variance = np.maximum(held.T @ lab**2 / area[:, None] - mean**2, 0)
    return area, mean, np.sqrt(variance + _NOISE)


def _thinned(lab: Matrix, weights: NDArray[np.float64]) -> tuple[Matrix, NDArray[np.float64]]:
    step = max(1, len(lab) // _COLORS)
    return lab[::step], weights[::step] / weights[::step].sum()
