"""A run: what is listed is handed out, what comes back is written down, and none of it is kept."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from rechroma.cluster.engine import connected
from rechroma.cluster.feed import Feed, load_index
from rechroma.cluster.index import Index
from rechroma.cluster.ledger import Ledger
from rechroma.cluster.losses import Losses
from rechroma.cluster.pool import Chunk, Pool
from rechroma.cluster.runs import start_run
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import LocalStore
from rechroma.cluster.worker import AT_ONCE, Settings
from rechroma.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from rechroma.cluster.engine import Engine
    from rechroma.cluster.items import Job, Row
    from rechroma.cluster.operation import Operation
    from rechroma.cluster.options import BulkOptions, ClusterOptions
    from rechroma.cluster.runs import Run
    from rechroma.cluster.sources import Source
    from rechroma.cluster.stores import Store

__all__ = ["Counts", "Teller", "run_bulk"]

# Jobs that go to a worker at once: as many as take this long, so that little is done again
# when a worker dies, none has much left when others have nothing, and the driver's own time is
# small beside theirs.
_CHUNK_SECONDS = 0.25
_LARGEST_CHUNK = 64
# Rows in a part of the ledger, and the longest that one waits.
_PART_ROWS = 5000
_PART_SECONDS = 10.0
_PROGRESS_SECONDS = 30.0


@dataclass(slots=True)
class Counts:
    """How many items ended how.

    Attributes:
        made: Status of a row of this run → how many.
        skipped: Were done before.
        failed_before: Have failed before, and were not tried again.
        twice: Were named more than once.
        codes: The exit codes of what failed in this run.
        interrupted: Whether the run was told to stop.
    """

    made: Counter[str] = field(default_factory=Counter[str])
    skipped: int = 0
    failed_before: int = 0
    twice: int = 0
    codes: set[int] = field(default_factory=set[int])
    interrupted: bool = False

    @property
    def total(self) -> int:
        """All items that were met."""
        return self.made.total() + self.skipped + self.failed_before + self.twice


class Teller(Protocol):
    """Who tells people how it goes."""

    def row(self, row: Row) -> None:
        """Tell of one item."""
        ...

    def progress(self, counts: Counts, rate: float, workers: int) -> None:
        """Tell how far it is: now and then."""
        ...

    def detail(self, text: str) -> None:
        """Tell the curious."""
        ...


def run_bulk(
    source: Source,
    store: Store,
    operation: Operation,
    files: Mapping[str, tuple[str, bytes]],
    signature: str,
    options: BulkOptions,
    teller: Teller,
    facts: Mapping[str, object],
) -> Counts:
    """Do to all items of a source what is missing or changed.

    Args:
        source: The items.
        store: Gets the results and the ledger.
        operation: What is done.
        files: The files that it needs: key → name and bytes.
        signature: What results depend on beside their pictures.
        options: How.
        teller: Is told.
        facts: What the run is, for the report.

    Raises:
        RechromaError: The run can't start, or can't go on; what is done stays done.
    """
    run = start_run(store, facts)
    counts = Counts()
    start = time.monotonic()
    driver: _Driver | None = None
    try:
        if isinstance(store, LocalStore):
            store.remove_unfinished()
        with Index() as index:
            ledger = Ledger(store, run.number)
            if run.number > 1:
                load_index(index, ledger, store, remove_orphans=True)
            driver = _Driver(
                Feed(source, store, index, signature, options),
                ledger,
                run,
                options,
                teller,
                counts,
            )
            limits = options.cluster
            settings = Settings(
                store.root, signature, limits.threads, limits.time_limit, limits.memory_bytes
            )
            try:
                driver.go(operation, files, settings)
            except KeyboardInterrupt:
                counts.interrupted = True
            finally:
                driver.close()
            _purge(index, ledger)
    finally:
        run.end({
            "counts": dict(counts.made), "skipped": counts.skipped,
            "failed_before": counts.failed_before,
            "workers": 0 if driver is None else driver.workers,
            "threads": options.cluster.threads, "gpus": options.cluster.gpus,
            "seconds": time.monotonic() - start,
        })  # fmt: skip
    return counts


def _purge(index: Index, ledger: Ledger) -> None:
    try:
        index.purge(ledger)
    except Exception as error:
        raise explained("the ledger", error, writing=True) from error


class _Driver:
    """Hands out what is listed and writes down what comes back.

    Attributes:
        workers: How many there are; 0 if there was nothing to do.
    """

    def __init__(
        self,
        feed: Feed,
        ledger: Ledger,
        run: Run,
        options: BulkOptions,
        teller: Teller,
        counts: Counts,
    ) -> None:
        self.workers = 0
        self._feed = feed
        self._ledger = ledger
        self._run = run
        self._options = options
        self._teller = teller
        self._counts = counts
        self._rows: list[Row] = []
        self._losses = Losses(feed.signature)
        self._replaces: dict[bytes, int] = {}
        self._shards = 0
        self._written = self._told = self._began = time.monotonic()
        self._seconds = 1.0  # of an item, lately

    def go(
        self, operation: Operation, files: Mapping[str, tuple[str, bytes]], settings: Settings
    ) -> None:
        """Do everything.

        Raises:
            RechromaError: The source can't be read, the cluster can't be had, or the operation is
                not possible.
        """
        # Without a job there is no need of a cluster.
        first: list[Job] = []
        while not first and not self._feed.is_dry:
            first = self._take(1, whole=False, seconds=0.2)
            self._write_due()
        if not first:
            return
        with connected(self._options.address) as engine, _ended_by_signal():
            self.workers, share = _workers(engine, self._options.cluster)
            settings = replace(settings, share=share)
            pool = Pool(
                engine,
                self.workers,
                operation,
                files,
                settings,
                gpus=1 if self._options.cluster.gpus else 0,
            )
            if self._options.cluster.shards:
                self._feed.give_back(first)
            else:
                self._losses.again.append(Chunk(first))
            try:
                self._loop(pool)
            except KeyboardInterrupt:
                self._take_rows(pool, 0.0)
                raise
            finally:
                pool.close()

    def _loop(self, pool: Pool) -> None:
        while True:
            self._run.check()
            self._hand_out(pool)
            if self._feed.is_dry and not (pool.busy or self._losses.waiting):
                return
            self._take_rows(pool, 0.5 if self._feed.is_dry or not pool.has_room() else 0.02)
            self._write_due()
            self._tell(pool)
            if self._options.fail_fast and self._counts.codes:
                return

    def _hand_out(self, pool: Pool) -> None:
        while pool.has_room():
            chunk = self._losses.next(idle=pool.has_idle()) or self._next()
            if chunk is None:
                return
            for job in chunk.jobs:
                if job.replaces >= 0:
                    self._replaces[job.item.key] = job.replaces
            pool.submit(chunk)

    def _next(self) -> Chunk | None:
        shard = self._options.cluster.shards
        size = shard or min(_LARGEST_CHUNK, int(_CHUNK_SECONDS / self._seconds))
        if not shard and (left := self._feed.left) is not None:
            # Of the last jobs each worker gets a part at a time.
            size = min(size, left // (AT_ONCE * self.workers))
        size = max(1, size)
        jobs = self._take(size, whole=bool(shard), seconds=0.0)
        if not jobs:
            return None
        if not shard:
            return Chunk(jobs)
        self._shards += 1
        return Chunk(jobs, f"shard-{self._run.number:05d}-{self._shards:07d}.tar")

    def _take(self, count: int, *, whole: bool, seconds: float) -> list[Job]:
        impossible: list[Row] = []
        jobs = self._feed.take(count, impossible, whole=whole, seconds=seconds)
        self._rows += impossible
        for row in impossible:
            self._count(row)
        return jobs

    def _take_rows(self, pool: Pool, seconds: float) -> None:
        for each in pool.wait(seconds):
            if each.rows is None:
                self._teller.detail(f"a worker has died and is replaced: {each.error}")
                for row in self._losses.take(each.chunk, each.error):
                    self._rows.append(row)
                    self._count(row)
                continue
            self._counts.skipped += len(each.chunk.jobs) - len(each.rows)
            self._rows += each.rows
            for row in each.rows:
                self._count(row)

    def _count(self, row: Row) -> None:
        if row.tries == 0:
            self._counts.skipped += 1
            return
        self._counts.made[row.status] += 1
        if row.failed:
            self._counts.codes.add(row.exit_code)
        else:
            self._seconds += (max(row.seconds, 1e-3) - self._seconds) / 16
        self._teller.row(row)

    def _write_due(self) -> None:
        late = time.monotonic() - self._written > _PART_SECONDS
        if len(self._rows) >= _PART_ROWS or (late and self._rows):
            self._write()

    def _write(self) -> None:
        """Write the rows that have come as a part of the ledger."""
        rows, self._rows = self._rows, []
        self._written = time.monotonic()
        if not rows:
            return
        self._run.check()
        try:
            part = self._ledger.add(rows)
        except Exception as error:
            raise explained("the ledger", error, writing=True) from error
        for row in rows:
            replaced = self._replaces.pop(row.item, -1)
            if replaced >= 0:
                self._feed.index.moved(row.item, part, replaced)

    def close(self) -> None:
        """Write down what has come, whatever has happened."""
        self._feed.close()
        self._counts.skipped += self._feed.skipped
        self._counts.failed_before = self._feed.failed_before
        self._counts.twice = self._feed.twice
        self._write()

    def _tell(self, pool: Pool) -> None:
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS:
            return
        self._told = now
        rate = self._counts.made.total() / (now - self._began)
        self._teller.progress(self._counts, rate, pool.ready)


def _workers(engine: Engine, options: ClusterOptions) -> tuple[int, float]:
    """Return how many workers there are to be, and the part of a machine that each has.

    Raises:
        ClusterError: The cluster has less than one needs.
    """
    cpus, gpus, largest = engine.resources()
    if options.workers is None and (cpus < options.threads or gpus < options.gpus):
        raise ClusterError(
            f"the cluster has {cpus:g} CPUs and {gpus:g} GPUs now",
            f"ask for less than {options.threads} CPUs a worker and {options.gpus} GPUs; or say "
            "how many --workers there are to be, if it grows",
        )
    count = options.workers or options.gpus or int(cpus // options.threads)
    here = max(1, min(count, int(largest // options.threads)))
    return count, 1 / here


@contextmanager
def _ended_by_signal() -> Generator[None]:
    """Let SIGTERM, which ends jobs on a cluster, be what Ctrl-C is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    usual = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
