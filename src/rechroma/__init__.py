"""Rechroma gives photographs their color back.

    import rechroma

    rechroma.colorize("grandmother.jpg").save("grandmother.color.jpg")

The names below are loaded when they are first used; importing the package does nothing else.

    >>> import rechroma
    >>> rechroma.__version__.count(".") >= 2
    True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rechroma._version import __version__

if TYPE_CHECKING:
    from rechroma.colorizer import Colorization, Colorizer, Hint, ModelCard, colorize, load_card
    from rechroma.errors import RechromaError
    from rechroma.mood import Look, Swatch, fit_look, transfer
    from rechroma.photo import Photo, read, write

__all__ = [
    "Colorization",
    "Colorizer",
    "Hint",
    "Look",
    "ModelCard",
    "Photo",
    "RechromaError",
    "Swatch",
    "__version__",
    "colorize",
    "fit_look",
    "load_card",
    "read",
    "transfer",
    "write",
]

_HOMES = {
    "Colorization": "rechroma.colorizer",
    "Colorizer": "rechroma.colorizer",
    "Hint": "rechroma.colorizer",
    "Look": "rechroma.mood",
    "ModelCard": "rechroma.colorizer",
    "Photo": "rechroma.photo",
    "RechromaError": "rechroma.errors",
    "Swatch": "rechroma.mood",
    "colorize": "rechroma.colorizer",
    "fit_look": "rechroma.mood",
    "load_card": "rechroma.colorizer",
    "read": "rechroma.photo",
    "transfer": "rechroma.mood",
    "write": "rechroma.photo",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'rechroma' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
