"""`POST /v1/archive`: many pictures in one zip file."""

from __future__ import annotations

import asyncio
import io
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from rechroma.errors import RechromaError
from rechroma.web import session_work
from rechroma.web.formats import MEDIA_TYPES
from rechroma.web.problems import Problem
from rechroma.web.routes.parts import file_answer, problems
from rechroma.web.schemas import ArchiveEntry, ArchiveOptions
from rechroma.web.service import ServiceHere
from rechroma.web.work import Output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rechroma.web.service import Service

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["sessions"])

_CHUNK = 1 << 20
_ZIP = file_answer("application/zip", "The zip file.")


@router.post("/archive", response_class=StreamingResponse, responses=_ZIP | problems(404))
async def archive(service: ServiceHere, options: ArchiveOptions) -> StreamingResponse:
    """Return pictures that are open, each in colour and whole, in one zip file.

    One that fails does not stop the others: `failed.txt` in the zip says why.
    """
    for entry in options.pictures:
        service.sessions.get(entry.id)
    return StreamingResponse(
        _zipped(service, options.pictures),
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


async def _zipped(service: Service, entries: list[ArchiveEntry]) -> AsyncIterator[bytes]:
    sink, names, failed = _Sink(), set[str](), list[str]()
    # Pictures are compressed already.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as file:
        for entry in entries:
            try:
                path, name = await _picture(service, entry)
            except (Problem, RechromaError) as error:
                failed.append(f"{entry.id}: {error}")
                continue
            member = zipfile.ZipInfo(_free_name(name, names))
            with file.open(member, "w", force_zip64=True) as out:
                async for chunk in service.store.stream(path):
                    await asyncio.to_thread(out.write, chunk)
                    yield sink.fetch()
        if failed:
            file.writestr("failed.txt", "\n".join(failed) + "\n")
    yield sink.fetch()


async def _picture(service: Service, entry: ArchiveEntry) -> tuple[Path, str]:
    session = service.sessions.get(entry.id)
    job = partial(
        session_work.picture, upload=session.upload, output=Output(),
        advice=service.advice(entry.edit), amounts=entry.edit.amounts(),
    )  # fmt: skip
    made = await service.pool.run(job, key=entry.id)
    stem, suffix = Path(session.upload.name).stem, MEDIA_TYPES[made.format][1]
    return service.store.adopt(made.path), f"{stem}.color.{suffix}"


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that no other picture of the archive has, and note it."""
    path, number = Path(name), 1
    while name in taken:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    taken.add(name)
    return name
