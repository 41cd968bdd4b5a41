"""Colorizing one picture, with the options as keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.colorizer.options import ColorizeOptions
from rechroma.colorizer.shared import cached_colorizer

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.colorizer.hints import Hint
    from rechroma.photo import Photo

__all__ = ["colorize"]


def colorize(
    source: PhotoLike,
    *,
    hints: Sequence[Hint] = (),
    mood: PhotoLike | None = None,
    strength: float = ColorizeOptions.strength,
    vividness: float = ColorizeOptions.vividness,
    recolor: bool = ColorizeOptions.recolor,
    size: int | None = None,
    model: str | os.PathLike[str] = "default",
    device: str = "auto",
) -> Photo:
    """Return a picture in color; the model is loaded at the first call, and kept for the next.

    Args:
        source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
        hints: Points with the colors that they should get.
        mood: A color photograph whose colors should set the tone: told to the model. The command
            line's `--mood` makes a transfer on its answer, too, and so suits every model.
        strength: Factor on the predicted chroma, 0 (gray) … 1.5.
        vividness: 0 (the mean of what is possible) … 1.5; see `Colorization.render`.
        recolor: Color a picture that is in color already anew; otherwise it is returned as it is.
        size: See `Colorizer`.
        model: See `Colorizer`.
        device: See `Colorizer`.

    Raises:
        UsageError: A number is out of range, or hints or a vividness for a model that takes none.
        PhotoError: A picture can't be read.
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
    ColorizeOptions(strength=strength, vividness=vividness, recolor=recolor)
    return cached_colorizer(model, device=device, size=size).colorize(
        source, hints=hints, mood=mood, strength=strength, vividness=vividness,
        recolor=recolor,
    )  # fmt: skip
