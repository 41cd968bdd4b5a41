"""Films: steady colors, the film's own luma bit for bit, and all else kept.

The names below are loaded when they are first used: the options, for `--help`, need no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma._lazy import lazy_names

if TYPE_CHECKING:
    from rechroma.video.colorize import colorize_film
    from rechroma.video.kinds import FILM_SUFFIXES, is_film
    from rechroma.video.options import FilmOptions
    from rechroma.video.progress import FilmProgress, FilmResult
    from rechroma.video.telling import FilmHint, Still

__all__ = [
    "FILM_SUFFIXES",
    "FilmHint",
    "FilmOptions",
    "FilmProgress",
    "FilmResult",
    "Still",
    "colorize_film",
    "is_film",
]

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.video.colorize": ["colorize_film"],
        "rechroma.video.kinds": ["FILM_SUFFIXES", "is_film"],
        "rechroma.video.options": ["FilmOptions"],
        "rechroma.video.progress": ["FilmProgress", "FilmResult"],
        "rechroma.video.telling": ["FilmHint", "Still"],
    },
)


def __dir__() -> list[str]:
    return __all__
