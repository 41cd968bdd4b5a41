"""Old prints made ready for the colorizer: border, slant, tint, contrast, scratches, negatives.

The names below are loaded when they are first used: the options, for `--help`, need no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma._lazy import lazy_names

if TYPE_CHECKING:
    from rechroma.preparation.border import Border, find_border
    from rechroma.preparation.coloring import masks_unsupported, moved_hint, predict_prepared
    from rechroma.preparation.options import PrepareOptions
    from rechroma.preparation.preparing import Finding, Preparation, prepare

__all__ = [
    "Border",
    "Finding",
    "Preparation",
    "PrepareOptions",
    "find_border",
    "masks_unsupported",
    "moved_hint",
    "predict_prepared",
    "prepare",
]

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.preparation.border": ["Border", "find_border"],
        "rechroma.preparation.coloring": [
            "masks_unsupported", "moved_hint", "predict_prepared",
        ],
        "rechroma.preparation.options": ["PrepareOptions"],
        "rechroma.preparation.preparing": ["Finding", "Preparation", "prepare"],
    },
)  # fmt: skip


def __dir__() -> list[str]:
    return __all__
