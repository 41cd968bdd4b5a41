"""Black-and-white photographs and moods: told to a model that takes them, brought by a transfer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import lab_to_gamut_rgb, rgb_to_lab
from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.shared import default_colorizer
from rechroma.errors import UsageError
from rechroma.mood.look import fit, has_no_colors
from rechroma.mood.options import TransferOptions
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rechroma.colorizer import Colorization, Colorizer, Hint, Mask
    from rechroma.colorizer.layers import Layer

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
    colorizer: Colorizer,
    photo: Photo,
    mood: Photo | None,
    hints: Sequence[Hint] = (),
    masks: Sequence[Mask] = (),
) -> Colorization:
    """Return the colors of a black-and-white photograph that a transfer is going to change.

    Args:
        colorizer: The model. One that takes moods is told; otherwise the transfer alone brings it.
        photo: The photograph.
        mood: The photograph whose mood it is going to get; None for none.
        hints: See `Colorizer.predict`.
        masks: See `Colorizer.predict`.

    Raises:
        UsageError: Hints for a model that takes none, or one outside of the photo.
    """
    told = mood if colorizer.card.hints else None
    return colorizer.predict(photo, hints=hints, masks=masks, mood=told)


def predict_in_mood(
    colorizer: Colorizer,
    photo: Photo,
    mood: Photo | None,
    hints: Sequence[Hint] = (),
    masks: Sequence[Mask] = (),
) -> Colorization:
    """Return a photo's colors, in a mood if there is one: the transfer is made, but L stays.

    See `predict_target` for the arguments and errors.

    Raises:
        UsageError: The mood is black and white, or see `predict_target`.
    """
    moods = [
        each.mood if isinstance(each.mood, Photo) or each.mood is None else read(each.mood)
        for each in masks
    ]
    for each in (mood, *moods):
        _refuse_gray(each)
    masks = [replace(mask, mood=own) for mask, own in zip(masks, moods, strict=True)]
    predicted = predict_target(colorizer, photo, mood, hints, masks)
    if mood is not None:
        predicted = predicted.with_chroma(_transferred(predicted.lightness, predicted.chroma, mood))
    layers = [
        _layer_in_mood(predicted, layer, own)
        for layer, own in zip(predicted.layers, moods, strict=True)
    ]
    return predicted.with_layers(layers)


def _refuse_gray(mood: Photo | None) -> None:
    if mood is not None and has_no_colors([mood]):
        raise UsageError(
            f"{mood.name}: the mood is black and white: it has no colors for a photograph",
            "give a color photograph as the mood; a transfer takes tones, too: rechroma transfer",
        )


def _layer_in_mood(predicted: Colorization, layer: Layer, mood: Photo | None) -> Layer:
    if mood is None or layer.answer is None:
        return layer
    chroma = np.moveaxis(layer.answer.maps, 0, -1)
    maps = _transferred(predicted.lightness, chroma, mood)
    return replace(layer, answer=replace(layer.answer, maps=maps))


def _transferred(
    lightness: NDArray[np.float32], chroma: NDArray[np.float32], mood: Photo
) -> NDArray[np.float32]:
    """Return a and b, shape (2, h, w), of a transfer that keeps L, at a prediction's resolution.

    So strength, vividness and the picture's edges go on working.

    Args:
        lightness: L, shape (h, w).
        chroma: a and b before, shape (h, w, 2).
        mood: The photograph whose mood they get.
    """
    lab = np.dstack([lightness, chroma]).astype(np.float32)
    cells = Photo(np.clip(lab_to_gamut_rgb(lab), 0, 1), bit_depth=32, name="the prediction")
    changed = fit(mood, cells, TransferOptions(luminance="keep")).apply(cells)
    planes = np.moveaxis(rgb_to_lab(changed.pixels)[..., 1:], -1, 0)
    return np.ascontiguousarray(planes, dtype=np.float32)
