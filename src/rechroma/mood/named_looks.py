"""Looks of our own making, by name: each a grade, and what it looks like.

They are kept as numbers, not as `.cube` files: a dozen tables of 33³ nodes would be 14 MB of text,
and one is made of its numbers in 40 ms. `Look.save` writes it as a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rechroma.mood.grade import Grade, Turn
from rechroma.mood.library import saved_looks

if TYPE_CHECKING:
    from rechroma.mood.look import Look

__all__ = ["NAMED_LOOKS", "NamedLook", "is_named_look", "named_look"]


@dataclass(frozen=True, slots=True)
class NamedLook:
    """A look of the package.

    Attributes:
        description: What it looks like, in one line.
        grade: Its map of colors.
    """

    description: str
    grade: Grade


NAMED_LOOKS: dict[str, NamedLook] = {
    "bleached": NamedLook(
        "Silver left in the film: hard, with half of the color and deep blacks.",
        Grade(contrast=0.5, chroma=0.52, shadows=(-1, -3), highlights=(0, 2)),
    ),
    "cinema-teal": NamedLook(
        "Teal shadows, and skin that stands warm before them.",
        Grade(
            contrast=0.25, black=3, chroma=0.95,
            turns=(Turn(140, 30, 30, 0.7), Turn(290, 35, -35, 0.85), Turn(95, 25, -14, 0.9)),
            shadows=(-9, -9), middle=(-1, -1), highlights=(3, 9),
        ),
    ),
    "cool-slide": NamedLook(
        "A cool slide film: clear, with deep blues and greens and clean whites.",
        Grade(
            gains=(0.95, 1.0, 1.07), contrast=0.45, chroma=1.2, rich=1.1,
            turns=(Turn(285, 35, -4, 1.2, -4), Turn(140, 35, 8, 1.15, -2), Turn(55, 25, 0, 0.9)),
            shadows=(0, -4),
        ),
    ),
    "deep-matte": NamedLook(
        "Matte paper: blacks that end in dark gray, quiet highlights, deep colors.",
        Grade(contrast=0.15, black=13, white=94, chroma=0.95, rich=0.85, shadows=(0, -3)),
    ),
    "faded-print": NamedLook(
        "A color print of the 1970s that has lost its cyan: pale, reddish, yellow in the light.",
        Grade(
            contrast=-0.3, black=17, white=95, chroma=0.62,
            turns=(Turn(290, 45, 0, 0.5), Turn(200, 45, 0, 0.6)),
            shadows=(9, 3), middle=(4, 3), highlights=(1, 9),
        ),
    ),
    "golden-hour": NamedLook(
        "The sun an hour before it sets: golden light, soft and warm shadows.",
        Grade(
            gains=(1.13, 1.0, 0.75), contrast=0.1, black=4, chroma=1.08,
            turns=(Turn(290, 35, 0, 0.7), Turn(140, 30, -14, 0.95)),
            shadows=(4, -2), highlights=(2, 6),
        ),
    ),
    "hand-tinted": NamedLook(
        "A black-and-white print tinted by hand: thin pastel colors on warm gray.",
        Grade(
            contrast=-0.1, black=6, white=97, chroma=0.5,
            turns=(Turn(35, 28, -8, 1.45, 2), Turn(140, 32, 12, 0.75, 3),
                   Turn(280, 40, -8, 0.9, 3)),
            shadows=(2, 4), middle=(2, 5), highlights=(1, 5),
        ),
    ),
    "moonlight": NamedLook(
        "Day for night: dark and blue, with little color left.",
        Grade(
            exposure=-1.15, gains=(0.72, 0.92, 1.3), contrast=0.2, white=92, chroma=0.5,
            turns=(Turn(60, 40, 0, 0.75),), shadows=(-1, -6), highlights=(-2, -4),
        ),
    ),
    "pastel": NamedLook(
        "Overexposed on purpose: bright, airy, in light and milky colors.",
        Grade(
            gamma=0.72, contrast=-0.2, black=9, white=99, chroma=0.8,
            turns=(Turn(140, 35, 16, 0.8, 4), Turn(285, 40, -12, 0.9, 5), Turn(50, 28, 0, 1.08, 1)),
            shadows=(2, -3), highlights=(1, 1),
        ),
    ),
    "starch-grain": NamedLook(
        "Early color plates behind grains of starch: dim and soft, creamy whites, dusky reds and "
        "greens.",
        Grade(
            exposure=-0.25, gains=(1.06, 1.0, 0.86), contrast=-0.05, black=6, white=90,
            chroma=0.85,
            turns=(Turn(30, 28, 2, 1.3, -3), Turn(140, 35, 10, 0.8, -3),
                   Turn(285, 40, 14, 0.8, -3)),
            shadows=(3, -4), middle=(1, 2), highlights=(0, 9),
        ),
    ),
    "tea-toned": NamedLook(
        "A print toned in tea: brown all over, with a breath of color.",
        Grade(contrast=0.05, black=7, white=93, chroma=0.22,
              shadows=(5, 6), middle=(5, 11), highlights=(2, 10)),
    ),
    "two-color": NamedLook(
        "Early two-color film: everything between brick red and sea green.",
        Grade(
            contrast=0.25, black=2, white=98, chroma=0.9,
            turns=(Turn(95, 28, -24, 0.7), Turn(140, 28, 45, 0.6), Turn(290, 42, -85, 0.6),
                   Turn(340, 28, 50, 0.85)),
            shadows=(-4, 0), highlights=(3, 4),
        ),
    ),
    "warm-slide": NamedLook(
        "A warm slide film: strong reds and yellows, deep blue skies, hard light.",
        Grade(
            gains=(1.05, 1.0, 0.92), contrast=0.5, chroma=1.2, rich=1.1,
            turns=(Turn(35, 25, 2, 1.18, -2), Turn(85, 25, -5, 1.1), Turn(140, 30, -8, 1.0, -3),
                   Turn(280, 35, 5, 1.1, -5)),
            shadows=(1, -1), highlights=(0, 3),
        ),
    ),
    "winter": NamedLook(
        "A clear day in winter: cold light, blue shadows, few colors.",
        Grade(
            gamma=0.95, gains=(0.92, 1.0, 1.12), contrast=0.1, black=4, chroma=0.68,
            turns=(Turn(140, 40, 20, 0.7), Turn(95, 28, 0, 0.7)),
            shadows=(0, -8), highlights=(-1, -2),
        ),
    ),
}  # fmt: skip


def is_named_look(name: object) -> bool:
    """Tell whether a name means a look of the package: the user's own one counts before it."""
    return isinstance(name, str) and name in NAMED_LOOKS and name not in saved_looks()


@lru_cache(maxsize=4)
def named_look(name: str) -> Look:
    """Return a look of `NAMED_LOOKS`."""
    from rechroma.mood.look import baked
    from rechroma.mood.options import TransferOptions

    return baked(NAMED_LOOKS[name].grade, TransferOptions(), title=f"look {name}")
