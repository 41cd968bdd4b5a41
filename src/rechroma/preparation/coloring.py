"""Colorizing a print made ready: the network sees that, and the result has the print's own L."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.colorizer import Colorization
    from rechroma.photo import Photo
    from rechroma.preparation.preparing import Preparation

__all__ = ["predict_prepared"]


def predict_prepared(
    preparation: Preparation,
    predict: Callable[[Photo], Colorization],
    *,
    prepared_lightness: bool = False,
) -> Colorization:
    """Return what the network says about a print that was made ready.

    What is rendered of it is of the size of `Preparation.inside`; `Preparation.framed` puts a
    masked border around it.

    Args:
        preparation: See `rechroma.prepare`.
        predict: Runs the network on a photo, as `Colorizer.predict`.
        prepared_lightness: Whether the result's lightness is that of the print made ready.
            Otherwise it is the print's own, with its scratches and its faded contrast.
    """
    answer = predict(preparation.inside(_marked(preparation.photo, preparation)))
    if prepared_lightness or preparation.original is preparation.photo:
        return answer
    return answer.on_print(preparation.inside(_marked(preparation.original, preparation)))


def _marked(photo: Photo, preparation: Preparation) -> Photo:
    """Return a photo with a note on what was done; the very same one if that was nothing."""
    done = preparation.summary
    return photo.marked(f"prepared: {done}") if done else photo
