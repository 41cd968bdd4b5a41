"""A folder for temporary files of which nothing stays, even if the program is killed.

A program that runs holds a lock on its folder. One that was killed does not any more: the next one
that starts removes what it has left.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a folder can't be locked: what was left stays.
    fcntl = None

__all__ = ["PrivateFolder"]

_PREFIX = "rechroma-serve-"


class PrivateFolder:
    """A new folder that nobody else may read; removes those of programs that are gone.

    Attributes:
        path: Where it is.
    """

    def __init__(self) -> None:
        _remove_left_ones()
        self.path, self._lock = _locked_folder()

    def close(self) -> None:
        """Remove the folder and everything in it; nothing happens the second time."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked_folder() -> tuple[Path, int | None]:
    """Return a new folder and its lock; None where there are no locks, as on some file systems."""
    path = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = _lock(path, wait=True)
    if path.exists():
        return path, lock
    # Another program has just taken it for one that was left.
    if lock is not None:
        os.close(lock)
    return _locked_folder()


def _lock(path: Path, *, wait: bool) -> int | None:
    """Return a lock on a folder of this user's; None if that can't be had."""
    if fcntl is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _remove_left_ones() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _lock(path, wait=False)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
