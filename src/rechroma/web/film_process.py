"""A process that does the long work on one film, beside the workers, so that they stay free."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rechroma.errors import RechromaError
from rechroma.web.problems import Problem
from rechroma.web.worker import WorkerCrashed, end_with_server, ignore_signals, outcome_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from rechroma.web.film_jobs import Say

__all__ = ["run_apart"]

T = TypeVar("T")

# Pictures come first.
_NICE = 5
# Seconds between two things of one kind that are told.
_PAUSE = 0.25
# Seconds without a word after which a decoder has lost itself.
_SILENCE = 600.0


async def run_apart(
    task: Callable[[Say], T], folder: Path, tell: Callable[[object], Awaitable[None]]
) -> T:  # fmt: skip
    """Do a task in a process of its own; cancelling ends it at once, whatever it does.

    Args:
        task: A `functools.partial` of a module-level function; both it and its result are pickled.
        folder: Where it makes a folder for temporary files.
        tell: Awaited with what the task says on the way; None, a sign of life, is not passed on.

    Raises:
        RechromaError: As the task raised it.
        Problem: The process ended, or says nothing any more.
    """
    loop = asyncio.get_running_loop()
    process = await _started(task, folder)
    receiving = loop.run_in_executor(None, process.receive)
    try:
        while True:
            is_last, message = await asyncio.shield(receiving)
            if is_last:
                return cast("T", message)
            if message is not None:
                await tell(message)
            receiving = loop.run_in_executor(None, process.receive)
    except WorkerCrashed:
        raise Problem(
            422,
            "working on this film ended its process",
            "try again: it goes on from there",
            code="film-crashed",
        ) from None
    finally:
        process.kill()
        # Its thread ends with the process; what it raises then is of no interest.
        await _ended(receiving)
        if not receiving.cancelled():
            receiving.exception()
        process.close()


async def _started(task: Callable[[Say], object], folder: Path) -> _FilmProcess:
    """Start a process; where this is cancelled meanwhile, it is ended as soon as it is there."""
    starting = asyncio.get_running_loop().run_in_executor(None, _FilmProcess, task, folder)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _ended(starting)
        if starting.exception() is None:
            starting.result().kill()
            starting.result().close()
        raise


async def _ended(work: asyncio.Future[Any]) -> None:
    """Wait for the end of what a thread does, however often this is cancelled meanwhile."""
    while not work.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({work})


class _FilmProcess:
    """The process, and the line from it."""

    def __init__(self, task: Callable[[Say], object], folder: Path) -> None:
        # Not forked: see `Worker`.
        context = get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(prefix="film-", dir=folder))
        self._line, theirs = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(
            target=_work, args=(theirs, task, str(self._folder)), name="rechroma-film", daemon=True
        )
        self._process.start()
        theirs.close()

    def receive(self) -> tuple[bool, object]:
        """Wait for what is said next; tell whether it is the result.

        Raises:
            RechromaError: As the task raised it.
            WorkerCrashed: The process ended.
            Problem: It says nothing any more.
        """
        try:
            if not self._line.poll(_SILENCE):
                raise Problem(503, "this film can't be worked on: nothing comes of it any more")
            is_last, message = self._line.recv()
        except (EOFError, OSError) as error:
            raise WorkerCrashed from error
        if isinstance(message, RechromaError):
            raise message
        return is_last, message

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.join()
        self._line.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _work(line: Connection, task: Callable[[Say], object], folder: str) -> None:
    ignore_signals()
    threading.Thread(target=end_with_server, daemon=True).start()
    tempfile.tempdir = folder
    if hasattr(os, "nice"):
        os.nice(_NICE)
    with suppress(OSError):
        line.send((True, outcome_of(lambda: task(_Teller(line)))))


class _Teller:
    """Sends what is said; of what is said often, as much as somebody can look at."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._last = 0.0

    def __call__(self, message: object) -> None:
        from rechroma.video.progress import FilmProgress

        now = time.monotonic()
        if message is None or isinstance(message, FilmProgress):
            if now - self._last < _PAUSE:
                return
            self._last = now
        self._line.send((False, message))
