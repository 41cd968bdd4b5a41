"""Which models there are: the shipped ones by name, any other by path."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rechroma import weights
from rechroma.errors import ModelError
from rechroma.files import is_file

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["DEFAULT_MODEL", "MODELS", "find_model"]

# Name → file inside `rechroma.weights`.
MODELS: Mapping[str, str] = MappingProxyType({"rechroma-v2": "rechroma-v2.onnx"})
DEFAULT_MODEL = "rechroma-v2"


def find_model(model: str | os.PathLike[str]) -> Path:
    """Return the ONNX file of a model.

    Args:
        model: A name of `MODELS`, "default", or the path of an ONNX file: a text is a path if it
            ends in ".onnx", holds a directory separator, or is no name and such a file is there.

    Raises:
        ModelError: No such name or no such file.
    """
    if not isinstance(model, str) or model.endswith(".onnx") or Path(model).name != model:
        return _existing(Path(model))
    name = DEFAULT_MODEL if model == "default" else model
    if name not in MODELS:
        if is_file(name):
            return Path(name)
        raise _unknown(name)
    # A wheel is always installed as a directory, so the package's data are files on disk, as ONNX
    # Runtime wants them; `importlib.resources` would cost 7 ms of every start for the same path.
    return _existing(Path(weights.__path__[0]) / MODELS[name])


def _unknown(name: str) -> ModelError:
    from difflib import get_close_matches

    near = get_close_matches(name, MODELS, n=3, cutoff=0.4) or sorted(MODELS)
    return ModelError(f"there is no model {name!r}", f"did you mean {' or '.join(near)}?")


def _existing(path: Path) -> Path:
    if not is_file(path):
        raise ModelError(f"{path}: no such model file", "see `rechroma models` for the names")
    return path
