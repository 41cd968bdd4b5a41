"""Jobs on a few lanes: a bounded queue before them, and no waiting for a lane that has died."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from rechroma.errors import RechromaError
from rechroma.web.lane import Crashed, Lane
from rechroma.web.problems import Problem, busy

if TYPE_CHECKING:
    from rechroma.web.lane import Job, Setup

__all__ = ["Pool"]

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Pool:
    """Runs jobs in processes, and kills the process of a job that is cancelled or takes too long.

    Args:
        setup: Of each lane.
        lanes: How many.
        queue: Jobs that may wait.
        seconds: How long one job may take.

    Attributes:
        restarts: How often a lane was started anew.
        failure: Why no lane can be started; None if all is well.
    """

    def __init__(self, setup: Setup, *, lanes: int, queue: int, seconds: float) -> None:
        self._setup = setup
        self._count = lanes
        self._queue = queue
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(lanes, thread_name_prefix="lane")
        self._lanes: set[Lane] = set()
        self._free: list[Lane] = []
        self._waiting: deque[asyncio.Future[Lane]] = deque()
        self._last: dict[str, Lane] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._loaded = False
        self.restarts = 0
        self.failure: RechromaError | None = None

    @property
    def ready(self) -> bool:
        """Whether jobs can be done."""
        return bool(self._lanes)

    @property
    def waiting(self) -> int:
        """Jobs that wait for a lane."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Jobs under way."""
        return len(self._lanes) - len(self._free)

    @property
    def pids(self) -> list[int]:
        """The processes."""
        return [lane.pid for lane in self._lanes]

    def start(self) -> None:
        """Start the lanes; they are ready a little later."""
        for _ in range(self._count):
            self._start_one()

    async def close(self) -> None:
        """End everything."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()
        self._threads.shutdown(wait=False)

    async def run(self, job: Job[T], *, key: str = "") -> T:
        """Do a job, as soon as a lane is free; cancelling kills the lane that is at it.

        Args:
            job: See `Job`.
            key: Jobs with the same key find what the last one left in its lane's caches.

        Raises:
            RechromaError: As the job raised it.
            Problem: 429 too many wait, 503 nothing is ready or it takes too long, 422 the job ended
                its process.
        """
        lane = await self._take(key)
        call = asyncio.get_running_loop().run_in_executor(self._threads, lane.call, job)
        try:
            async with asyncio.timeout(self._seconds):
                result = await asyncio.shield(call)
        except (TimeoutError, asyncio.CancelledError) as error:
            self._replace(lane)
            # Nobody waits for it any more, and what it raises is known.
            call.add_done_callback(lambda done: done.exception())
            if isinstance(error, TimeoutError):
                raise busy(f"this took longer than {self._seconds:g} seconds", status=503) from None
            raise
        except Crashed:
            self._replace(lane)
            raise Problem(
                422, "working on this picture ended the worker", "is the file whole?"
            ) from None
        except BaseException:
            self._give(lane)
            raise
        self._give(lane)
        return result

    def forget(self, key: str) -> None:
        """Forget which lane had the jobs with this key."""
        self._last.pop(key, None)

    async def _take(self, key: str) -> Lane:
        if self.failure is not None and not self._lanes:
            raise Problem(503, self.failure.what, self.failure.mend)
        if not self._loaded:
            raise busy("the model is being loaded", status=503)
        lane = self._choose(key)
        if lane is None:
            if len(self._waiting) >= self._queue:
                raise busy(f"{len(self._waiting)} requests are waiting already")
            lane = await self._wait()
        if key:
            self._last[key] = lane
        return lane

    def _choose(self, key: str) -> Lane | None:
        last = self._last.get(key)
        if last in self._free:
            self._free.remove(last)
            return last
        return self._free.pop() if self._free else None

    async def _wait(self) -> Lane:
        place: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give(place.result())
            raise
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _give(self, lane: Lane) -> None:
        """Let the next job have the lane."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(lane)
                return
        self._free.append(lane)

    def _replace(self, lane: Lane) -> None:
        lane.kill()
        self._lanes.discard(lane)
        self._last = {key: last for key, last in self._last.items() if last is not lane}
        self.restarts += 1
        self._start_one(after=lane)

    def _start_one(self, after: Lane | None = None) -> None:
        task = asyncio.create_task(self._started(after))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _started(self, after: Lane | None) -> None:
        if after is not None:
            await asyncio.to_thread(after.close)
        lane = await asyncio.to_thread(Lane, self._setup)
        try:
            await asyncio.to_thread(lane.wait)
        except (RechromaError, Crashed) as error:
            await asyncio.to_thread(lane.close)
            self._fail(error)
            return
        except asyncio.CancelledError:
            lane.kill()
            raise
        self._loaded = True
        self._lanes.add(lane)
        self._give(lane)

    def _fail(self, error: Exception) -> None:
        known = isinstance(error, RechromaError)
        self.failure = error if known else RechromaError("a worker can't be started")
        _log.error("no worker: %s", self.failure)
        for place in self._waiting:
            if not place.done():
                place.set_exception(Problem(503, self.failure.what, self.failure.mend))
        self._waiting.clear()
