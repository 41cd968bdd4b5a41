"""Colorizing at run time: one network in ONNX Runtime, its chroma on the photo's own L."""

from rechroma.colorize.card import ModelCard
from rechroma.colorize.colorizer import Colorization, Colorizer, colorize
from rechroma.colorize.registry import DEFAULT_MODEL, MODELS, find_model
from rechroma.colorize.session import available_devices, load_card
from rechroma.colorize.tint import is_colour

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "Colorization",
    "Colorizer",
    "ModelCard",
    "available_devices",
    "colorize",
    "find_model",
    "is_colour",
    "load_card",
]
