"""Running a plan: several pictures at once, one bad picture stops no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from rechroma.batch.pictures import (
    PointWork,
    Saving,
    load,
    save,
    save_strips,
    save_unchanged,
    strips_of,
)
from rechroma.batch.task import Outcome, Status, failure
from rechroma.errors import UnwritableFileError
from rechroma.limits import available_cores
from rechroma.metadata import MetadataOptions
from rechroma.photo import DEFAULT_MAX_PIXELS, Photo
from rechroma.photo.jpeg_scans import Gray

if TYPE_CHECKING:
    from rechroma.batch.task import Task
    from rechroma.photo.model import PixelChange
    from rechroma.photo.strips import Strips

__all__ = ["Work", "default_jobs", "run"]

Work: TypeAlias = Callable[[Photo], Photo] | PointWork

# Each job holds a picture in memory; beyond four, more threads in the work itself gain as much.
_MOST_JOBS = 4


def default_jobs(tasks: int) -> int:
    """Return how many pictures to hold at once: one for each core that is ours, at most four."""
    return max(1, min(tasks, _MOST_JOBS, available_cores()))


def run(
    tasks: Sequence[Task],
    work: Work,
    *,
    jobs: int,
    overwrite: bool = False,
    fail_fast: bool = False,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    quality: int | None = None,
    metadata: MetadataOptions | None = None,
) -> Generator[Outcome]:
    """Read, work and write, and yield the outcomes in the order in which they come.

    Each of `jobs` threads takes one picture from reading to writing, so one decodes while another
    computes, and no more than `jobs` pictures are in memory. Whoever stops early (an exception
    such as KeyboardInterrupt, `break`) closes the iterator (`contextlib.closing`): pictures that
    are being written are finished, the others are left, and nothing is half written.

    Args:
        tasks: As planned by `make_plan`.
        work: What is done to a picture, called from several threads. If it returns the very photo
            that it was given, the outcome is `KEPT`. A `PointWork` takes very large pictures strip
            by strip.
        jobs: Number of threads and the most pictures in memory, at least 1.
        overwrite: Whether a file at the target is replaced; otherwise the task is skipped.
        fail_fast: Whether the first failure is the last outcome but for those under way.
        max_pixels: The limit for `rechroma.photo.read`; None for no limit.
        quality: For lossy formats, 1…100; None for the writer's default.
        metadata: What is kept of the metadata; None for the defaults.
    """
    saving = Saving(quality, overwrite, metadata or MetadataOptions())
    line = _Line(work, saving=saving, fail_fast=fail_fast, max_pixels=max_pixels)
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="rechroma")
    try:
        futures = {pool.submit(line.take, task): task for task in tasks}
        for future in as_completed(futures):
            outcome = _outcome_of(future, futures.pop(future))
            if outcome is not None:
                yield outcome
    finally:
        line.stop()
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome_of(future: Future[Outcome], task: Task) -> Outcome | None:
    error = future.exception()
    if isinstance(error, _Stopped):
        return None
    return future.result() if error is None else failure(task, error)


class _Stopped(Exception):  # noqa: N818 (not an error: the batch was told to stop)
    """The task was left before anything was written."""


class _Line:
    """One picture after another from reading to writing, until told to stop."""

    def __init__(
        self,
        work: Work,
        *,
        saving: Saving,
        fail_fast: bool,
        max_pixels: int | None,
    ) -> None:
        self._work = work
        self._saving = saving
        self._fail_fast = fail_fast
        self._max_pixels = max_pixels
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Leave everything that is not being written."""
        self._stopping.set()

    def take(self, task: Task) -> Outcome:
        """Take one task to its end."""
        try:
            return self._take(task)
        except Exception:
            # Here and not where outcomes are read: by then the next picture would be under way.
            if self._fail_fast:
                self.stop()
            raise

    def _take(self, task: Task) -> Outcome:
        self._check()
        if task.is_done and not self._saving.overwrite:
            return Outcome(task, Status.SKIPPED)
        start = time.perf_counter()
        try:
            outcome = self._process(task)
        except UnwritableFileError:
            # Somebody else may have put the same result there while we worked.
            if self._saving.overwrite or not task.is_done:
                raise
            return Outcome(task, Status.SKIPPED)
        return replace(outcome, seconds=time.perf_counter() - start)

    def _process(self, task: Task) -> Outcome:
        if isinstance(self._work, PointWork):
            found = strips_of(task, self._work, max_pixels=self._max_pixels)
            if found is not None:
                return self._process_strips(task, *found)
        result, outcome, was_gray_jpeg = self._result(task)
        self._check()
        kept = outcome.status is Status.KEPT
        if task.beside and task.has_result and not self._saving.overwrite:
            # What was missing beside it is there now, if it was to be made.
            return outcome if kept else replace(outcome, status=Status.COMPLETED)
        if kept:
            return replace(outcome, notes=save_unchanged(result, task, self._saving))
        written = save(result, task.target, self._saving)
        gray = None
        if was_gray_jpeg and written.format == "jpeg":
            gray = Gray.COPIED if written.gray_copied else Gray.RECOMPRESSED
        return replace(outcome, notes=written.notes, gray=gray)

    def _process_strips(self, task: Task, strips: Strips, change: PixelChange) -> Outcome:
        self._check()
        notes = save_strips(strips, change, task.target, self._saving)
        return Outcome(task, Status.DONE, 0.0, strips.head.pages_dropped, notes)

    def _result(self, task: Task) -> tuple[Photo, Outcome, bool]:
        """Read and work, and tell whether the input was a gray JPEG.

        Its memory is free when this returns, before the encoder's, unless the result needs it.
        """
        photo = load(task.source, max_pixels=self._max_pixels)
        self._check()
        result = (self._work.whole if isinstance(self._work, PointWork) else self._work)(photo)
        status = Status.KEPT if result is photo else Status.DONE
        outcome = Outcome(task, status, 0.0, photo.pages_dropped)
        return result, outcome, photo.gray_jpeg is not None

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _Stopped
