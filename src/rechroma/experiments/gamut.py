"""The original's blue artifact: colors predicted outside of sRGB, and what cures it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rechroma.color import in_gamut, lab_to_rgb, lightness
from rechroma.experiments.findings import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer import Colorization, Colorizer
    from rechroma.evaluation.predictions import Answer
    from rechroma.photo import Photo

__all__ = ["OutOfGamut", "cures"]

# Mirrored around a photograph, pixels: more than the receptive field feels of a border.
_BORDER = 32


@dataclass(slots=True)
class OutOfGamut:
    """Counts the predicted colors outside of sRGB, before any gamut mapping."""

    _counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BANDS) - 1, 2)))

    def add(self, work: Colorization) -> None:
        """Count one prediction, at the resolution of its chroma."""
        rows, columns = work.chroma.shape[:2]
        own = Image.fromarray(lightness(work.photo.pixels).astype(np.float32))
        small = np.asarray(own.resize((columns, rows), Image.Resampling.BOX))
        outside = ~in_gamut(np.dstack([small, work.chroma]))
        borders = np.round(np.array(BANDS) * rows).astype(int)
        for band, (top, bottom) in enumerate(pairwise(borders)):
            part = outside[top:bottom]
            self._counts[band] += part.sum(), part.size

    def shares(self) -> list[float]:
        """Return the share of each band of `BANDS`."""
        return [float(count / size) if size else 0.0 for count, size in self._counts]


def cures(colorizer: Colorizer) -> dict[str, Answer]:
    """Return what the top border looks like without, and with more than, what we do about it.

    *clipped* joins L with the prediction and clips RGB, as the original does; *mirrored border*
    lets the network see the photograph with a mirrored frame around it, which is cut off again.
    """
    return {
        "clipped instead of mapped": partial(_clipped, colorizer),
        "mirrored border": partial(_framed, colorizer),
    }


def _clipped(colorizer: Colorizer, photo: Photo) -> Photo:
    chroma = colorizer.predict(photo).chroma
    size = photo.width, photo.height
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size))
        for plane in np.moveaxis(chroma, -1, 0)
    ]
    rgb = lab_to_rgb(np.dstack([lightness(photo.pixels), *planes]))
    return photo.with_pixels(np.clip(rgb, 0, 1).astype(np.float32))


def _framed(colorizer: Colorizer, photo: Photo) -> Photo:
    frame = ((_BORDER, _BORDER), (_BORDER, _BORDER), (0, 0))
    framed = colorizer.colorize(np.pad(photo.pixels, frame, mode="reflect"))
    inside = framed.pixels[_BORDER:-_BORDER, _BORDER:-_BORDER]
    return photo.with_pixels(np.ascontiguousarray(inside))
