"""The shipped colorizer, loaded once: it colours grey targets, and tells what places show."""

from __future__ import annotations

from functools import lru_cache

from rechroma.colorizer import Colorizer

__all__ = ["shipped_colorizer"]


@lru_cache(maxsize=1)
def shipped_colorizer() -> Colorizer:
    """Return the default model; it may be used by several threads at once."""
    return Colorizer()
