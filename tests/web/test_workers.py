"""Workers and the pool before them: what is cancelled, what dies, what waits, and what is kept."""

import asyncio
import errno
import io
import operator
import os
import signal
import threading
from contextlib import asynccontextmanager
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from rechroma.errors import (
    ModelError,
    RechromaError,
    UnwritableFileError,
    UnwritablePhotoError,
    UsageError,
)
from rechroma.mood import TransferOptions
from rechroma.photo import read
from rechroma.web import pool as pool_module
from rechroma.web import preview_jobs
from rechroma.web.jobs import ResultFile, ResultFormat
from rechroma.web.mood_jobs import mood_picture, mood_preview
from rechroma.web.pool import Pool
from rechroma.web.previews import preview
from rechroma.web.problems import Problem, problem_of
from rechroma.web.settings import WorkerSetup
from rechroma.web.worker import (
    DiskFullError,
    UnexpectedError,
    Worker,
    WorkerCrashed,
    outcome_of,
)
from rechroma.web.worker_state import ColorRequest, Upload, WorkerState

SETUP = WorkerSetup("none", "cpu", None, 1, None, "")


class FakeWorker:
    """A worker without a process: a job is called with it."""

    made: ClassVar[list["FakeWorker"]] = []
    # Raised instead of a worker's being made, the last one first.
    errors: ClassVar[list[Exception]] = []

    def __init__(self, _):
        if FakeWorker.errors:
            raise FakeWorker.errors.pop()
        self.alive, self.killed, self.tidied = True, threading.Event(), 0
        self.pid = len(FakeWorker.made)
        FakeWorker.made.append(self)

    def wait(self):
        pass

    def call(self, job):
        return job(self)

    def tidy(self):
        self.tidied += 1

    def kill(self):
        self.alive = False
        self.killed.set()

    close = kill


class Task:
    """A job that goes on until it is told to end, or its worker is killed."""

    def __init__(self, result=None):
        self.begun, self.end, self.result = threading.Event(), threading.Event(), result

    def __call__(self, worker):
        self.begun.set()
        while not self.end.wait(0.005):
            if worker.killed.is_set():
                raise WorkerCrashed
        return self.result


@pytest.fixture(autouse=True)
def _fakes(monkeypatch):
    monkeypatch.setattr(FakeWorker, "made", [])
    monkeypatch.setattr(FakeWorker, "errors", [])
    monkeypatch.setattr(pool_module, "_PAUSE", 0.01)


@asynccontextmanager
async def pooled(monkeypatch, workers=1, queue=9, seconds=60.0, grace=60.0):
    monkeypatch.setattr(pool_module, "Worker", FakeWorker)
    pool = Pool(SETUP, workers=workers, queue=queue, seconds=seconds, grace=grace)
    pool.start()
    await until(lambda: len(pool.pids) == workers)
    try:
        yield pool
    finally:
        await pool.close()


async def until(condition):
    for _ in range(6000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("this did not happen")


async def cancelled_midway(pool, job):
    work = asyncio.ensure_future(pool.run(job))
    await until(job.begun.is_set)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def test_a_short_job_that_nobody_wants_costs_no_lane(monkeypatch, tmp_path):
    """It ends by itself, its worker does the next one, and its file is deleted."""
    late = tmp_path / "late.png"
    late.write_bytes(b"a photograph")

    async def main():
        async with pooled(monkeypatch) as pool:
            job = Task(ResultFile(late, "png"))
            await cancelled_midway(pool, job)
            job.end.set()
            assert await pool.run(lambda worker: worker.pid) == 0
            assert pool.restarts == 0
            assert not late.exists()

    asyncio.run(main())


def test_a_long_job_that_nobody_wants_ends_with_its_lane(monkeypatch):
    async def main():
        async with pooled(monkeypatch, grace=0.05) as pool:
            await cancelled_midway(pool, Task())
            assert await pool.run(lambda worker: worker.pid) == 1
            assert pool.restarts == 1
            assert FakeWorker.made[0].killed.is_set()

    asyncio.run(main())


def test_a_job_that_nobody_wants_may_fail(monkeypatch):
    def fail(worker):
        job(worker)
        raise ModelError("no")

    job = Task()
    fail.begun = job.begun

    async def main():
        async with pooled(monkeypatch) as pool:
            await cancelled_midway(pool, fail)
            job.end.set()
            assert await pool.run(lambda worker: worker.pid) == 0

    asyncio.run(main())


def test_what_takes_too_long_is_not_to_be_tried_again(monkeypatch):
    async def main():
        async with pooled(monkeypatch, seconds=0.05) as pool:
            with pytest.raises(Problem) as late:
                await pool.run(Task())
            assert late.value.status == 503
            assert "Retry-After" not in late.value.headers
            assert "smaller" in late.value.mend
            await until(lambda: pool.restarts == 1)

    asyncio.run(main())


def test_nobody_waits_for_ever(monkeypatch):
    async def main():
        async with pooled(monkeypatch, seconds=2.0) as pool:
            await cancelled_midway(pool, Task())  # which goes on, and has the only worker
            with pytest.raises(Problem) as late:
                await pool.run(lambda worker: worker.pid)
            assert late.value.status == 503
            assert "Retry-After" in late.value.headers
            assert pool.waiting == 0

    asyncio.run(main())


def test_a_lane_that_died_idle_costs_no_job(monkeypatch):
    async def main():
        async with pooled(monkeypatch) as pool:
            FakeWorker.made[0].alive = False
            assert await pool.run(lambda worker: worker.pid) == 1
            assert pool.restarts == 1

    asyncio.run(main())


@pytest.mark.parametrize("error", [OSError("no process"), ModelError("no model")])
def test_a_lane_that_can_t_be_started_is_tried_again(monkeypatch, error):
    """Meanwhile those who wait for another worker go on waiting."""

    async def main():
        async with pooled(monkeypatch, workers=2, grace=0.01) as pool:
            held = Task()
            first = asyncio.ensure_future(pool.run(held))
            await until(held.begun.is_set)
            FakeWorker.errors = [error, error]
            await cancelled_midway(pool, Task())
            waiter = asyncio.ensure_future(pool.run(lambda worker: worker.pid))
            await until(lambda: len(pool.pids) == 2)
            assert await waiter == 2
            assert pool.failure is None
            held.end.set()
            await first

    asyncio.run(main())


def test_without_any_worker_those_who_wait_are_told(monkeypatch):
    monkeypatch.setattr(pool_module, "_PAUSE", 60.0)

    async def main():
        async with pooled(monkeypatch, grace=0.01) as pool:
            FakeWorker.errors = [OSError("no process")]
            await cancelled_midway(pool, Task())
            with pytest.raises(Problem) as none:
                await pool.run(lambda worker: worker.pid)
            assert none.value.status == 503

    asyncio.run(main())


def test_lanes_are_told_of_pictures_that_are_gone(monkeypatch):
    """At once if they are idle, else as soon as they are."""

    async def main():
        async with pooled(monkeypatch, workers=2) as pool:
            job = Task()
            work = asyncio.ensure_future(pool.run(job))
            await until(job.begun.is_set)
            pool.forget("key")
            assert sorted(worker.tidied for worker in FakeWorker.made) == [0, 1]
            job.end.set()
            await work
            assert [worker.tidied for worker in FakeWorker.made] == [1, 1]

    asyncio.run(main())


def fail_with(error):
    def work():
        raise error

    return work


def unwritable():
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        raise UnwritableFileError("a.png: can't be written", "choose another output") from error


@pytest.mark.parametrize(
    ("work", "kind", "status"),
    [
        (fail_with(ZeroDivisionError()), UnexpectedError, 500),
        (fail_with(OSError(errno.ENOSPC, "full")), DiskFullError, 507),
        (unwritable, DiskFullError, 507),
        (fail_with(UnwritablePhotoError("too wide")), UnwritablePhotoError, 422),
        (fail_with(UnwritableFileError("read-only")), UnwritableFileError, 500),
    ],
)
def test_whose_fault_it_is(work, kind, status):
    error = outcome_of(work)
    assert type(error) is kind
    problem = problem_of(error)
    assert problem.status == status
    assert problem.detail
    assert "Traceback" not in problem.mend


def test_an_error_that_nobody_has_thought_of_is_the_service_s():
    assert problem_of(RechromaError("what")).status == 500


@pytest.fixture
def worker(conditioned, tmp_path):
    made = Worker(WorkerSetup(str(conditioned), "cpu", None, 1, None, str(tmp_path)))
    made.wait()
    yield made
    made.close()


@pytest.mark.posix
def test_a_lane_outlives_what_its_terminal_sends(worker, make_picture, tmp_path):
    """A group's signals are for the server to heed; and what is gone is not kept."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker.pid, number)
    path = tmp_path / "a.png"
    path.write_bytes(make_picture())
    upload = Upload(path, "a.png")
    worker.call(operator.methodcaller("open", upload))
    assert worker.call(operator.attrgetter("kept")) == {path}
    path.unlink()
    worker.tidy()
    assert worker.call(operator.attrgetter("kept")) == set()
    with pytest.raises(UnexpectedError):
        worker.call(operator.truediv)
    worker.kill()
    with pytest.raises(WorkerCrashed):
        worker.call(operator.attrgetter("kept"))


@pytest.fixture
def state(conditioned):
    return WorkerState(WorkerSetup(str(conditioned), "cpu", None, 1, None, ""))


@pytest.fixture
def kept(tmp_path, make_picture):
    """kept(name, **options): a picture as a client's upload."""

    def keep(name, **options):
        path = tmp_path / name
        path.write_bytes(make_picture(**options))
        return Upload(path, name)

    return keep


def test_nothing_is_kept_of_pictures_that_are_gone(state, kept):
    plain, mood = kept("plain.png"), kept("mood.png", mode="RGB")
    state.predict(plain, ColorRequest(mood=mood))
    other = state.predict(plain, ColorRequest())
    mood.path.unlink()
    state.tidy()
    assert state.kept == {plain.path}
    assert state.predict(plain, ColorRequest()) is other
    plain.path.unlink()
    state.tidy()
    assert state.kept == set()


def test_a_mood_needs_one_prediction(state, kept, monkeypatch):
    """However often it is changed; and the whole picture has the colors of its preview."""
    source = kept("source.png", mode="RGB", seed=1)
    target = kept("target.png", size=(1800, 200), seed=2)
    predict, runs = state.colorizer.predict, []

    def counted(photo, **options):
        runs.append(photo)
        return predict(photo, **options)

    monkeypatch.setattr(state.colorizer, "predict", counted)
    for strength in (1.0, 0.5, 0.0):
        for method in ("reinhard", "mkl"):
            options = TransferOptions(method=method, strength=strength)
            mood_preview(state, source, target, options, side=320)
    made = mood_picture(state, source, target, ResultFormat("png"), options)
    assert len(runs) == 1
    predicted = state.predict(target, ColorRequest(mood=source, is_target=True))
    wanted = predicted.on(state.read(target)).render().to_uint8()
    got = read(made.path).to_uint8()
    made.path.unlink()
    assert np.abs(got.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((1600, 900), (1600, 900)), ((1601, 1000), (1600, 999)), ((900, 5000), (288, 1600))],
)
def test_a_preview_has_the_size_that_is_asked_for(size, wanted, make_picture):
    """No whole factors: 1,601 pixels do not become 801. Compared with Pillow's box filter."""
    data = make_picture(size=size, mode="RGB")
    picture = Image.open(io.BytesIO(data))
    seen = preview(read(data), 1600)
    assert (seen.width, seen.height) == wanted
    reference = np.asarray(picture.resize(wanted, Image.Resampling.BOX)).astype(int)
    assert np.abs(seen.samples - reference).max() <= 4


def test_what_belongs_together_with_a_place(tmp_path):
    """Half of the picture is bright, half is dark: places are in pixels of the whole one."""
    gray = np.full((400, 600), 40, np.uint8)
    gray[:, 300:] = 220
    path = tmp_path / "halves.png"
    Image.fromarray(gray).save(path)
    upload = Upload(path, "halves.png")
    state = WorkerState(WorkerSetup("rechroma-v2", "cpu", None, 1, None, ""))
    found = preview_jobs.segment(state, upload, [(450, 200)], [(100, 200)], side=300)
    mask = np.asarray(Image.open(io.BytesIO(found)))
    assert mask.shape == (200, 300)
    assert mask[:, 170:].mean() > 250
    assert mask[:, :130].mean() < 5
    with pytest.raises(UsageError, match="outside of the picture"):
        preview_jobs.segment(state, upload, [(600, 0)], [], side=300)
