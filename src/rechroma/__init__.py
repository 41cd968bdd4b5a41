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
from rechroma._version import __version__

if TYPE_CHECKING:
    from rechroma.colorizer import (
        Colorization,
        Colorizer,
        Hint,
        Mask,
        ModelCard,
        Version,
        load_card,
    )
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
    "Mask",
    "ModelCard",
    "Original",
    "Photo",
    "Preparation",
    "PrepareOptions",
    "RechromaError",
    "Still",
    "Swatch",
    "Version",
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

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.colorizer": [
            "Colorization", "Colorizer", "Hint", "Mask", "ModelCard", "Version", "load_card",
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
