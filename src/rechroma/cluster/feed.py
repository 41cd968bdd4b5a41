"""The items of a run: listed and judged ahead of the workers, and not kept."""

from __future__ import annotations

import queue
import re
import threading
from typing import TYPE_CHECKING

from rechroma.cluster.index import Index, Verdict
from rechroma.cluster.items import Job, Row, failed_row
from rechroma.cluster.ledger import Ledger
from rechroma.cluster.store_errors import explained
from rechroma.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rechroma.cluster.items import Item
    from rechroma.cluster.options import BulkOptions
    from rechroma.cluster.sources import Source
    from rechroma.cluster.stores import Store

__all__ = ["Feed", "judged", "load_index"]

# Items that are listed ahead.
_AHEAD = 4096
_OUR_SHARD = re.compile(r"shard-\d{5}-\d{7}\.tar")


def judged(
    source: Source, store: Store, signature: str, options: BulkOptions
) -> Iterator[tuple[Item, Job | Verdict]]:
    """Yield what would be done with each item; nothing is written."""
    with Index() as index:
        load_index(index, Ledger(store), store, remove_orphans=False)
        for item in source.items():
            yield (
                item,
                index.judge(
                    item,
                    signature,
                    store,
                    again=options.overwrite,
                    retry=options.cluster.retry_failed,
                ),
            )


def load_index(index: Index, ledger: Ledger, store: Store, *, remove_orphans: bool) -> None:
    """Take what ledger and destination say.

    Args:
        index: Gets it.
        ledger: Of the destination.
        store: The destination.
        remove_orphans: Whether shards go whose rows were never written, since their items are going
            to be in another one.

    Raises:
        UnreadablePhotoError: The destination can't be read.
    """

    def orphan(name: str) -> None:
        if remove_orphans and _OUR_SHARD.fullmatch(name):
            store.remove(name)

    try:
        index.load(ledger, store)
        index.find_results(store, orphan)
    except FileNotFoundError:
        pass  # a destination that is not there yet
    except Exception as error:
        raise explained(store.root, error) from error


class Feed:
    """Lists and judges items in a thread of its own, as far ahead as there is room.

    Args:
        source: The items.
        store: The destination.
        index: What is known of all items.
        signature: What results depend on beside their pictures.
        options: How the run is run.

    Attributes:
        index: As given.
        signature: As given.
        ended: Whether the listing has come to its end.
        skipped: Items that were done before.
        failed_before: Items that have failed before.
        twice: Items that were named more than once.
    """

    def __init__(
        self, source: Source, store: Store, index: Index, signature: str, options: BulkOptions
    ) -> None:
        self._source = source
        self._store = store
        self.index = index
        self.signature = signature
        self._options = options
        self._queue: queue.Queue[Job | Row | BaseException | None] = queue.Queue(_AHEAD)
        self._gathered: list[Job] = []
        self._stopping = threading.Event()
        self._listed = threading.Event()
        self.ended = False
        self.skipped = self.failed_before = self.twice = 0
        self._thread = threading.Thread(target=self._list, name="rechroma-list", daemon=True)
        self._thread.start()

    def give_back(self, jobs: list[Job]) -> None:
        """Let jobs be the next ones."""
        self._gathered[:0] = jobs

    def close(self) -> None:
        """Stop listing."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def take(self, count: int, rows: list[Row], *, whole: bool, seconds: float) -> list[Job]:
        """Return the next jobs; fewer than asked for, or none, if they aren't listed yet.

        Args:
            count: How many.
            rows: Gets the rows of items that can't be done.
            whole: Whether to return nothing rather than fewer, but at the end.
            seconds: How long to wait for the first.

        Raises:
            RechromaError: The source can't be read any further.
        """
        while len(self._gathered) < count and not self.ended:
            try:
                each = self._queue.get(timeout=seconds) if seconds else self._queue.get_nowait()
            except queue.Empty:
                break
            seconds = 0.0
            match each:
                case None:
                    self.ended = True
                case BaseException():
                    self.ended = True
                    raise each
                case Row():
                    rows.append(each)
                case Job():
                    self._gathered.append(each)
        if whole and len(self._gathered) < count and not self.ended:
            return []
        taken, self._gathered = self._gathered[:count], self._gathered[count:]
        return taken

    @property
    def left(self) -> int | None:
        """How many jobs are left, about; None while the listing goes on."""
        if not (self.ended or self._listed.is_set()):
            return None
        return len(self._gathered) + self._queue.qsize()

    @property
    def is_dry(self) -> bool:
        """Whether everything was taken."""
        return self.ended and not self._gathered

    def _list(self) -> None:
        try:
            for item in self._source.items():
                self._judge(item)
                if self._stopping.is_set():
                    return
            self._put(None)
            self._listed.set()
        except BaseException as error:  # noqa: BLE001 (raised again where it is awaited)
            self._put(error)

    def _judge(self, item: Item) -> None:
        options = self._options
        match self.index.judge(
            item,
            self.signature,
            self._store,
            again=options.overwrite,
            retry=options.cluster.retry_failed,
        ):
            case Job() as job:
                self._put(job)
            case Verdict.DONE:
                self.skipped += 1
            case Verdict.FAILED:
                self.failed_before += 1
            case Verdict.TWICE:
                self.twice += 1
            case Verdict.CLASH:
                self._put(_clash(item, self._store, self.signature))

    def _put(self, each: Job | Row | BaseException | None) -> None:
        while not self._stopping.is_set():
            try:
                self._queue.put(each, timeout=0.5)
            except queue.Full:
                continue
            return


def _clash(item: Item, store: Store, signature: str) -> Row:
    more = " or to a file beside it" if item.beside else ""
    error = UsageError(
        f"{item.uri}: another picture is written to {store.uri(item.output)}{more}",
        "rename one, or give outputs in a manifest",
    )
    return failed_row(item, error, {"state": item.state(signature)})
