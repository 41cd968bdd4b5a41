"""Colorizing at run time: one network in ONNX Runtime, its chroma on the photo's own L."""

from rechroma.colorizer.card import ModelCard
from rechroma.colorizer.registry import DEFAULT_MODEL, MODELS, find_model
from rechroma.colorizer.run import Colorization, Colorizer, colorize
from rechroma.colorizer.session import available_devices, load_card
from rechroma.colorizer.tint import is_colour

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
