"""Models that are loaded once in a process, and used by whoever needs one."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from rechroma.colorizer.registry import find_model
from rechroma.colorizer.session import ModelSession, open_model_session
from rechroma.errors import ModelError

if TYPE_CHECKING:
    from rechroma.colorizer.colorizer import Colorizer

__all__ = [
    "cached_colorizer",
    "default_colorizer",
    "default_encoder",
    "preload_default_encoder",
    "share_colorizer",
]

# Each takes the memory of its weights and of its largest run.
_MOST = 4

_keys = threading.Lock()
_encoding = threading.Lock()
_loading: dict[tuple[str, int, str, int | None], threading.Lock] = {}
_shared: list[Colorizer] = []


def cached_colorizer(
    model: str | os.PathLike[str] = "default", *, device: str = "auto", size: int | None = None
) -> Colorizer:
    """Return a colorizer, loaded unless it was asked for before; the last four are kept.

    It may be used by several threads at once. A model file that was changed is loaded anew.

    Raises:
        ModelError: See `Colorizer`.
        UsageError: See `Colorizer`.
    """
    path = find_model(model)
    key = os.fspath(path.absolute()), path.stat().st_mtime_ns, device, size
    # Two threads that come at once shall not both load it; who wants another waits for nobody.
    with _keys:
        lock = _loading.setdefault(key, threading.Lock())
    try:
        with lock:
            return _loaded(*key)
    finally:
        with _keys:
            _loading.pop(key, None)


def default_colorizer() -> Colorizer:
    """Return the default model."""
    return _shared[-1] if _shared else cached_colorizer()


def default_encoder() -> Colorizer | ModelSession:
    """Return what tells mood transfer what places show: the default model's encoder.

    It is that of the process's own colorizer (`share_colorizer`); without one the encoder is loaded
    alone, in a quarter of the time that the whole model takes.

    Raises:
        ModelError: The default model isn't there, or can't be loaded.
    """
    if _shared:
        return _shared[-1]
    path = find_model("default")
    with _encoding:
        return _encoder(os.fspath(path), path.stat().st_mtime_ns)


def share_colorizer(colorizer: Colorizer, model: str | os.PathLike[str]) -> None:
    """Let the process use a colorizer as its default, if it is one of the default model.

    Args:
        colorizer: For as long as the process lives.
        model: What it was loaded from.
    """
    if find_model(model).samefile(find_model("default")):
        _shared[:] = [colorizer]


def preload_default_encoder() -> None:
    """Start to load the encoder in the background: while pictures are decoded, a core is free."""
    threading.Thread(target=_load_quietly).start()


def _load_quietly() -> None:
    # Whoever needs it meets the same error, where it can be told.
    with suppress(ModelError):
        default_encoder()


@lru_cache(maxsize=1)
def _encoder(path: str, changed: int) -> ModelSession:  # noqa: ARG001
    return open_model_session(path, encoder_alone=True)


@lru_cache(maxsize=_MOST)
def _loaded(path: str, changed: int, device: str, size: int | None) -> Colorizer:  # noqa: ARG001
    # A mood for a color photograph needs none of it.
    from rechroma.colorizer.colorizer import Colorizer

    return Colorizer(path, device=device, size=size)
