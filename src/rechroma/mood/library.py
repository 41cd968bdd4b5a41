"""The library of looks: a folder of `.cube` files, each a look by its name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import LookError, UsageError
from rechroma.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find_look", "is_look_name", "library_folder", "new_look_file", "saved_looks"]

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


def is_look_name(path_or_name: str | os.PathLike[str]) -> bool:
    """Tell a look's name from a file's path: that has a folder, or ends in ".cube"."""
    return (
        isinstance(path_or_name, str)
        and not path_or_name.lower().endswith(_SUFFIX)
        and Path(path_or_name).name == path_or_name
    )


def new_look_file(name: str) -> Path:
    """Return the file that a look of that name is saved to; its folder is made.

    Raises:
        UsageError: The name is no file name.
        UnwritableFileError: The disk says no.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't name a look", "use letters, digits, spaces, dots and dashes"
        )
    folder = library_folder()
    make_folder(folder)
    return folder / f"{name}{_SUFFIX}"


def saved_looks() -> Mapping[str, Path]:
    """Return name → file, sorted by name."""
    return {path.stem: path for path in sorted(library_folder().glob(f"*{_SUFFIX}"))}


def find_look(path_or_name: str | os.PathLike[str]) -> Path:
    """Return the file of a look: a `.cube` file's path as it is, or the one saved by that name.

    Raises:
        LookError: There is no saved look of that name.
    """
    if not is_look_name(path_or_name):
        return Path(path_or_name)
    looks, name = saved_looks(), str(path_or_name)
    if name not in looks:
        there = ", ".join(looks) or "none"
        raise LookError(f"there is no look {name!r}", f"saved looks: {there}")
    return looks[name]
