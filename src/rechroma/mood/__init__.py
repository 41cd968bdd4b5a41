"""Mood transfer: from one photograph's colors to a map that gives them to another."""

from rechroma.mood.colors import predict_in_mood
from rechroma.mood.cube import read_cube, write_cube
from rechroma.mood.default_colorizer import preload_default_colorizer
from rechroma.mood.gamut_compression import Luminance
from rechroma.mood.gray import in_color
from rechroma.mood.look import Look, fit_look
from rechroma.mood.lut import Lut3D
from rechroma.mood.methods import DEFAULT_METHOD, METHODS
from rechroma.mood.regional import RegionalLook, fit_regional_look
from rechroma.mood.swatch import Swatch, parse_swatch
from rechroma.mood.transfer import transfer

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "Look",
    "Luminance",
    "Lut3D",
    "RegionalLook",
    "Swatch",
    "fit_look",
    "fit_regional_look",
    "in_color",
    "parse_swatch",
    "predict_in_mood",
    "preload_default_colorizer",
    "read_cube",
    "transfer",
    "write_cube",
]
