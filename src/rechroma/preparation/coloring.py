"""Colorizing a print made ready: the network sees that, and the result has the print's own L."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.colorizer import Colorization, Hint
    from rechroma.photo import Photo
    from rechroma.preparation.preparing import Preparation

__all__ = ["masks_unsupported", "moved_hint", "predict_prepared"]


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


def moved_hint(hint: Hint, preparation: Preparation) -> Hint:
    """Return a hint of a print where it is in what the network sees.

    Raises:
        UsageError: It lies in what the network does not see.
    """
    x, y = (math.floor(each) for each in preparation.place(hint.x + 0.5, hint.y + 0.5))
    seen = preparation.inside(preparation.photo)
    if 0 <= x < seen.width and 0 <= y < seen.height:
        return replace(hint, x=x, y=y)
    named = f"the hint at {hint.x:g},{hint.y:g} lies"
    width, height = preparation.geometry.size
    if hint.x >= width or hint.y >= height:
        raise UsageError(
            f"{named} outside of {preparation.photo.name}", f"it has {width} × {height} pixels"
        )
    done = {each.kind: each.done for each in preparation.findings}
    if removed := {"masked": "masks", "cropped": "crops"}.get(done.get("border", "")):
        raise UsageError(f"{named} in the border that --prepare {removed}", "use --border keep")
    raise UsageError(f"{named} in a corner that --prepare turns away", "use --no-straighten")


def masks_unsupported() -> UsageError:
    """Return the error of masks for a print that is still to be made ready."""
    return UsageError(
        "masks are about the picture as it is, and --prepare may crop and turn it",
        "make it ready first, with rechroma prepare, and paint masks on that",
    )


def _marked(photo: Photo, preparation: Preparation) -> Photo:
    """Return a photo with a note on what was done; the very same one if that was nothing."""
    done = preparation.summary
    return photo.marked(f"prepared: {done}") if done else photo
