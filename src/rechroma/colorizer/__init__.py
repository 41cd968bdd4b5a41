"""Colorizing at run time: one network in ONNX Runtime, its chroma on the photo's own L.

The names below are loaded when they are first used: the options, for `--help`, need no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma._lazy import lazy_names

if TYPE_CHECKING:
    from rechroma.colorizer.card import ModelCard
    from rechroma.colorizer.color_detection import is_color
    from rechroma.colorizer.colorization import Colorization
    from rechroma.colorizer.colorizer import Colorizer
    from rechroma.colorizer.distribution import Distribution, Likely, single_answer_error
    from rechroma.colorizer.graph_io import conditioning_unsupported
    from rechroma.colorizer.hint_files import read_hints
    from rechroma.colorizer.hints import REACHES, Hint, Reach, parse_hint
    from rechroma.colorizer.masks import Mask, parse_mask
    from rechroma.colorizer.options import MAX_VARIANTS, ColorizeOptions
    from rechroma.colorizer.registry import DEFAULT_MODEL, MODELS, find_model
    from rechroma.colorizer.session import available_devices, load_card
    from rechroma.colorizer.shared import cached_colorizer, default_colorizer
    from rechroma.colorizer.versions import Version

__all__ = [
    "DEFAULT_MODEL",
    "MAX_VARIANTS",
    "MODELS",
    "REACHES",
    "Colorization",
    "ColorizeOptions",
    "Colorizer",
    "Distribution",
    "Hint",
    "Likely",
    "Mask",
    "ModelCard",
    "Reach",
    "Version",
    "available_devices",
    "cached_colorizer",
    "conditioning_unsupported",
    "default_colorizer",
    "find_model",
    "is_color",
    "load_card",
    "parse_hint",
    "parse_mask",
    "read_hints",
    "single_answer_error",
]

__getattr__ = lazy_names(
    __name__,
    {
        "rechroma.colorizer.card": ["ModelCard"],
        "rechroma.colorizer.color_detection": ["is_color"],
        "rechroma.colorizer.colorization": ["Colorization"],
        "rechroma.colorizer.colorizer": ["Colorizer"],
        "rechroma.colorizer.distribution": ["Distribution", "Likely", "single_answer_error"],
        "rechroma.colorizer.graph_io": ["conditioning_unsupported"],
        "rechroma.colorizer.hint_files": ["read_hints"],
        "rechroma.colorizer.hints": ["REACHES", "Hint", "Reach", "parse_hint"],
        "rechroma.colorizer.masks": ["Mask", "parse_mask"],
        "rechroma.colorizer.options": ["MAX_VARIANTS", "ColorizeOptions"],
        "rechroma.colorizer.registry": ["DEFAULT_MODEL", "MODELS", "find_model"],
        "rechroma.colorizer.session": ["available_devices", "load_card"],
        "rechroma.colorizer.shared": ["cached_colorizer", "default_colorizer"],
        "rechroma.colorizer.versions": ["Version"],
    },
)


def __dir__() -> list[str]:
    return __all__
