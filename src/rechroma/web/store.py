"""A private folder for uploads and results, with a budget: all of it is gone when it is closed."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.web.problems import busy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["PrivateFolder", "Store", "lock_folder"]

try:
    import fcntl
except ImportError:  # Windows, where a folder can't be locked: what was left stays.
    fcntl = None

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
    lock = lock_folder(path, wait=True)
    if path.exists():
        return path, lock
    # Another program has just taken it for one that was left.
    if lock is not None:
        os.close(lock)
    return _locked_folder()


def lock_folder(path: Path, *, wait: bool) -> int | None:
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
        lock = lock_folder(path, wait=False)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


_CHUNK = 1 << 20


class Store:
    """Files that no client can name.

    Args:
        budget: Bytes of all files together.

    Attributes:
        folder: Where they are; nobody else may read it.
        places: Parts of forms whose files belong into folders of their own.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._sizes: dict[Path, int] = {}
        self._folder = PrivateFolder()
        self.folder = self._folder.path
        self.places: dict[str, Path] = {}

    @property
    def used(self) -> int:
        """Bytes of what is kept."""
        return sum(self._sizes.values())

    @property
    def is_over(self) -> bool:
        """Whether more is kept than there is room for, since others write, too: see `count`."""
        return self.used > self._budget

    def new(self, part: str = "") -> Path:
        """Return a path at which nothing stands, for the file of a form's part."""
        return self.places.get(part, self.folder) / secrets.token_hex(16)

    def count(self, path: Path, size: int) -> None:
        """Count bytes that stand at a path, which others have written."""
        self._sizes[path] = size
        if not size:
            del self._sizes[path]

    def grow(self, path: Path, size: int) -> None:
        """Count bytes of a file that are about to be written.

        Raises:
            Problem: 429 no room.
        """
        if self.used + size > self._budget:
            raise busy("too many pictures are open at once", seconds=30, code="too-many-open")
        self._sizes[path] = self._sizes.get(path, 0) + size

    def adopt(self, path: Path) -> Path:
        """Take over a result that a worker has written, and return where it is now."""
        kept = path.rename(self.new())
        self._sizes[kept] = kept.stat().st_size
        return kept

    def drop(self, path: Path) -> None:
        """Forget a file; nothing happens if it is not there."""
        self._sizes.pop(path, None)
        path.unlink(missing_ok=True)

    async def stream(self, path: Path) -> AsyncIterator[bytes]:
        """Yield a result's bytes, and forget it whether the client takes all of them or not."""
        try:
            with path.open("rb") as file:
                while chunk := await asyncio.to_thread(file.read, _CHUNK):
                    yield chunk
        finally:
            self.drop(path)

    def close(self) -> None:
        """Delete everything."""
        self._sizes.clear()
        self._folder.close()
