"""Colorizing at run time: one network in ONNX Runtime, its chroma on the photo's own L."""

from rechroma.colorizer.card import ModelCard
from rechroma.colorizer.colorization import Colorization
from rechroma.colorizer.distribution import Distribution, Likely, one_answer_alone
from rechroma.colorizer.hints import Hint, parse_hint, read_hints
from rechroma.colorizer.ports import no_advice_taken
from rechroma.colorizer.registry import DEFAULT_MODEL, MODELS, find_model
from rechroma.colorizer.run import Colorizer, colorize
from rechroma.colorizer.session import available_devices, load_card
from rechroma.colorizer.tint import is_color

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
    "find_model",
    "is_color",
    "load_card",
    "no_advice_taken",
    "one_answer_alone",
    "parse_hint",
    "read_hints",
]
