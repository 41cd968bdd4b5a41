"""Colorizing one picture, in a mood if there is one, with the options as keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.colorizer import render_with
from rechroma.colorizer.masks import told
from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.shared import cached_colorizer
from rechroma.errors import UsageError
from rechroma.photo import Photo, read
from rechroma.preparation.options import PrepareOptions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from rechroma.colorizer import Colorization, Colorizer
    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.colorizer.hints import Hint
    from rechroma.colorizer.masks import Mask
    from rechroma.mood.look import Look
    from rechroma.photo.formats import BitDepth
    from rechroma.preparation import Preparation

__all__ = ["colorize", "finished"]


def colorize(
    source: PhotoLike,
    *,
    hints: Sequence[Hint] = (),
    masks: Sequence[Mask] = (),
    mood: PhotoLike | None = None,
    look: Look | str | os.PathLike[str] | None = None,
    prepare: bool | PrepareOptions = False,
    prepared_lightness: bool = False,
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
        prepare: Whether the network sees an old print made ready, as the command line's
            `--prepare` says: its border, tint, stains, faded contrast and scratches undone.
            `PrepareOptions` choose among them. The result keeps the print's own lightness.
        prepared_lightness: With `prepare`, whether the result has the lightness of the print made
            ready, too.
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
            black-and-white mood, a mask that does not fit the picture, or masks beside `prepare`.
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

        A faded print, of which the network sees what it was:

        >>> photo = rechroma.colorize("examples/louis-armstrong-1946.jpg", prepare=True)
    """
    # Before a model is loaded.
    options = ColorizeOptions(
        strength=strength, vividness=vividness, temperature=temperature, recolor=recolor,
        recompress=recompress,
    )  # fmt: skip
    hints, masks = told(hints, masks)
    preparing = _preparing(prepare, masks, prepared_lightness=prepared_lightness)
    chosen = None if look is None else _loaded(look)
    colorizer = cached_colorizer(model, device=device, size=size)
    photo = source if isinstance(source, Photo) else read(source)
    if preparing is not None:
        ready = _made_ready(photo, preparing)
        if not recolor and ready.is_in_color:
            return photo
        from rechroma.preparation import moved_hint, predict_prepared

        predict = _prediction(colorizer, [moved_hint(hint, ready) for hint in hints], masks, mood)
        prediction = predict_prepared(ready, predict, prepared_lightness=prepared_lightness)
        return ready.framed(finished(prediction, options, chosen))
    if not recolor and is_color(photo):
        return photo
    return finished(_prediction(colorizer, hints, masks, mood)(photo), options, chosen)


def _preparing(
    prepare: bool | PrepareOptions,  # noqa: FBT001 (the keyword of `colorize`)
    masks: Sequence[Mask],
    *,
    prepared_lightness: bool,
) -> PrepareOptions | None:
    """Return how a print is made ready; None if it is not.

    Raises:
        UsageError: What does not go together.
    """
    if prepare is False:
        if prepared_lightness:
            raise UsageError("prepared_lightness without prepare", "add prepare=True")
        return None
    if masks:
        from rechroma.preparation import masks_unsupported

        raise masks_unsupported()
    if prepare is True:
        return PrepareOptions()
    if not isinstance(prepare, PrepareOptions):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"prepare {prepare!r} is no switch", "give True, False or PrepareOptions")
    return prepare


def _made_ready(photo: Photo, options: PrepareOptions) -> Preparation:
    from rechroma.preparation import prepare

    return prepare(photo, options)


def _prediction(
    colorizer: Colorizer, hints: Sequence[Hint], masks: Sequence[Mask], mood: PhotoLike | None
) -> Callable[[Photo], Colorization]:
    """Return what says which colors a photo gets."""
    if mood is None and all(each.mood is None for each in masks):
        return lambda photo: colorizer.predict(photo, hints=hints, masks=masks)
    # A transfer takes its time to load.
    from rechroma.mood.grayscale import predict_in_mood

    colors = mood if mood is None or isinstance(mood, Photo) else read(mood)
    return lambda photo: predict_in_mood(colorizer, photo, colors, hints, masks)


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
