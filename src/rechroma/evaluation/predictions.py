"""What is compared with the truth: a colorizer's answers, and the baselines beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from rechroma.colorizer import ColorizeOptions
from rechroma.colorizer.colorizer import render_with
from rechroma.evaluation.baselines import constant_chroma, gray_copy, mean_ab, quarter_chroma
from rechroma.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.colorizer import Colorizer, ModelCard

__all__ = ["Answer", "answers", "baselines"]

# From a color photo, of which it may use L alone, to a color photo.
Answer: TypeAlias = Callable[[Photo], Photo]

_USUAL = ColorizeOptions()


def answers(
    colorizer: Colorizer, name: str, options: ColorizeOptions = _USUAL
) -> dict[str, Answer]:
    """Return title → answer: of an RGB model its raw output, too."""

    def raw(photo: Photo) -> Photo:
        return colorizer.predict(photo).render_raw()

    def kept(photo: Photo) -> Photo:
        return render_with(colorizer.predict(photo), options)

    if colorizer.card.output == "rgb":
        return {f"{name}, raw output": raw, f"{name}, post-process": kept}
    return {name: kept}


def baselines(card: ModelCard, truths: Sequence[Photo]) -> dict[str, Answer]:
    """Return title → baseline; see `rechroma.evaluation.baselines`."""
    return {
        "gray copy": gray_copy,
        "constant mean chroma": partial(constant_chroma, chroma=mean_ab(truths)),
        "truth's chroma at a quarter": quarter_chroma(card),
    }
