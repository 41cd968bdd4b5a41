"""Colorizing one picture, in a mood if there is one, with the options as keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.colorizer import render_with
from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.shared import cached_colorizer
from rechroma.photo import Photo, read

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from rechroma.colorizer import Colorization
    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.colorizer.hints import Hint
    from rechroma.colorizer.masks import Mask
    from rechroma.mood.look import Look
    from rechroma.photo.formats import BitDepth

__all__ = ["colorize", "finished"]


def colorize(
    source: PhotoLike,
    *,
    hints: Sequence[Hint] = (),
    masks: Sequence[Mask] = (),
    mood: PhotoLike | None = None,
    look: Look | str | os.PathLike[str] | None = None,
    strength: float = ColorizeOptions.strength,
    vividness: float = ColorizeOptions.vividness,
    temperature: float = ColorizeOptions.temperature,
    recolor: bool = ColorizeOptions.recolor,
    recompress: bool = ColorizeOptions.recompress,
    size: int | None = None,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
) -> Photo:
    """Return a picture in color; the model is loaded at the first call, and kept for the next.

    Args:
        source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
        hints: Points with the colors that they should get.
        masks: Parts of the picture, and what shall become of each.
        mood: A color photograph whose colors set the tone, as the command line's `--mood` does: a
            model that takes moods is told, and a transfer of colors is made on its answer.
        look: What is done to the result, lightness included: a look, its name or its file; see
            `Look.load`.
        strength: Factor on the predicted chroma, 0 (gray) … 1.5.
        vividness: 0 (the mean of what is possible) … 1.5; see `Colorization.render`.
        temperature: −1 (cooler light) … 1 (warmer); see `Colorization.render`.
        recolor: Color a picture that is in color already anew; otherwise it is returned as it is.
        recompress: Make a JPEG of a JPEG from pixels, too; see `Colorization.render`.
        size: See `Colorizer`.
        model: See `Colorizer`.
        device: See `Colorizer`.

    Raises:
        UsageError: A number is out of range, hints or a vividness for a model that takes none, a
            black-and-white mood, or a mask that does not fit the picture.
        PhotoError: A picture can't be read.
        LookError: There is no such look.
        ModelError: The model or the device isn't there, or the network fails.
        OutOfMemoryError: It does not fit into memory.

    Examples:
        >>> import rechroma
        >>> photo = rechroma.colorize("examples/louis-armstrong-1946.jpg")
        >>> print(photo.save("louis.color.jpg"))
        louis.color.jpg

        It keeps its size and its own lightness; what is new is chroma:

        >>> photo.width, photo.height, photo.was_gray
        (880, 678, False)
    """
    # Before a model is loaded.
    options = ColorizeOptions(
        strength=strength, vividness=vividness, temperature=temperature, recolor=recolor,
        recompress=recompress,
    )  # fmt: skip
    chosen = None if look is None else _loaded(look)
    colorizer = cached_colorizer(model, device=device, size=size)
    photo = source if isinstance(source, Photo) else read(source)
    if not recolor and is_color(photo):
        return photo
    if mood is None and all(each.mood is None for each in masks):
        return finished(colorizer.predict(photo, hints=hints, masks=masks), options, chosen)
    # A transfer takes its time to load.
    from rechroma.mood.grayscale import predict_in_mood

    source_of_mood = mood if mood is None or isinstance(mood, Photo) else read(mood)
    return finished(
        predict_in_mood(colorizer, photo, source_of_mood, hints, masks), options, chosen
    )


def finished(
    prediction: Colorization, options: ColorizeOptions, look: Look | None, bit_depth: BitDepth = 32
) -> Photo:
    """Return the picture that the options ask for, with a look if there is one.

    What masks keep is left alone by the look, too.

    Args:
        prediction: The colors.
        options: How they are rendered.
        look: What is done to them then.
        bit_depth: Bits of a channel; with a look at least 16, since colors are rounded twice.
    """
    if look is None:
        return render_with(prediction, options, bit_depth)
    photo = render_with(prediction, options, 16 if bit_depth == 8 else bit_depth)
    return prediction.with_kept(look.apply(photo))


def _loaded(look: Look | str | os.PathLike[str]) -> Look:
    # Looks take their time to load.
    from rechroma.mood.look import Look

    return look if isinstance(look, Look) else Look.load(look)
