"""Files that appear whole or not at all, whatever is in them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.errors import UnwritableFileError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["atomic_target", "copy_file", "make_folder", "refuse_taken"]


@contextmanager
def atomic_target(target: Path, *, overwrite: bool) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`.

    Args:
        target: The file to make; its folder exists.
        overwrite: Replace what stands there; otherwise it is left alone, even if somebody made it
            in the meantime.

    Raises:
        UnwritableFileError: The folder or the disk says no, or something stands at `target`.
    """
    refuse_taken(target, overwrite=overwrite)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".rechroma-") as folder:
            temporary = Path(folder, target.name)
            yield temporary
            _put(temporary, target, overwrite=overwrite)
    except OSError as error:
        raise UnwritableFileError(
            f"{target}: can't be written: {error.strerror or error}", "choose another output"
        ) from error


def refuse_taken(target: Path, *, overwrite: bool) -> None:
    """Refuse a name at which something stands, unless that may be replaced.

    Raises:
        UnwritableFileError: Something does.
    """
    if target.exists() and not overwrite:
        raise _taken(target)


def copy_file(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file byte for byte; see `atomic_target` for the errors."""
    with atomic_target(target, overwrite=overwrite) as temporary:
        shutil.copyfile(source, temporary)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        UnwritableFileError: The disk says no.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFileError(
            f"cannot make the folder {folder}: {error.strerror}", "choose another output"
        ) from error


def _put(temporary: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        # A new link fails if the name is taken, even if somebody took it just now.
        os.link(temporary, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # A file system without hard links: reserve the name, then fill it.
        _reserve(target)
        temporary.replace(target)


def _reserve(target: Path) -> None:
    try:
        target.open("xb").close()
    except FileExistsError:
        raise _taken(target) from None


def _taken(target: Path) -> UnwritableFileError:
    return UnwritableFileError(f"{target}: exists already", "add --overwrite to replace it")
