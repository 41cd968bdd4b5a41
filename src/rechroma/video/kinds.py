"""What counts as a film, by its name; nothing is imported and nothing is opened for that."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["FILM_SUFFIXES", "film_suffixes", "is_film", "load_cv2", "load_pyav"]

FILM_SUFFIXES = frozenset(
    {
        ".3gp", ".avi", ".f4v", ".flv", ".h264", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg",
        ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
    }
)  # fmt: skip


def film_suffixes() -> frozenset[str]:
    """Return the suffixes of films that a search picks up: none where films can't be read."""
    installed = all(find_spec(each) is not None for each in ("av", "cv2"))
    return FILM_SUFFIXES if installed else frozenset()


def is_film(path: object) -> bool:
    """Tell whether a path ends like a film."""
    return isinstance(path, str | Path) and Path(path).suffix.lower() in FILM_SUFFIXES


@cache
def load_pyav() -> ModuleType:
    """Return PyAV.

    Raises:
        MissingExtraError: It is not installed.
    """
    return _load("av", "PyAV")


@cache
def load_cv2() -> ModuleType:
    """Return OpenCV.

    Raises:
        MissingExtraError: It is not installed.
    """
    return _load("cv2", "OpenCV")


def _load(module: str, name: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"films need {name}, which is not installed", "pip install 'rechroma[video]'"
        ) from error
