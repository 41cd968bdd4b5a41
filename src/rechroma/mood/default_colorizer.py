"""The shipped colorizer, loaded once: it colors gray targets, and tells what places show."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import lru_cache

from rechroma.colorizer import Colorizer
from rechroma.errors import ModelError

__all__ = ["default_colorizer", "preload_default_colorizer"]

_loading = threading.Lock()


def default_colorizer() -> Colorizer:
    """Return the default model; it may be used by several threads at once."""
    with _loading:
        return _loaded()


def preload_default_colorizer() -> None:
    """Start to load the model in the background: while pictures are decoded, a core is free."""
    threading.Thread(target=_load_quietly).start()


def _load_quietly() -> None:
    # Whoever needs the model meets the same error, where it can be told.
    with suppress(ModelError):
        default_colorizer()


@lru_cache(maxsize=1)
def _loaded() -> Colorizer:
    return Colorizer()
