"""What a photograph shows, place by place: the colorizer's encoder, asked for its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from rechroma.colorizer.shared import default_encoder
from rechroma.colorizer.size import network_plane, plan_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.mood.palette import Palette, View

__all__ = ["PhotoFeatures", "features_of"]

# Pixels of the thumbnail's shorter side as the network sees it.
_SIZE = 128
# Mean and standard deviation that L is brought to first: what a place shows should not depend on
# how it was graded. A flat picture's noise is not blown up to more than this spread.
_MEAN, _SPREAD, _LEAST_SPREAD = 50.0, 22.0, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class PhotoFeatures:
    """Cells of a grid over one or several photographs.

    Attributes:
        features: What each cell shows, shape (C, F).
        cell: The cell of each of the palette's colors, shape (N,), in 0…C - 1.
    """

    features: NDArray[np.float32]
    cell: NDArray[np.intp]


# A mood is the same for each of a folder's pictures.
_known: WeakKeyDictionary[Palette, PhotoFeatures] = WeakKeyDictionary()


def features_of(palette: Palette) -> PhotoFeatures | None:
    """Return what the palette's photographs show; None for a palette without photographs.

    Raises:
        ModelError: The shipped model can't be loaded.
    """
    if not palette.views:
        return None
    found = _known.get(palette)
    if found is None:
        found = _known[palette] = _together([_features_of_view(view) for view in palette.views])
    return found


def _together(seen: list[PhotoFeatures]) -> PhotoFeatures:
    before = np.cumsum([0] + [len(content.features) for content in seen[:-1]])
    cell = np.concatenate([c.cell + first for c, first in zip(seen, before, strict=True)])
    return PhotoFeatures(np.concatenate([content.features for content in seen]), cell)


def _features_of_view(view: View) -> PhotoFeatures:
    encoder = default_encoder()
    height, width = view.lab.shape[:2]
    plan = plan_size(height, width, size=_SIZE, stride=encoder.card.stride)
    light = view.lab[..., 0]
    spread = max(float(light.std()), _LEAST_SPREAD)
    normal = np.clip((light - light.mean()) / spread * _SPREAD + _MEAN, 0, 100)
    maps = encoder.features(network_plane(normal, plan))
    stride = encoder.card.feature_stride
    rows, columns = np.divmod(view.pixels, width)
    row = (rows * (plan.height / (height * stride))).astype(np.intp)
    column = (columns * (plan.width / (width * stride))).astype(np.intp)
    # Cells of the padding have no colors: they are left out.
    used, cell = np.unique(row * maps.shape[2] + column, return_inverse=True)
    return PhotoFeatures(maps.reshape(len(maps), -1).T[used], cell)
