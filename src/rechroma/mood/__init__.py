"""Mood transfer: from one photograph's colors to a map that gives them to another.

The names below are loaded when they are first used: the options, for `--help`, need no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma._lazy import lazy_names

if TYPE_CHECKING:
    from rechroma.mood.api import fit_look, transfer
    from rechroma.mood.cube import write_cube
    from rechroma.mood.grayscale import in_color, predict_in_mood, predict_target
    from rechroma.mood.look import Look, fit
    from rechroma.mood.look_files import read_lut
    from rechroma.mood.lut import Lut3D, LutChain
    from rechroma.mood.methods import DEFAULT_METHOD, METHODS
    from rechroma.mood.options import (
        Luminance,
        Swatch,
        TransferOptions,
        parse_swatch,
    )
    from rechroma.mood.regional import RegionalLook, fit_regional_look

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "Look",
    "Luminance",
    "Lut3D",
    "LutChain",
    "RegionalLook",
    "Swatch",
    "TransferOptions",
    "fit",
    "fit_look",
    "fit_regional_look",
    "in_color",
    "parse_swatch",
    "predict_in_mood",
    "predict_target",
    "read_lut",
    "transfer",
    "write_cube",
]

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.mood.api": ["fit_look", "transfer"],
        "rechroma.mood.cube": ["write_cube"],
        "rechroma.mood.grayscale": ["in_color", "predict_in_mood", "predict_target"],
        "rechroma.mood.look": ["Look", "fit"],
        "rechroma.mood.look_files": ["read_lut"],
        "rechroma.mood.lut": ["Lut3D", "LutChain"],
        "rechroma.mood.methods": ["DEFAULT_METHOD", "METHODS"],
        "rechroma.mood.options": [
            "Luminance",
            "Swatch",
            "TransferOptions",
            "parse_swatch",
        ],
        "rechroma.mood.regional": ["RegionalLook", "fit_regional_look"],
    },
)


def __dir__() -> list[str]:
    return __all__
