"""What a colorizer has to beat, and what its design allows at best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma.color import lab_to_gamut_rgb, lightness, rgb_to_lab
from rechroma.colorizer.guided import GuidedPlanes
from rechroma.colorizer.render import render
from rechroma.colorizer.size import plan_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer import ModelCard
    from rechroma.photo import Photo

__all__ = ["constant_chroma", "gray_copy", "mean_ab", "quarter_chroma"]


def gray_copy(photo: Photo) -> Photo:
    """Return the photo's L alone."""
    return constant_chroma(photo, (0.0, 0.0))


def constant_chroma(photo: Photo, chroma: tuple[float, float]) -> Photo:
    """Return the photo's L with the same a and b everywhere."""
    lab = rgb_to_lab(photo.pixels)
    lab[..., 1:] = chroma
    return photo.with_pixels(lab_to_gamut_rgb(lab).astype(np.float32))


def mean_ab(photos: Sequence[Photo]) -> tuple[float, float]:
    """Return the mean a and b of all pictures, each counting alike."""
    means = [rgb_to_lab(photo.pixels)[..., 1:].mean(axis=(0, 1)) for photo in photos]
    a, b = np.mean(means, axis=0)
    return float(a), float(b)


def quarter_chroma(card: ModelCard) -> Callable[[Photo], Photo]:
    """Return what a perfect network of this card's sizes would give: the ceiling of the design.

    The truth's a and b are averaged over the cells of the chroma plane and enlarged as at run time.
    """

    def ceiling(photo: Photo) -> Photo:
        shape = photo.height, photo.width
        plan = plan_size(*shape, size=card.size, stride=card.stride)
        extent = plan.height / card.output_stride, plan.width / card.output_stride
        lab = rgb_to_lab(photo.pixels)
        planes = np.stack([_cells(lab[..., channel], extent) for channel in (1, 2)])
        guide = _cells(lightness(photo.pixels), extent)
        guided = GuidedPlanes(planes, guide, shape, extent)
        return photo.with_pixels(render(photo.samples, guided, 1.0, threads=1))

    return ceiling


def _cells(plane: NDArray[np.floating], extent: tuple[float, float]) -> NDArray[np.float32]:
    rows, columns = (int(np.ceil(cells)) for cells in extent)
    picture = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BOX))
