"""The library of looks: a folder of files, each a look by its name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import LookError, UnwritableFileError, UsageError
from rechroma.files import is_file, make_folder, refuse_taken
from rechroma.photo.formats import readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "LOOK_SUFFIXES",
    "find_look",
    "is_look_name",
    "library_folder",
    "new_look_file",
    "remove_look",
    "save_look",
    "saved_looks",
]

_SUFFIX = ".cube"
# The suffix of each kind that OpenColorIO reads; profiles of devices (.icc) are no looks.
LOOK_SUFFIXES = frozenset(
    {
        ".cube", ".3dl", ".cc", ".ccc", ".cdl", ".clf", ".csp", ".ctf", ".cub", ".itx", ".look",
        ".lut", ".m3d", ".mga", ".spi1d", ".spi3d", ".spimtx", ".vf",
    }
)  # fmt: skip
# Names are file names on every system, and never leave the folder.
_NAME = re.compile(r"[\w][\w .-]{0,63}")


def library_folder() -> Path:
    """Return the folder: $RECHROMA_LOOKS, or `rechroma/looks` where the system keeps such files.

    Raises:
        UsageError: The user has no home.
    """
    if folder := os.environ.get("RECHROMA_LOOKS"):
        return Path(folder)
    # Whoever names the folder, and whoever has no looks, does without.
    from platformdirs import user_data_path

    try:
        return user_data_path("rechroma", appauthor=False) / "looks"
    except RuntimeError as error:
        raise UsageError(
            "there is no home folder to keep looks in", "set HOME, or RECHROMA_LOOKS to a folder"
        ) from error


def is_look_name(path_or_name: str | os.PathLike[str]) -> bool:
    """Tell a look's name from a file's path: that has a folder, or the suffix of a file."""
    return (
        isinstance(path_or_name, str)
        and Path(path_or_name).suffix.lower() not in LOOK_SUFFIXES | readable_suffixes()
        and Path(path_or_name).name == path_or_name
    )


def new_look_file(name: str, suffix: str = _SUFFIX, *, overwrite: bool = False) -> Path:
    """Return the file that a look of that name is saved to; its folder is made.

    Args:
        name: The look's.
        suffix: Of the kind that is saved.
        overwrite: Whether a look of that name may be there, of any kind.

    Raises:
        UsageError: The name is no file name, or that of a file.
        UnwritableFileError: The disk says no, or there is such a look.
    """
    if not _NAME.fullmatch(name) or not is_look_name(name):
        raise UsageError(
            f"{name!r} can't name a look",
            "use letters, digits, spaces, dots and dashes, and no suffix of a file",
        )
    folder = library_folder()
    make_folder(folder)
    there = saved_looks().get(name)
    if there is not None:
        refuse_taken(there, overwrite=overwrite)
    return folder / f"{name}{suffix}"


def save_look(name: str, suffix: str, write: Callable[[Path], None], *, overwrite: bool) -> Path:
    """Save a look by a name; one of that name in a file of another kind is replaced, too.

    Args:
        name: The look's.
        suffix: Of the kind that is saved.
        write: Writes the file.
        overwrite: As for `new_look_file`, which see for the errors.
    """
    path = new_look_file(name, suffix, overwrite=overwrite)
    write(path)
    for other in _look_files():
        if other.stem == name and other != path:
            _remove(other)
    return path


def saved_looks() -> Mapping[str, Path]:
    """Return name → file, sorted by name."""
    return {path.stem: path for path in _look_files()}


def _look_files() -> list[Path]:
    known = LOOK_SUFFIXES | readable_suffixes()
    try:
        folder = library_folder()
    except UsageError:
        return []  # without a home nothing is saved
    return [path for path in sorted(folder.glob("*")) if path.suffix.lower() in known]


def remove_look(name: str) -> Path:
    """Remove a saved look, and return the file that it was.

    Raises:
        LookError: There is no saved look of that name.
        UnwritableFileError: The disk says no.
    """
    path = _saved(name)
    _remove(path)
    return path


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise UnwritableFileError(f"{path}: can't be removed: {error.strerror}") from error


def find_look(path_or_name: str | os.PathLike[str]) -> Path:
    """Return the file of a look: a path as it is, or the one saved by that name.

    Raises:
        LookError: There is no saved look of that name, and no such file.
    """
    if not is_look_name(path_or_name):
        return Path(path_or_name)
    name = str(path_or_name)
    if name not in saved_looks() and is_file(name):
        return Path(name)
    return _saved(name)


def _saved(name: str) -> Path:
    looks = saved_looks()
    if name not in looks:
        there = ", ".join(looks) or "none"
        mend = f"saved looks: {there}; rechroma look list has those of the package, too"
        raise LookError(f"there is no look {name!r}", mend)
    return looks[name]
