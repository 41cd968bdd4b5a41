"""A worker's folder on its machine's disk."""

from __future__ import annotations

import queue
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Scratch"]

_PREFIX = "rechroma-bulk-"


class Scratch:
    """A folder that is there as long as the process; those of processes that are gone are removed.

    Args:
        slots: How many pictures may be in it at once.
    """

    def __init__(self, slots: int) -> None:
        self._folder, self._held = _new_folder()
        self._slots: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(slots):
            self._slots.put(self._folder / f"slot-{number}")

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file into a folder of its own, by its own name.

        A look is called by it in what results say of themselves.
        """
        folder = tempfile.mkdtemp(prefix="file-", dir=self._folder)
        path = Path(folder, PurePosixPath(name).name or "file")
        path.write_bytes(content)
        return path

    @contextmanager
    def slot(self) -> Generator[Path]:
        """Yield a folder for a picture, one of as many as there are: their names are few."""
        folder = self._slots.get()
        for each in ("in", "out"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._slots.put(folder)

    def close(self) -> None:
        """Remove it."""
        if self._held is not None:
            self._held.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _new_folder() -> tuple[Path, BinaryIO | None]:
    """Return a folder of this process, and what holds it; remove those that nobody holds."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        import fcntl
    except ImportError:  # Windows
        return folder, None
    for lock in folder.parent.glob(f"{_PREFIX}*/held"):
        with suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
    # Held before it has the name by which others look for it.
    held = (folder / "new").open("wb")
    fcntl.flock(held, fcntl.LOCK_EX)
    (folder / "new").rename(folder / "held")
    return folder, held
