"""Jobs on a few workers: a bounded queue before them, and no waiting for a worker that has died."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from rechroma.errors import RechromaError
from rechroma.web.jobs import ResultFile
from rechroma.web.problems import Problem, busy
from rechroma.web.worker import Worker, WorkerCrashed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from rechroma.web.settings import WorkerSetup
    from rechroma.web.worker import Job

__all__ = ["Pool"]

T = TypeVar("T")
_log = logging.getLogger(__name__)

# Seconds that a job is given to end by itself when nobody wants it any more. Most take a tenth of
# it, and a new process has to load the model and to look at every picture again.
_GRACE = 2.0
# Seconds after which a worker that can't be started is tried again, at first and at last.
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Pool:
    """Runs jobs in processes, and kills the process of a job that takes too long.

    Args:
        setup: Of each worker.
        workers: How many.
        queue: Jobs that may wait.
        seconds: How long one job may take, and how long it may wait for a worker.
        grace: How long a job that was cancelled may go on before its process is killed, too.

    Attributes:
        restarts: How often a worker was started anew.
        failure: Why the last worker could not be started; None if all is well.
        on_wait: Called with the seconds that each job has waited for its worker.
    """

    def __init__(
        self, setup: WorkerSetup, *, workers: int, queue: int, seconds: float, grace: float = _GRACE
    ) -> None:
        self._setup = setup
        self._count = workers
        self._queue = queue
        self._seconds = seconds
        self._grace = grace
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._workers: set[Worker] = set()
        self._free: list[Worker] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._last: dict[str, Worker] = {}
        self._untidy: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loaded = self._closed = False
        self.restarts = 0
        self.failure: RechromaError | None = None
        self.on_wait: Callable[[float], None] = lambda _: None

    @property
    def ready(self) -> bool:
        """Whether jobs can be done."""
        return bool(self._workers)

    @property
    def workers(self) -> int:
        """Processes that have their model: fewer than asked for while some are being started."""
        return len(self._workers)

    @property
    def waiting(self) -> int:
        """Jobs that wait for a worker."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Jobs under way."""
        return len(self._workers) - len(self._free)

    @property
    def pids(self) -> list[int]:
        """The processes."""
        return [worker.pid for worker in self._workers]

    def start(self) -> None:
        """Start the workers; they are ready a little later."""
        for _ in range(self._count):
            self._spawn(self._start_one())

    async def close(self) -> None:
        """End everything; jobs that are under way are lost."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._threads.shutdown(wait=False)

    async def run(self, job: Job[T], *, key: str = "") -> T:
        """Do a job, as soon as a worker is free.

        Cancelling gives it a little time to end; then the worker that is at it is killed.

        Args:
            job: See `Job`.
            key: Jobs with the same key find what the last one left in its worker's caches.

        Raises:
            RechromaError: As the job raised it.
            Problem: 429 too many wait; 503 nothing is ready, no worker is free for long, or the job
                takes too long; 422 the job ended its process.
        """
        worker = await self._take(key)
        call = asyncio.get_running_loop().run_in_executor(self._threads, worker.call, job)
        try:
            async with asyncio.timeout(self._seconds):
                result = await asyncio.shield(call)
        except asyncio.CancelledError:
            self._spawn(self._wind_up(worker, call))
            raise
        except TimeoutError:
            self._abandon(worker, call)
            # No Retry-After: it would take as long again.
            raise Problem(
                503,
                f"this took longer than {self._seconds:g} seconds",
                "make the picture smaller",
                code="took-too-long",
            ) from None
        except WorkerCrashed:
            self._replace(worker)
            raise Problem(
                422,
                "working on this picture ended the worker",
                "is the file whole?",
                code="crashed",
            ) from None
        except BaseException:
            self._give(worker)
            raise
        self._give(worker)
        return result

    def forget(self, key: str = "") -> None:
        """Let the workers drop what they keep of pictures whose files are gone.

        Args:
            key: Of jobs that come no more.
        """
        self._last.pop(key, None)
        self._untidy |= self._workers
        for worker in self._free:
            self._tidy(worker)

    def _tidy(self, worker: Worker) -> None:
        if worker in self._untidy:
            self._untidy.discard(worker)
            worker.tidy()

    async def _take(self, key: str) -> Worker:
        if self.failure is not None and not self._workers:
            raise Problem(503, self.failure.what, self.failure.mend, code="no-model")
        if not self._loaded:
            raise busy("the model is being loaded", status=503, code="model-loading")
        start = time.monotonic()
        worker = self._choose(key)
        if worker is None:
            if len(self._waiting) >= self._queue:
                raise busy(f"{len(self._waiting)} requests are waiting already")
            worker = await self._wait()
        self.on_wait(time.monotonic() - start)
        if key:
            self._last[key] = worker
        return worker

    def _choose(self, key: str) -> Worker | None:
        self._replace_dead()
        last = self._last.get(key)
        if last in self._free:
            self._free.remove(last)
            return last
        return self._free.pop() if self._free else None

    def _replace_dead(self) -> None:
        """Replace workers that ended while they had nothing to do, so that no job pays for it."""
        for worker in [worker for worker in self._free if not worker.alive]:
            self._free.remove(worker)
            self._replace(worker)

    async def _wait(self) -> Worker:
        place: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._placed(place)
        except TimeoutError:
            raise busy(f"no worker was free for {self._seconds:g} seconds", status=503) from None
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    async def _placed(self, place: asyncio.Future[Worker]) -> Worker:
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give(place.result())
            raise

    def _give(self, worker: Worker) -> None:
        """Let the next job have the worker."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(worker)
                return
        self._free.append(worker)
        self._tidy(worker)

    async def _wind_up(self, worker: Worker, call: asyncio.Future[Any]) -> None:
        """Give an unwanted job a little time; then give its worker back, or replace it."""
        try:
            async with asyncio.timeout(self._grace):
                result = await asyncio.shield(call)
        except (TimeoutError, asyncio.CancelledError) as error:
            self._abandon(worker, call)
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        except WorkerCrashed:
            self._replace(worker)
            return
        except Exception:  # noqa: BLE001 (what the job raised, nobody wants to know)
            result = None
        if isinstance(result, ResultFile):
            result.path.unlink(missing_ok=True)
        self._give(worker)

    def _abandon(self, worker: Worker, call: asyncio.Future[Any]) -> None:
        self._replace(worker)
        # Nobody waits for it any more, and what it raises is known.
        call.add_done_callback(lambda done: done.exception())

    def _replace(self, worker: Worker) -> None:
        worker.kill()
        self._workers.discard(worker)
        self._untidy.discard(worker)
        self._last = {key: last for key, last in self._last.items() if last is not worker}
        self.restarts += 1
        self._spawn(self._start_one(after=worker))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_one(self, after: Worker | None = None) -> None:
        """Start a worker, however often that takes."""
        if after is not None:
            await asyncio.to_thread(after.close)
        pause = _PAUSE
        while not self._closed:
            try:
                worker = await self._loaded_worker()
            except (RechromaError, WorkerCrashed, OSError) as error:
                self._fail(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            self.failure, self._loaded = None, True
            self._workers.add(worker)
            self._give(worker)
            return

    async def _loaded_worker(self) -> Worker:
        """Return a new worker that has its model.

        Raises:
            RechromaError, WorkerCrashed: It can't load it.
            OSError: There is no process to be had.
        """
        making = asyncio.ensure_future(asyncio.to_thread(Worker, self._setup))
        try:
            worker = await asyncio.shield(making)
        except asyncio.CancelledError:
            # The thread goes on, and so would the process.
            with suppress(OSError):
                (await making).kill()
            raise
        try:
            await asyncio.to_thread(worker.wait)
        except asyncio.CancelledError:
            worker.kill()
            raise
        except (RechromaError, WorkerCrashed):
            await asyncio.to_thread(worker.close)
            raise
        return worker

    def _fail(self, error: Exception) -> None:
        known = isinstance(error, RechromaError)
        self.failure = error if known else RechromaError("a worker can't be started")
        _log.error("no worker: %s", self.failure)
        if self._workers:
            return
        for place in self._waiting:
            if not place.done():
                place.set_exception(
                    Problem(503, self.failure.what, self.failure.mend, code="no-model")
                )
        self._waiting.clear()
