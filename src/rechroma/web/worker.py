"""A process that works on pictures, apart from the server.

A decoder that crashes on a hostile file, a picture that takes too long, long work of a client that
has gone: the process is killed and started anew, and the server does not notice. One job at a time.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
import tempfile
import threading
import traceback
from contextlib import suppress
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from rechroma.errors import OutOfMemoryError, RechromaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from rechroma.web.settings import WorkerSetup
    from rechroma.web.worker_state import WorkerState

__all__ = [
    "ClosedError",
    "DiskFullError",
    "FilmTooLargeError",
    "Job",
    "UnexpectedError",
    "Worker",
    "WorkerCrashed",
    "closed",
    "disk_full",
    "end_with_server",
    "ignore_signals",
    "is_full",
    "outcome_of",
]

T = TypeVar("T")
# A module-level function, or a `functools.partial` of one, and its result: both are pickled.
Job: TypeAlias = "Callable[[WorkerState], T]"

_log = logging.getLogger(__name__)

# A terminal, or systemd, sends these to every process of the group: the server alone says when a
# worker's work is over.
_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class WorkerCrashed(Exception):  # noqa: N818 (what happened to the process)
    """The process ended before the job did."""


class UnexpectedError(RechromaError):
    """A job failed for a reason that nobody thought of: a bug, and no fault of the client's."""


class ClosedError(RechromaError):
    """A picture was closed before its job was done."""


class DiskFullError(RechromaError):
    """A job found no room on the disk."""


class FilmTooLargeError(RechromaError):
    """A film is longer, or has larger frames, than the service takes."""


class Worker:
    """One process, and the line to it.

    All methods but `kill` and `tidy` block: call them from a thread.

    Raises:
        OSError: The process can't be started.
    """

    def __init__(self, setup: WorkerSetup) -> None:
        # Not forked: the server has threads, and ONNX Runtime does not survive that.
        context = get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(prefix="worker-", dir=setup.folder))
        self._line, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve,
            args=(theirs, setup, str(self._folder)),
            name="rechroma-worker",
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    def wait(self) -> None:
        """Wait until the model is loaded.

        Raises:
            RechromaError: It can't be.
            WorkerCrashed: The process ended.
        """
        self._answer()

    def call(self, job: Job[T]) -> T:
        """Do a job, and return its result.

        Raises:
            RechromaError: As the job raised it.
            WorkerCrashed: The process ended.
        """
        try:
            self._line.send(job)
        except OSError as error:
            raise WorkerCrashed from error
        return cast("T", self._answer())

    def tidy(self) -> None:
        """Let go of what was kept of pictures that are gone; not while a job is under way."""
        # One that has died keeps nothing.
        with suppress(OSError):
            self._line.send(None)

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and remove what it left behind."""
        self.kill()
        self._process.join()
        self._line.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self) -> object:
        try:
            result = self._line.recv()
        except (EOFError, OSError) as error:
            raise WorkerCrashed from error
        if isinstance(result, RechromaError):
            raise result
        return result


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error says that the disk is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def _serve(line: Connection, setup: WorkerSetup, folder: str) -> None:
    """Do jobs until the server goes."""
    ignore_signals()
    threading.Thread(target=end_with_server, daemon=True).start()
    tempfile.tempdir = folder
    from rechroma.web.worker_state import WorkerState

    states: list[WorkerState] = []
    # The line is closed when the server goes, whether it waits for an answer or not.
    with suppress(EOFError, OSError):
        line.send(outcome_of(lambda: states.append(WorkerState(setup))))
        while states:
            _serve_one(line, states[0])


def _serve_one(line: Connection, state: WorkerState) -> None:
    job: Job[object] | None = line.recv()
    state.tidy()
    if job is not None:
        line.send(outcome_of(lambda: job(state)))


def ignore_signals() -> None:
    """Leave it to the server when this process ends."""
    for name in _IGNORED:
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)


def end_with_server() -> None:
    """End this process with the server, even one that was killed, in the midst of a job."""
    server = parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def outcome_of(work: Callable[[], object]) -> object:
    """Return what the work returns, or the error that it raised, as one of the package."""
    try:
        return work()
    except RechromaError as error:
        if is_full(error.__cause__):
            return disk_full()
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    except MemoryError:
        return OutOfMemoryError("the picture does not fit into memory", "make it smaller")
    except Exception as error:  # noqa: BLE001 (one job must not end the others)
        if is_full(error):
            return disk_full()
        _log.error("unexpected: %s", traceback.format_exc())
        return UnexpectedError(
            f"unexpected {type(error).__name__}", "this is a bug; please report the server's log"
        )


def closed() -> ClosedError:
    """Return the error of a picture that is not open, or not any more."""
    return ClosedError("this picture is not open any more", "open it again")


def disk_full() -> DiskFullError:
    """Return the error of a full disk."""
    return DiskFullError(
        "the service's disk is full", "close pictures, or make room for its temporary files"
    )
