"""A process that works on pictures, apart from the server.

A decoder that crashes on a hostile file, a picture that takes too long, a client that has gone: the
process is killed and started anew, and the server does not notice. One job at a time.
"""

from __future__ import annotations

import logging
import shutil
import signal
import tempfile
import traceback
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from rechroma.errors import OutOfMemoryError, RechromaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from rechroma.web.bench import Bench

__all__ = ["Crashed", "Job", "Lane", "Setup"]

T = TypeVar("T")
# A module-level function, or a `functools.partial` of one, and its result: both are pickled.
Job: TypeAlias = "Callable[[Bench], T]"

_log = logging.getLogger(__name__)


class Crashed(Exception):  # noqa: N818 (what happened to the process)
    """The process ended before the job did."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a lane is started with.

    Attributes:
        model: A registered name or a path.
        device: See `rechroma.Colorizer`.
        size: See `rechroma.Colorizer`.
        threads: Threads of one run.
        pixels: The limit of one picture; None for none.
        folder: Where each lane makes a folder of its own for temporary files and results.
    """

    model: str
    device: str
    size: int | None
    threads: int
    pixels: int | None
    folder: str


class Lane:
    """One process, and the line to it. All methods but `kill` block: call them from a thread."""

    def __init__(self, setup: Setup) -> None:
        # Not forked: the server has threads, and ONNX Runtime does not survive that.
        context = get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(prefix="lane-", dir=setup.folder))
        self._line, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve,
            args=(theirs, setup, str(self._folder)),
            name="rechroma-lane",
            daemon=True,
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid or 0

    def wait(self) -> None:
        """Wait until the model is loaded.

        Raises:
            RechromaError: It can't be.
            Crashed: The process ended.
        """
        self._answer()

    def call(self, job: Job[T]) -> T:
        """Do a job, and return its result.

        Raises:
            RechromaError: As the job raised it.
            Crashed: The process ended.
        """
        try:
            self._line.send(job)
        except OSError as error:
            raise Crashed from error
        return cast("T", self._answer())

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
            raise Crashed from error
        if isinstance(result, RechromaError):
            raise result
        return result


def _serve(line: Connection, setup: Setup, folder: str) -> None:
    """Do jobs until the server goes."""
    # Ctrl-C reaches every process of a terminal; the server says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    from rechroma.web.bench import Bench

    benches: list[Bench] = []
    line.send(_result(lambda: benches.append(Bench(setup))))
    while benches:
        try:
            job: Job[object] = line.recv()
        except EOFError:
            return
        line.send(_result(lambda job=job: job(benches[0])))


def _result(work: Callable[[], object]) -> object:
    """Return what the work returns, or the error that it raised, as one of the package."""
    try:
        return work()
    except RechromaError as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    except MemoryError:
        return OutOfMemoryError("the picture does not fit into memory", "make it smaller")
    except Exception as error:  # noqa: BLE001 (one job must not end the others)
        _log.error("unexpected: %s", traceback.format_exc())
        return RechromaError(
            f"unexpected {type(error).__name__}", "this is a bug; please report the server's log"
        )
