"""`POST /v1/archive`: many pictures in one zip file."""

from __future__ import annotations

import asyncio
import io
import unicodedata
import zipfile
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from rechroma.errors import RechromaError
from rechroma.web import preview_jobs
from rechroma.web.formats import suffix_of
from rechroma.web.jobs import ResultFormat
from rechroma.web.problems import Problem, problem_of, retry_after
from rechroma.web.routes.parts import RequestedMetadata, file_answer, problems
from rechroma.web.schemas import ArchiveOptions, Edit
from rechroma.web.service import ServiceHere

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from rechroma.web.jobs import ResultFile
    from rechroma.web.service import Service
    from rechroma.web.sessions import Session

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["sessions"])

# A minute of a service that is busy.
_ATTEMPTS = 30
_ZIP = file_answer("application/zip", "The zip file.")


@router.post("/archive", response_class=StreamingResponse, responses=_ZIP | problems(404, 507))
async def archive(
    request: Request, service: ServiceHere, metadata: RequestedMetadata, options: ArchiveOptions
) -> StreamingResponse:
    """Return pictures that are open, each in color and whole, in one zip file.

    One that fails does not stop the others: `failed.txt` in the zip says why. If there is room for
    none of them, there is no zip.
    """
    pictures = [(service.sessions.get(entry.id), entry.edit) for entry in options.pictures]
    parts = _zipped(service, pictures, ResultFormat(metadata=metadata))
    # The answer's status can't be changed any more once there is a part of the zip.
    first = await service.while_there(request, anext(parts))
    return StreamingResponse(
        _chained(first, parts),
        media_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="rechroma.zip"'},
    )


class _Sink(io.RawIOBase):
    """Takes what a zip file writes until somebody fetches it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 (the base class's own type)
        self._parts.append(bytes(data))
        return len(data)

    def fetch(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def _chained(first: bytes, parts: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(parts):
        yield first
        async for part in parts:
            yield part


async def _zipped(
    service: Service, pictures: list[tuple[Session, Edit]], output: ResultFormat
) -> AsyncGenerator[bytes]:
    """Yield a zip file as it grows, the first part when the first picture is there.

    Raises:
        Problem: The disk is full, and no picture fits on it.
    """
    sink, names, failed = _Sink(), set[str](), list[str]()
    no_space: Problem | None = None
    # Pictures are compressed already.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as file:
        for session, edit in pictures:
            try:
                made = await _picture(service, session, edit, output)
            except (Problem, RechromaError) as error:
                # Not its id: who has that may work on the picture, and zip files are shared.
                problem = _as_problem(error)
                failed.append(_line(session.upload.name, problem))
                if problem.status == HTTPStatus.INSUFFICIENT_STORAGE:
                    no_space = problem
                continue
            path = service.store.adopt(made.path)
            stem, suffix = Path(session.upload.name).stem, suffix_of(made.format)
            member = zipfile.ZipInfo(_free_name(f"{stem}.color{suffix}", names))
            with file.open(member, "w", force_zip64=True) as out:
                async for chunk in service.store.stream(path):
                    await asyncio.to_thread(out.write, chunk)
                    yield sink.fetch()
        if no_space is not None and not names:
            raise no_space
        if failed:
            file.writestr("failed.txt", "\n".join(failed) + "\n")
    yield sink.fetch()


async def _picture(
    service: Service, session: Session, edit: Edit, output: ResultFormat
) -> ResultFile:
    """Return a picture in color; a service that is busy is asked again for a while.

    Raises:
        Problem: It was closed in the meantime; or see `Pool.run`.
        RechromaError: As the job raised it.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await _asked(service, session, edit, output)
        except Problem as problem:
            pause = retry_after(problem)
            if pause is None:
                raise
            await asyncio.sleep(pause)
    return await _asked(service, session, edit, output)


async def _asked(
    service: Service, session: Session, edit: Edit, output: ResultFormat
) -> ResultFile:
    service.sessions.get(session.id)
    job = partial(
        preview_jobs.picture, upload=session.upload, output=output,
        color_request=service.color_request(session, edit), options=edit.options(),
        look=edit.look, version=edit.version,
    )  # fmt: skip
    return await service.pool.run(job, key=session.id)


def _as_problem(error: Problem | RechromaError) -> Problem:
    return problem_of(error) if isinstance(error, RechromaError) else error


def _line(name: str, problem: Problem) -> str:
    """Return what `failed.txt` says: which picture, what is wrong, and how to mend it."""
    return ": ".join(filter(None, (name, problem.detail, problem.mend)))


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that no other picture of the archive has on any disk, and note it.

    Many disks take names for the same that differ in case, or in how letters are composed.
    """
    path, number = Path(name), 1
    while (alike := unicodedata.normalize("NFC", name).casefold()) in taken:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    taken.add(alike)
    return name
