"""Rechroma gives photographs their color back.

    import rechroma

    rechroma.colorize("grandmother.jpg").save("grandmother.color.jpg")

The names below are loaded when they are first used; importing the package does nothing else.

    >>> import rechroma
    >>> rechroma.__version__.count(".") >= 2
    True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma._lazy import lazy_names

if TYPE_CHECKING:
    from rechroma.colorizer import Colorization, Colorizer, Hint, ModelCard, load_card
    from rechroma.errors import RechromaError
    from rechroma.mood import Look, Swatch, colorize, fit_look, transfer
    from rechroma.photo import Original, Photo, original, read, write
    from rechroma.preparation import Preparation, PrepareOptions, prepare
    from rechroma.video import FilmHint, FilmProgress, FilmResult, Still, colorize_film

__all__ = [
    "Colorization",
    "Colorizer",
    "FilmHint",
    "FilmProgress",
    "FilmResult",
    "Hint",
    "Look",
    "ModelCard",
    "Original",
    "Photo",
    "Preparation",
    "PrepareOptions",
    "RechromaError",
    "Still",
    "Swatch",
    "__version__",
    "colorize",
    "colorize_film",
    "fit_look",
    "load_card",
    "original",
    "prepare",
    "read",
    "transfer",
    "write",
]

# Written here alone: the build, the site and the release read it.
__version__ = "0.1.0"

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.colorizer": [
            "Colorization", "Colorizer", "Hint", "ModelCard", "load_card",
        ],
        "rechroma.errors": ["RechromaError"],
        "rechroma.mood": ["Look", "Swatch", "colorize", "fit_look", "transfer"],
        "rechroma.photo": ["Original", "Photo", "original", "read", "write"],
        "rechroma.preparation": ["PrepareOptions", "Preparation", "prepare"],
        "rechroma.video": ["FilmHint", "FilmProgress", "FilmResult", "Still", "colorize_film"],
    },
)  # fmt: skip


def __dir__() -> list[str]:
    return __all__
