"""Colors for a black-and-white photograph in the mood of another photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_gamut_rgb, rgb_to_lab
from rechroma.mood.look import fit_look
from rechroma.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer import Colorization, Colorizer, Hint

__all__ = ["predict_in_mood"]


def predict_in_mood(
    colorizer: Colorizer, photo: Photo, hints: Sequence[Hint], mood: Photo | None
) -> Colorization:
    """Return a photo's colors, in a mood if there is one; its own lightness stays.

    Args:
        colorizer: A model that takes no moods itself colors as it does, and a transfer does the
            rest.
        photo: The photo.
        hints: See `Colorizer.predict`.
        mood: The photograph that sets the tone; None for none.

    Raises:
        UsageError: Hints for a model that takes none, or one outside of the photo.
    """
    told = mood if colorizer.card.hints else None
    predicted = colorizer.predict(photo, hints=hints, mood=told)
    return predicted if mood is None else _transferred(predicted, mood)


def _transferred(predicted: Colorization, mood: Photo) -> Colorization:
    """Return the chroma of a transfer that keeps L, at the prediction's own resolution.

    So strength, vividness and the picture's edges go on working.
    """
    lab = np.dstack([predicted.lightness, predicted.chroma]).astype(np.float32)
    cells = Photo(np.clip(lab_to_gamut_rgb(lab), 0, 1), bit_depth=32, name="the prediction")
    changed = fit_look(mood, cells, luminance="keep").apply(cells)
    planes = np.moveaxis(rgb_to_lab(changed.pixels)[..., 1:], -1, 0)
    return predicted.with_chroma(np.ascontiguousarray(planes, dtype=np.float32))
