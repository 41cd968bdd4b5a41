"""Looks by region: masks say which part of the source goes to which part of the target.

Each pair of regions gets a look of its own, and what has no counterpart the look of the whole.
Between them the target's own L decides where one ends: the mask's planes are smoothed by a guided
filter and enlarged with L as a guide, so that a roughly painted border follows the edge of the roof
where there is one, and is soft where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.color import lightness
from rechroma.colorizer.guided import GuidedPlanes, fit_lines
from rechroma.mood.look import Look, TonesOnly, baked, check_tones, chosen_fit
from rechroma.mood.masks import labels_of, paired_labels
from rechroma.mood.palette import Palette, palette_of, thumbnail_factor
from rechroma.photo.samples import do_strips, nearest_pixels, quantize, row_strips, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.color import FloatArray
    from rechroma.mood.masks import Labels
    from rechroma.mood.options import TransferOptions
    from rechroma.photo import Photo

__all__ = ["RegionalLook", "fit_regional_look", "guided_filter"]

# Of L within a window, in CIELAB units squared: what varies less is grain and texture, which shall
# not show up in the weights.
_EPSILON = 25.0
# Windows reach so far, as a part of the thumbnail's longer side: about as far as a mask is off.
_REACH = 1 / 64


@dataclass(frozen=True, slots=True, eq=False)
class RegionalLook:
    """Several looks and where they apply.

    Attributes:
        looks: One a region.
        weights: The regions, at the size of the target's thumbnail, readable at its own.
    """

    looks: tuple[Look, ...]
    weights: GuidedPlanes

    def apply(self, photo: Photo) -> Photo:
        """Return the target with these looks, at its own bit depth.

        Args:
            photo: The target that the looks were fitted for.
        """
        result = np.empty(photo.samples.shape, photo.samples.dtype)

        def fill(rows: slice) -> None:
            result[rows] = self._strip(photo.samples[rows], rows.start)

        do_strips(fill, row_strips(result.shape))
        return photo.with_pixels(result).marked(self.looks[0].title)

    def _strip(self, samples: NDArray[Any], start: int) -> NDArray[Any]:
        rgb = to_float(samples)
        weights = np.clip(self.weights.rows(start, lightness(rgb)), 0, 1)
        weights /= np.maximum(weights.sum(axis=0), 1e-6)
        mixed = np.zeros(rgb.shape, np.float32)
        for look, weight in zip(self.looks, weights, strict=True):
            mixed += weight[..., None] * look.lut.apply(rgb)
        return quantize(mixed, samples.dtype)


def fit_regional_look(
    source: Photo,
    target: Photo,
    source_mask: Photo,
    target_mask: Photo,
    options: TransferOptions,
) -> RegionalLook:
    """Fit one look for each pair of regions.

    Args:
        source: Where the mood comes from.
        target: What gets it.
        source_mask: Flat colors, each a region, of the source's shape.
        target_mask: The same of the target; equal colors belong together.
        options: How; of them no swatches and no regions.

    Raises:
        UsageError: A mask of another shape than its photograph, masks without a color in common,
            or a black-and-white source whose tones shall not be transferred.
    """
    fit, tones_only = chosen_fit(options), bool(check_tones([source], options))
    mood, before = palette_of(source), palette_of(target)
    ours, theirs = labels_of(source_mask, source), labels_of(target_mask, target)
    pairs = paired_labels(ours, theirs)

    def look(wanted: Palette, present: Palette) -> Look:
        fitted = fit(wanted, present)
        return baked(TonesOnly(fitted) if tones_only else fitted, options)

    looks = [look(_part(mood, ours, i), _part(before, theirs, j)) for i, j in pairs]
    regions = _regions(before, theirs, [j for _, j in pairs])
    if regions[-1].any():
        looks.append(look(mood, before))
    return RegionalLook(tuple(looks), _weights(regions[: len(looks)], before, target))


def _part(palette: Palette, labels: Labels, label: int) -> Palette:
    """Return the palette's colors under one label."""
    (view,) = palette.views
    inside = nearest_pixels(labels.plane, view.lab.shape[:2]).reshape(-1)[view.pixels] == label
    # A label of half a percent may have no pixel of a tiny thumbnail.
    return Palette(palette.lab[inside]) if inside.any() else palette


def _regions(palette: Palette, labels: Labels, chosen: list[int]) -> NDArray[np.float32]:
    """Return a plane of 0 and 1 for each chosen label, and one for all others."""
    plane = nearest_pixels(labels.plane, palette.views[0].lab.shape[:2])
    planes = [plane == label for label in chosen]
    return np.stack([*planes, ~np.any(planes, axis=0)]).astype(np.float32)


def _weights(regions: NDArray[np.float32], palette: Palette, target: Photo) -> GuidedPlanes:
    guide = np.ascontiguousarray(palette.views[0].lab[..., 0])
    soft = guided_filter(regions, guide, max(1, round(_REACH * max(guide.shape))), _EPSILON)
    factor = thumbnail_factor(target)
    shape, extent = (target.height, target.width), (target.height / factor, target.width / factor)
    return GuidedPlanes(soft, guide, shape, extent, _EPSILON)


def guided_filter(
    planes: NDArray[np.float32], guide: NDArray[np.float32], radius: int, epsilon: float
) -> NDArray[np.float32]:
    """Smooth planes, but not across the guide's edges (the paper's equations 5, 6 and 8).

    Args:
        planes: Shape (C, H, W).
        guide: Shape (H, W).
        radius: Windows are (2·radius + 1) pixels a side, cut at the border.
        epsilon: Variance of the guide, in its units squared, below which it has no edges.

    Returns:
        Float32, shape (C, H, W).
    """
    light, mean = guide.astype(np.float64), partial(_box_mean, radius=radius)
    slopes, offsets = fit_lines(planes.astype(np.float64), light, epsilon, mean)
    return (mean(slopes) * light + mean(offsets)).astype(np.float32)


def _box_mean(values: FloatArray, radius: int) -> FloatArray:
    """Average over the window around each pixel, of planes in the last two axes."""
    for axis in (-2, -1):
        values = _window_mean(values, radius, axis)
    return values


def _window_mean(values: FloatArray, radius: int, axis: int) -> FloatArray:
    count = values.shape[axis]
    first = np.maximum(np.arange(count) - radius, 0)
    behind = np.minimum(np.arange(count) + radius + 1, count)
    padding = [(0, 0)] * values.ndim
    padding[axis] = (1, 0)
    total = np.pad(values, padding).cumsum(axis=axis)
    sums = total.take(behind, axis=axis) - total.take(first, axis=axis)
    shape = [1] * values.ndim
    shape[axis] = count
    return sums / (behind - first).reshape(shape)
