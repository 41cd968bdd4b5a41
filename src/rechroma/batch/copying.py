"""Copying a file so that the copy appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from rechroma.errors import UnwritablePhotoError

__all__ = ["copy_file"]


def copy_file(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file byte for byte under a temporary name beside `target`, then give it its name.

    Raises:
        UnwritablePhotoError: It cannot be written, or something stands at `target` and
            `overwrite` is false; nothing is left behind.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".rechroma-") as folder:
            copy = shutil.copyfile(source, Path(folder, target.name))
            # A new link fails if the name is taken, even if somebody took it just now.
            (os.replace if overwrite else os.link)(copy, target)
    except OSError as error:
        raise UnwritablePhotoError(
            f"cannot copy {source} to {target}: {error.strerror}",
            "choose another output, or --overwrite to replace what is there",
        ) from error
