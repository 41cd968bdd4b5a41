"""The library of looks: a folder of `.cube` files, each a look by its name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import LookError, UsageError
from rechroma.files import make_folder
from rechroma.mood.cube import read_cube
from rechroma.mood.look import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["library_folder", "load_look", "save_look", "saved_looks"]

_SUFFIX = ".cube"
# Names are file names on every system, and never leave the folder.
_NAME = re.compile(r"[\w][\w .-]{0,63}")


def library_folder() -> Path:
    """Return the folder: $RECHROMA_LOOKS, or `rechroma/looks` where the system keeps such files."""
    if folder := os.environ.get("RECHROMA_LOOKS"):
        return Path(folder)
    # Whoever names the folder, and whoever has no looks, does without.
    from platformdirs import user_data_path

    return user_data_path("rechroma", appauthor=False) / "looks"


def save_look(look: Look, name: str, *, overwrite: bool = False) -> Path:
    """Keep a look by its name, and return its file.

    Raises:
        UsageError: The name is no file name.
        UnwritableFileError: There is a look of that name, or the disk says no.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't name a look", "use letters, digits, spaces, dots and dashes"
        )
    folder = library_folder()
    make_folder(folder)
    return look.save(folder / f"{name}{_SUFFIX}", overwrite=overwrite)


def saved_looks() -> Mapping[str, Path]:
    """Return name → file, sorted by name."""
    return {path.stem: path for path in sorted(library_folder().glob(f"*{_SUFFIX}"))}


def load_look(name: str) -> Look:
    """Return a look from a `.cube` file's path or from the library.

    Raises:
        LookError: Neither exists, or the file is broken.
    """
    if name.lower().endswith(_SUFFIX) or Path(name).name != name:
        return Look(read_cube(name))
    looks = saved_looks()
    if name not in looks:
        there = ", ".join(looks) or "none"
        raise LookError(f"there is no look {name!r}", f"saved looks: {there}")
    return Look(read_cube(looks[name]))
