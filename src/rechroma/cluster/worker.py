"""A worker: an actor of Ray that takes items from reading to writing.

Several calls are under way in it at once, each in a thread: while one picture is worked on in the
child, the next is read and the last is written. More are never in memory.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import tarfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from rechroma import __version__
from rechroma.batch import Status
from rechroma.cluster import child
from rechroma.cluster.fetching import Fetched
from rechroma.cluster.items import DIGEST, Row, digest, failed_row
from rechroma.cluster.scratch import Scratch
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import open_store
from rechroma.errors import OutOfMemoryError, PhotoError, RechromaError
from rechroma.limits import available_memory
from rechroma.photo.isolation import CrashError, GuardedProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rechroma.cluster.child import Done
    from rechroma.cluster.items import Item, Job, Known
    from rechroma.cluster.operation import Operation

__all__ = ["AT_ONCE", "Hello", "Settings", "Worker"]

# Calls under way in one worker: one reads, one works, one writes.
AT_ONCE = 3
_TRIES = 2
_PAUSE = 1.0  # seconds before the second
_STEM = "_item_"


@dataclass(frozen=True, slots=True)
class Settings:
    """How workers work.

    Attributes:
        destination: See `stores.open_store`.
        signature: Of the operation, for the ledger.
        threads: Of each.
        seconds: The longest that a picture may take.
        memory: Bytes that a picture may take; None for a share of the machine's.
        share: The part of the machine's memory that is a worker's, if `memory` is None.
    """

    destination: str
    signature: str
    threads: int
    seconds: float
    memory: int | None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says when it is ready."""

    version: str
    model: str
    process: int


class PictureCrashError(PhotoError):
    """The process that worked on a picture ended before its work did."""


class TimeLimitError(PhotoError):
    """A picture took longer than it may."""


class _StoreError(Exception):
    """The destination did not take a file."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


# What may be another time: tried again. All else is a fact about the picture.
_PASSING = (OutOfMemoryError, PictureCrashError, TimeLimitError)


class Worker:
    """Works on items, one at a time in a child that may crash.

    Args:
        operation: What is done to each.
        files: The files that it needs: key → name and bytes.
        settings: How.
    """

    def __init__(
        self, operation: Operation, files: Mapping[str, tuple[str, bytes]], settings: Settings
    ) -> None:
        self._operation = operation
        self._settings = settings
        self._scratch = Scratch(AT_ONCE)
        self._files = {key: self._scratch.keep(*file) for key, file in files.items()}
        self._fetched = Fetched(self._scratch, operation.columns)
        memory = settings.memory
        if memory is None and (left := available_memory()) is not None:
            memory = int(left * settings.share)
        self._child = GuardedProcess(seconds=settings.seconds, memory=memory)
        self._turn = threading.Lock()
        self._model = ""
        self._name = f"{socket.gethostname()} {os.getpid()}"
        self._store = open_store(settings.destination)

    def ready(self) -> Hello:
        """Load everything.

        Raises:
            RechromaError: An option or a model that is not possible.
        """
        with self._turn:
            try:
                self._prepare()
            except CrashError as error:
                raise OutOfMemoryError(
                    f"the model can't be loaded: {error}", "allow more memory, or more time"
                ) from error
        return Hello(__version__, self._model, os.getpid())

    def _prepare(self) -> None:
        if not self._child.is_running:
            self._model = self._child.call(
                child.prepare, self._operation, self._files, self._settings.threads
            )

    def close(self) -> None:
        """Leave nothing behind."""
        self._child.end()
        self._scratch.close()

    def process(self, jobs: Sequence[Job], shard: str = "") -> list[Row]:
        """Work on some items, and return their rows.

        Args:
            jobs: The items.
            shard: The shard that gets their results; empty if each is a file of its own.

        Returns:
            One row an item; none for one that is known and unchanged.
        """
        if shard:
            return self._process_shard(jobs, shard)
        return [row for job in jobs if (row := self._row(job, self._store.write)) is not None]

    def _process_shard(self, jobs: Sequence[Job], shard: str) -> list[Row]:
        """Write all results into one shard, which appears whole or not at all."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:

            def add(name: str, content: bytes) -> None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

            done = [(job, self._row(job, add)) for job in jobs]
        where = self._store.uri(shard)
        problem: RechromaError | None = None
        try:
            if any(row is not None and not row.failed for _, row in done):
                self._store.write(shard, packed.getvalue())
        except Exception as error:  # noqa: BLE001 (a row of the ledger)
            problem = explained(where, error, writing=True)
        rows: list[Row] = []
        for job, row in done:
            if row is not None and not row.failed:
                if problem is None:
                    row = row._replace(output=f"tar://{row.output_name}::{where}")
                else:
                    row = failed_row(job.item, problem, {"worker": row.worker, "state": row.state})
            rows += [] if row is None else [row]
        return rows

    def _row(self, job: Job, put: Callable[[str, bytes], None]) -> Row | None:
        """Return the row of one item, whatever happens."""
        item, start = job.item, time.perf_counter()
        state = item.state(self._settings.signature)
        facts: dict[str, Any] = {"worker": self._name, "model": self._model, "state": state}
        row: Row | None = None
        for attempt in range(1, _TRIES + 1):
            facts["tries"] = attempt
            try:
                row = self._take(job, put, facts)
                break
            except Exception as error:  # noqa: BLE001 (a row of the ledger)
                row = failed_row(item, self._told(item, error), facts)
                facts_of_picture = isinstance(error, RechromaError) and not isinstance(
                    error, _PASSING
                )
                if facts_of_picture or isinstance(error, FileNotFoundError | PermissionError):
                    break
            time.sleep(_PAUSE)
        # What it waited for its turn is in `seconds` so far, as less than nothing.
        return (
            None if row is None else row._replace(seconds=row.seconds + time.perf_counter() - start)
        )

    def _told(self, item: Item, error: Exception) -> RechromaError:
        if isinstance(error, FileNotFoundError):
            return PhotoError(
                f"{item.uri}: it is not there: deleted since it was listed, or misnamed",
                "check the name, and run again for what is there now",
            )
        if isinstance(error, _StoreError):
            return explained(self._store.uri(item.output), error.cause, writing=True)
        return explained(item.uri, error)

    def _take(
        self, job: Job, put: Callable[[str, bytes], None], facts: dict[str, Any]
    ) -> Row | None:
        item = job.item
        if item.problem is not None:
            raise item.problem
        source = open_store(item.root)
        version, modified, named = item.version, item.modified, ""
        if not version:
            entry = source.entry(item.name)
            named = self._fetched.version(item.options)
            version, modified = f"{entry.version} {named}".rstrip(), entry.modified
            if job.known is not None and job.known.version == digest(version):
                return None
        facts["version"] = digest(version)
        content = source.read(item.name, item.span)
        facts["input_hash"] = hashlib.sha256(content).digest()
        same = job.known is not None and job.known.content == facts["input_hash"][:DIGEST]
        if job.known is not None and same and not named:
            return self._unchanged(item, job.known, facts)
        with self._fetched.options(item.options) as options:
            return self._make(item, content, options, modified, put, facts)

    def _unchanged(self, item: Item, known: Known, facts: dict[str, Any]) -> Row:
        """Return the row of an item that was written anew with the bytes that it had."""
        more: dict[str, Any] = facts | {
            "notes": "its file is newer, with the same bytes",
            "tries": 0,
        }
        return Row(
            uri=item.uri, item=item.key, status=known.status, output=known.output,
            output_name=item.output, bytes=known.size, output_hash=known.result,
            **more,
        )  # fmt: skip

    def _make(
        self,
        item: Item,
        content: bytes,
        options: Mapping[str, str],
        modified: float,
        put: Callable[[str, bytes], None],
        facts: dict[str, Any],
    ) -> Row:
        """Work on a picture in the child, and put what comes of it where it belongs."""
        with self._scratch.slot() as folder:
            # Names of its own: no decoder and no disk here meets one that somebody else chose.
            source = Path(folder, "in", f"{_STEM}{_suffix(item.member or item.name)}")
            target = Path(folder, "out", f"{_STEM}{_suffix(item.output)}")
            source.write_bytes(content)
            waiting = time.perf_counter()
            with self._turn:
                facts["seconds"] = waiting - time.perf_counter()
                done = self._in_child(item, source, target, options, modified)
            named = _Names({source: item.uri, target: item.output} | self._fetched.places())
            facts["notes"] = "; ".join(map(named.say, done.notes))
            if (error := done.outcome.error) is not None:
                raise type(error)(named.say(error.what), named.say(error.mend))
            # What is beside a result is there before the result is.
            for path in done.files[:0:-1]:
                name = _beside(item.output, path.relative_to(target.parent))
                _put(put, name, path.read_bytes())
            result = target.read_bytes()
            _put(put, item.output, result)
        return Row(
            uri=item.uri, item=item.key,
            status="kept" if done.outcome.status is Status.KEPT else "done",
            output=self._store.uri(item.output), output_name=item.output, bytes=len(result),
            output_hash=hashlib.sha256(result).digest(), gray=str(done.outcome.gray or ""),
            **facts,
        )  # fmt: skip

    def _in_child(
        self, item: Item, source: Path, target: Path, options: Mapping[str, str], modified: float
    ) -> Done:
        try:
            self._prepare()
            done = self._child.call(child.work_on, source, target, options, modified)
        except CrashError as error:
            if error.late:
                raise TimeLimitError(
                    f"{item.uri}: {error}", "allow more with --time-limit"
                ) from None
            if error.is_memory:
                raise OutOfMemoryError(
                    f"{item.uri}: the system ended its process, for want of memory",
                    "use fewer workers on a machine",
                ) from None
            raise PictureCrashError(f"{item.uri}: {error}", "the file may be broken") from None
        if isinstance(done.outcome.error, OutOfMemoryError):
            self._child.end()  # a fresh one has its memory in one piece
        return done


class _Names:
    """Says things about files by the names that people know them by."""

    def __init__(self, names: Mapping[Path, str]) -> None:
        self._names = {str(path): name for path, name in names.items()}

    def say(self, text: str) -> str:
        for path, name in self._names.items():
            text = text.replace(path, name).replace(Path(path).name, Path(name).name)
        return text


def _put(put: Callable[[str, bytes], None], name: str, content: bytes) -> None:
    try:
        put(name, content)
    except RechromaError:
        raise
    except Exception as error:
        raise _StoreError(error) from error


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if re.fullmatch(r"\.\w{1,16}", suffix, re.ASCII) else ""


def _beside(output: str, path: Path) -> str:
    """Return the name of what goes beside a result.

    new.1.png beside new.png; in a folder of its own sub/new.png has its whole name, such as
    versions/sub/new.png.warm.png, since nothing else keeps new.jpg's apart.
    """
    more = path.name.removeprefix(_STEM)
    if path.parent == Path():
        return output.removesuffix(PurePosixPath(output).suffix) + more
    return f"{path.parent.as_posix()}/{output}{more}"
