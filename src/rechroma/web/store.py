"""A private folder for uploads and results, with a budget: all of it is gone when it is closed."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from typing import TYPE_CHECKING

from rechroma.web.folder import PrivateFolder
from rechroma.web.lane import is_full
from rechroma.web.problems import Problem, busy, no_room
from rechroma.web.signatures import HEAD, looks_like_picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.datastructures import UploadFile

__all__ = ["Store", "name_of"]

_CHUNK = 1 << 20


class Store:
    """Files that no client can name.

    Args:
        budget: Bytes of all files together.

    Attributes:
        folder: Where they are; nobody else may read it.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._sizes: dict[Path, int] = {}
        self._folder = PrivateFolder()
        self.folder = self._folder.path

    @property
    def used(self) -> int:
        """Bytes of what is kept."""
        return sum(self._sizes.values())

    async def keep_picture(self, upload: UploadFile) -> Path:
        """Keep an upload.

        Raises:
            Problem: 415 not a picture, 429 no room, 507 the disk is full.
        """
        head = await upload.read(HEAD)
        if not looks_like_picture(head):
            raise Problem(
                415,
                f"{name_of(upload)} is not a picture of a kind that is read here",
                "send JPEG, PNG, TIFF, WebP, OpenEXR, JPEG 2000, JPEG XL, GIF, BMP, PSD or PNM",
            )
        await upload.seek(0)
        return await self.keep(upload)

    async def keep(self, upload: UploadFile) -> Path:
        """Keep an upload of any kind.

        Raises:
            Problem: 429 no room, 507 the disk is full.
        """
        size = upload.size or 0
        if self.used + size > self._budget:
            raise busy("too many pictures are open at once", seconds=30)
        path = self._new()
        self._sizes[path] = size
        try:
            await asyncio.to_thread(_copy, upload, path)
        except BaseException as error:
            self.drop(path)
            if is_full(error):
                raise no_room() from None
            raise
        return path

    def adopt(self, path: Path) -> Path:
        """Take over a result that a lane has written, and return where it is now."""
        kept = path.rename(self._new())
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

    def _new(self) -> Path:
        return self.folder / secrets.token_hex(16)

    def close(self) -> None:
        """Delete everything."""
        self._sizes.clear()
        self._folder.close()


def name_of(upload: UploadFile) -> str:
    """Return what the client calls an upload, fit for one line; it is never used as a path."""
    last = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[:120] or "the picture"


def _copy(upload: UploadFile, path: Path) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(upload.file, file, _CHUNK)
