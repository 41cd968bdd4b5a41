"""Black-and-white photographs and moods: told to a model that takes them, brought by a transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_gamut_rgb, rgb_to_lab
from rechroma.colorizer import default_colorizer, is_color
from rechroma.errors import UsageError
from rechroma.mood.look import fit, has_no_colors
from rechroma.mood.options import TransferOptions
from rechroma.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer import Colorization, Colorizer, Hint

__all__ = ["in_color", "predict_in_mood", "predict_target"]


def in_color(photo: Photo, moods: Sequence[Photo], colorizer: Colorizer | None = None) -> Photo:
    """Return a transfer's target with colors to be changed: a black-and-white one is colorized.

    Args:
        photo: In color or not.
        moods: Whose mood it is going to get, at least one; the first is told to a model that takes
            moods. If they are black and white, nobody needs the target's colors.
        colorizer: The model; None for the process's default.
    """
    if is_color(photo) or has_no_colors(moods):
        return photo
    predicted = predict_target(colorizer or default_colorizer(), photo, moods[0])
    # They are changed again: 8 bits would be rounded twice.
    return predicted.render(bit_depth=max(16, photo.bit_depth))


def predict_target(
    colorizer: Colorizer, photo: Photo, mood: Photo | None, hints: Sequence[Hint] = ()
) -> Colorization:
    """Return the colors of a black-and-white photograph that a transfer is going to change.

    Args:
        colorizer: The model. One that takes moods is told; otherwise the transfer alone brings it.
        photo: The photograph.
        mood: The photograph whose mood it is going to get; None for none.
        hints: See `Colorizer.predict`.

    Raises:
        UsageError: Hints for a model that takes none, or one outside of the photo.
    """
    return colorizer.predict(photo, hints=hints, mood=mood if colorizer.card.hints else None)


def predict_in_mood(
    colorizer: Colorizer, photo: Photo, mood: Photo | None, hints: Sequence[Hint] = ()
) -> Colorization:
    """Return a photo's colors, in a mood if there is one: the transfer is made, but L stays.

    See `predict_target` for the arguments and errors.

    Raises:
        UsageError: The mood is black and white, or see `predict_target`.
    """
    if mood is not None and has_no_colors([mood]):
        raise UsageError(
            f"{mood.name}: the mood is black and white: it has no colors for a photograph",
            "give a color photograph as the mood; a transfer takes tones, too: rechroma transfer",
        )
    predicted = predict_target(colorizer, photo, mood, hints)
    return predicted if mood is None else _transferred(predicted, mood)


def _transferred(predicted: Colorization, mood: Photo) -> Colorization:
    """Return the chroma of a transfer that keeps L, at the prediction's own resolution.

    So strength, vividness and the picture's edges go on working.
    """
    lab = np.dstack([predicted.lightness, predicted.chroma]).astype(np.float32)
    cells = Photo(np.clip(lab_to_gamut_rgb(lab), 0, 1), bit_depth=32, name="the prediction")
    changed = fit(mood, cells, TransferOptions(luminance="keep")).apply(cells)
    planes = np.moveaxis(rgb_to_lab(changed.pixels)[..., 1:], -1, 0)
    return predicted.with_chroma(np.ascontiguousarray(planes, dtype=np.float32))
