"""Mood transfer: from one photograph's colours to a map that gives them to another."""

from rechroma.mood.cube import read_cube, write_cube
from rechroma.mood.finish import Luminance
from rechroma.mood.grey import in_colour
from rechroma.mood.look import Look, fit_look
from rechroma.mood.lut import Lut3D
from rechroma.mood.methods import DEFAULT_METHOD, METHODS
from rechroma.mood.transfer import transfer

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "Look",
    "Luminance",
    "Lut3D",
    "fit_look",
    "in_colour",
    "read_cube",
    "transfer",
    "write_cube",
]
