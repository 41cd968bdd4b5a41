"""Label pictures: which parts of source and target belong together, each pair in one color."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.colorizer.masks import check_aspect
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo import Photo

__all__ = ["Labels", "labels_of", "paired_labels"]

# Colors that cover less of a mask are taken for blurred edges, and get the nearest label.
_LEAST_SHARE = 0.005
# More are not labels but a photograph.
_MOST_LABELS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A mask.

    Attributes:
        colors: 8-bit RGB of each label, shape (K, 3).
        plane: The index of each pixel's label, shape (H, W).
    """

    colors: NDArray[np.uint8]
    plane: NDArray[np.intp]


def labels_of(mask: Photo, photo: Photo) -> Labels:
    """Read a mask picture: each color that covers 0.5 % or more of it is a label.

    Args:
        mask: The mask; PNG rather than JPEG, which blurs edges.
        photo: What it belongs to.

    Raises:
        UsageError: Another aspect than the photo's, or a picture without flat colors.
    """
    check_aspect(mask, photo)
    flat = mask.to_uint8().reshape(-1, 3)
    packed = flat.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    found, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    large = counts >= _LEAST_SHARE * len(packed)
    if not 1 <= large.sum() <= _MOST_LABELS or counts[large].sum() < len(packed) / 2:
        raise UsageError(
            f"{mask.name}: not a mask: it has no few flat colors",
            "paint each region in one color, without shading, and save it as PNG",
        )
    colors = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1)
    labels = colors[large]
    distance = ((colors[:, None].astype(np.int64) - labels) ** 2).sum(axis=2)
    nearest = distance.argmin(axis=1)
    return Labels(labels.astype(np.uint8), nearest[inverse].reshape(mask.height, mask.width))


def paired_labels(source: Labels, target: Labels) -> list[tuple[int, int]]:
    """Return (index in the source, index in the target) of the colors that both masks have.

    Raises:
        UsageError: There is none.
    """
    pairs = [
        (i, j)
        for i, ours in enumerate(source.colors)
        for j, theirs in enumerate(target.colors)
        if np.array_equal(ours, theirs)
    ]
    if not pairs:
        raise UsageError(
            "the two masks have no color in common",
            "paint what belongs together in the same color in both",
        )
    return pairs
