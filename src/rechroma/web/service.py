"""What the routes share: the workers, the files and the pictures that are open."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from fastapi import Depends, Request

from rechroma.colorizer import load_card
from rechroma.mood import METHODS
from rechroma.web.answer_schemas import (
    CurrentModel,
    OpenPicture,
    colorize_controls,
    reaches_of,
    transfer_controls,
)
from rechroma.web.films import Films
from rechroma.web.formats import answer_with
from rechroma.web.pool import Pool
from rechroma.web.problems import GONE, Problem
from rechroma.web.sessions import Session, Sessions
from rechroma.web.settings import WorkerSetup
from rechroma.web.store import Store
from rechroma.web.uploads import name_of
from rechroma.web.worker_state import ColorRequest, Preparing, Region, Upload

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from fastapi.responses import StreamingResponse
    from starlette.datastructures import UploadFile

    from rechroma.colorizer import ModelCard
    from rechroma.web.drain import Drain
    from rechroma.web.jobs import ResultFile
    from rechroma.web.schemas import Edit, PrepareOptions
    from rechroma.web.settings import Settings
    from rechroma.web.uploads import ArrivingFile
    from rechroma.web.worker import Job

__all__ = ["Service", "ServiceHere", "card_of", "facts_of", "preparing_of"]

T = TypeVar("T")

_SWEEP_SECONDS = 15.0
# Masks of one picture that are kept.
_MASKS = 200


class Service:
    """Workers, files and sessions; made when the server starts, closed when it ends."""

    def __init__(self, settings: Settings, drain: Drain) -> None:
        limits = settings.limits
        self.settings = settings
        self.store = Store(limits.stored_bytes)
        self.sessions = Sessions(limits.sessions, limits.session_seconds, self._forget)
        setup = WorkerSetup(
            settings.model, settings.device, settings.size, settings.threads, limits.pixels,
            str(self.store.folder),
        )  # fmt: skip
        self.pool = Pool(
            setup, workers=settings.workers, queue=limits.queue, seconds=limits.seconds
        )
        self.films = Films(settings, self.store)
        self.drain = drain

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Work until the server ends."""
        self.pool.start()
        self.films.start()
        sweeper = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper
            try:
                await self.films.close()
                await self.pool.close()
            finally:
                self.store.close()

    async def do(self, request: Request, job: Job[T], *, key: str = "") -> T:
        """Do a job for a client, for as long as the client is there.

        Raises:
            Problem: See `Pool.run`; or the client has gone.
            RechromaError: As the job raised it.
        """
        return await self.while_there(request, self.pool.run(job, key=key))

    async def while_there(self, request: Request, waited_for: Awaitable[T]) -> T:
        """Wait for something for as long as the client is there.

        Raises:
            Problem: The client has gone.
        """
        work = asyncio.ensure_future(waited_for)
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise Problem(GONE, "the client has gone")
        finally:
            gone.cancel()
            await _cancelled(work)

    @asynccontextmanager
    async def kept(self, *uploads: UploadFile) -> AsyncGenerator[list[Upload]]:
        """Keep pictures that were sent for as long as they are worked on."""
        kept: list[Upload] = []
        try:
            for upload in uploads:
                # One by one, so that those before a bad one are dropped, too.
                kept.append(await self.keep(upload))  # noqa: PERF401
            yield kept
        finally:
            for each in kept:
                self.store.drop(each.path)

    async def keep(self, upload: UploadFile) -> Upload:
        """Keep a file that was sent; see `ArrivingFile.keep`."""
        # Every route that takes files is an `UploadRoute`.
        return Upload(await cast("ArrivingFile", upload).keep(), name_of(upload))

    def model(self) -> CurrentModel:
        """Return what clients have to know of the model that answers here."""
        card = card_of(self.settings.model)
        return CurrentModel(
            name=card.name, version=card.version, license=card.license, hints=card.hints,
            reaches=reaches_of(card),
            answers=bool(card.temperature), methods=list(METHODS),
            colorize=colorize_controls(), transfer=transfer_controls(),
        )  # fmt: skip

    def color_request(self, session: Session | None, edit: Edit) -> ColorRequest:
        """Return an edit of a picture as a worker's job takes it.

        Args:
            session: The picture's, which has the masks; None for an edit without any.
            edit: What the client says.

        Raises:
            Problem: A mood is not open, or a mask is not there.
        """
        regions = tuple(
            Region(
                session.mask(each.mask), each.color, each.strength, each.keep,
                self._mood(each.mood),
            )
            for each in edit.masks
            if session is not None
        )  # fmt: skip
        hints = tuple(each.hint() for each in edit.hints)
        return ColorRequest(
            hints, self._mood(edit.mood), edit.answer, regions=regions,
            preparing=edit.prepare and preparing_of(edit.prepare),
        )  # fmt: skip

    def _mood(self, key: str | None) -> Upload | None:
        return None if key is None else self.sessions.get(key).upload

    def put_mask(self, session: Session, name: str, upload: Upload) -> None:
        """Keep a mask of a picture that is open, in the place of another of its name.

        Undoing may bring back an old one, so many are kept; who asks for one that has gone is told.
        """
        replaced = session.masks.pop(name, None)
        session.masks[name] = upload
        if replaced is not None:
            self.drop(replaced)
        while len(session.masks) > _MASKS:
            self.drop(session.masks.pop(next(iter(session.masks))))

    async def answer(
        self, request: Request, job: Job[ResultFile], name: str, word: str, *, key: str = ""
    ) -> StreamingResponse:
        """Do a job that writes a file, and return it as a download; see `do`, `answer_with`."""
        made = await self.do(request, job, key=key)
        return answer_with(self.store, made, name, word)

    def drop(self, upload: Upload) -> None:
        """Forget a picture that was opened, here and in the workers."""
        self.store.drop(upload.path)
        self.pool.forget()

    def _forget(self, session: Session) -> None:
        for each in (session.upload, *session.masks.values()):
            self.store.drop(each.path)
        self.pool.forget(session.id)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.sessions.sweep()
            await self.films.sweep()


def preparing_of(said: PrepareOptions) -> Preparing:
    """Return how a print is made ready, as a worker's job takes it."""
    return Preparing(said.options(), said.prepared_lightness)


async def _gone(request: Request) -> None:
    """Return when the client has closed the connection; its body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _cancelled(work: asyncio.Future[T]) -> None:
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


@lru_cache
def card_of(model: str) -> ModelCard:
    """Return a model's card; it is read once, since that takes as long as loading the model.

    Raises:
        ModelError: See `load_card`.
    """
    return load_card(model)


def facts_of(service: Service, session: Session) -> OpenPicture:
    """Return what clients get to know of a picture that is open."""
    facts = session.facts
    return OpenPicture(
        id=session.id, name=session.upload.name, width=facts.width, height=facts.height,
        bit_depth=facts.bit_depth, format=facts.format, in_color=facts.in_color,
        expires_after=service.sessions.seconds,
    )  # fmt: skip


def _service(request: Request) -> Service:
    return request.app.state.service


ServiceHere = Annotated[Service, Depends(_service)]
