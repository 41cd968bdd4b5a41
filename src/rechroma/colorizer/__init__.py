"""Colorizing at run time: one network in ONNX Runtime, its chroma on the photo's own L."""

from rechroma.colorizer.card import ModelCard
from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.colorization import Colorization
from rechroma.colorizer.colorizer import Colorizer, colorize
from rechroma.colorizer.distribution import Distribution, Likely, single_answer_error
from rechroma.colorizer.graph_io import conditioning_unsupported
from rechroma.colorizer.hints import Hint, parse_hint, read_hints
from rechroma.colorizer.registry import DEFAULT_MODEL, MODELS, find_model
from rechroma.colorizer.session import available_devices, load_card

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "Colorization",
    "Colorizer",
    "Distribution",
    "Hint",
    "Likely",
    "ModelCard",
    "available_devices",
    "colorize",
    "conditioning_unsupported",
    "find_model",
    "is_color",
    "load_card",
    "parse_hint",
    "read_hints",
    "single_answer_error",
]
