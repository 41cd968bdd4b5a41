"""Files of a form, looked at and counted while they arrive."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from rechroma.photo.formats import FORMATS, SIGNATURE_LENGTH, recognize
from rechroma.web.film_kinds import check_film
from rechroma.web.problems import Problem, no_room
from rechroma.web.worker import is_full

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from pathlib import Path

    from fastapi.responses import Response
    from starlette.datastructures import Headers

    from rechroma.web.store import Store

__all__ = ["ArrivingFile", "UploadRoute", "name_of"]

# Of a file, that say of which kind it is: enough for pictures and films.
HEAD_LENGTH = 256


def check_picture(head: bytes, name: str) -> None:
    """Turn away what is no picture.

    Raises:
        Problem: 415.
    """
    if recognize(head[:SIGNATURE_LENGTH]) is None:
        *titles, last = (each.title for each in FORMATS.values() if each.signature)
        raise Problem(
            415,
            f"{name} is not a picture of a kind that is read here",
            f"send {', '.join(titles)} or {last}",
            code="no-picture",
        )


# Parts of forms that are files, but no pictures: how their first bytes are judged.
_CHECKS: dict[str, Callable[[bytes, str], None]] = {
    "look": lambda head, name: None,  # noqa: ARG005 (a text, judged when it is read)
    "film": check_film,
}


class ArrivingFile(UploadFile):
    """A file of a form, written into the store from its first byte on, and counted there.

    Args:
        store: Where it is kept.
        part: The form's name for it.
        filename: The client's name for it.
        headers: Of the part.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self, store: Store, part: str, filename: str | None, headers: Headers) -> None:
        self._store = store
        self._path = store.new(part)
        self._kept = False
        self._check_head = _CHECKS.get(part, check_picture)
        self._head = b""
        super().__init__(self._path.open("xb"), size=0, filename=filename, headers=headers)

    async def write(self, data: bytes) -> None:
        """Write what has come.

        Raises:
            Problem: 415 the first bytes are of no picture, 429 no room.
            OSError: The disk is full.
        """
        if len(self._head) < HEAD_LENGTH:
            self._head += data[: HEAD_LENGTH - len(self._head)]
            if len(self._head) == HEAD_LENGTH:
                self._check()
        self._store.grow(self._path, len(data))
        await super().write(data)

    async def seek(self, offset: int) -> None:
        """Do nothing: what has come is read by others, from its path."""

    async def keep(self) -> Path:
        """Keep the file, which is whole, and return its path.

        Raises:
            Problem: 415 no picture, where there should be one; 507 the disk is full.
        """
        if len(self._head) < HEAD_LENGTH:
            self._check()
        try:
            await asyncio.to_thread(self.file.close)
        except OSError as error:
            if is_full(error):
                raise no_room() from None
            raise
        self._kept = True
        return self._path

    async def close(self) -> None:
        """Forget the file, unless it is kept."""
        self.discard()

    def discard(self) -> None:
        """Forget the file, unless it is kept."""
        # What is still to be written may find no room.
        with suppress(OSError):
            self.file.close()
        if not self._kept:
            self._store.drop(self._path)

    def _check(self) -> None:
        """Turn a file of another kind away: decoders see nothing else, and the disk hardly."""
        self._check_head(self._head, name_of(self))


class _Parser(MultiPartParser):
    """Reads a form whose files go into the store."""

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes], store: Store, limits: dict[str, Any]
    ) -> None:
        super().__init__(headers, stream, **limits)
        self._store = store
        self._arriving: list[ArrivingFile] = []

    def on_headers_finished(self) -> None:
        """Put a file of the store in the place of a temporary one."""
        super().on_headers_finished()
        part = self._current_part
        if part.file is not None:
            # In memory: nothing was written yet.
            part.file.file.close()
            part.file = ArrivingFile(
                self._store, part.field_name, part.file.filename, part.file.headers
            )
            self._arriving.append(part.file)

    async def parse(self) -> FormData:
        """Return the form; if there is none, its files are gone."""
        try:
            return await super().parse()
        except BaseException:
            for each in self._arriving:
                each.discard()
            raise


class _UploadRequest(Request):
    """A request whose files go into the store."""

    async def _get_form(self, **limits: Any) -> FormData:  # noqa: ANN401 (the base class's own)
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._form is None and kind == "multipart/form-data":
            store: Store = self.app.state.service.store
            try:
                self._form = await _Parser(self.headers, self.stream(), store, limits).parse()
            except MultiPartException as error:
                raise HTTPException(400, error.message) from error
        return await super()._get_form(**limits)


class UploadRoute(APIRoute):
    """A route that takes files."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, as FastAPI makes it."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_UploadRequest(request.scope, request.receive))

        return handle


def name_of(upload: UploadFile) -> str:
    """Return what the client calls an upload, fit for one line; it is never used as a path."""
    last = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[:120] or "the picture"
