"""What a run knows of all items, on this machine's disk: memory does not grow with their number."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rechroma.cluster.items import DIGEST, Job, Known, digest
from rechroma.cluster.stores import OUR_FOLDER, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rechroma.cluster.items import Item
    from rechroma.cluster.ledger import Ledger
    from rechroma.cluster.stores import Store

__all__ = ["Index", "Verdict"]

_TABLES = """
CREATE TABLE items (
    key BLOB PRIMARY KEY, state BLOB, version BLOB, content BLOB,
    status TEXT, bytes INTEGER, result BLOB, shard INTEGER, part INTEGER, seen INTEGER
) WITHOUT ROWID;
CREATE TABLE outputs (
    output BLOB PRIMARY KEY, key BLOB, present INTEGER
) WITHOUT ROWID;
CREATE TABLE shards (number INTEGER PRIMARY KEY, name TEXT UNIQUE, present INTEGER);
"""
_COLUMNS = (
    "item", "state", "version", "input_hash", "status", "bytes", "output_hash", "output",
    "output_name",
)  # fmt: skip
_SELECT = """
SELECT state, version, content, status, bytes, result, shard, name, present, part, seen
FROM items LEFT JOIN shards ON shard = number WHERE key=?
"""
# Rows between two commits; the file is thrown away after the run, and never synced.
_COMMIT = 20_000


class Verdict(Enum):
    """Why an item is no job."""

    DONE = "done"
    FAILED = "failed before"
    TWICE = "named twice"
    CLASH = "another item has the same output"


class Index:
    """Which items are done, and whose each output is.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rechroma-bulk-index-")
        self._base = sqlite3.connect(
            Path(self._folder.name, "items.sqlite"), check_same_thread=False, isolation_level=None
        )
        self._base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;" + _TABLES
        )
        self._lock = threading.Lock()
        self._writes = 0
        self._base.execute("BEGIN")
        self.stale: set[int] = set()

    @property
    def folder(self) -> str:
        """Where it is on this machine's disk."""
        return self._folder.name

    def close(self) -> None:
        """Throw it away."""
        self._base.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self, ledger: Ledger, store: Store) -> int:
        """Take what the ledger says: of two rows of an item the later one.

        Args:
            ledger: Of the destination.
            store: The destination.

        Returns:
            The number of rows.
        """
        count, root = 0, store.uri("")
        for part in ledger.parts():
            for row in ledger.rows(part, _COLUMNS):
                count += 1
                with self._lock:
                    self._take(row, part, root)
        return count

    def _take(self, row: dict[str, object], part: int, root: str) -> None:
        older = self._base.execute("SELECT part FROM items WHERE key=?", (row["item"],)).fetchone()
        if older is not None:
            self.stale.add(older[0])
        content = row["input_hash"]
        assert isinstance(content, bytes)  # noqa: S101 - as the schema says
        shard = self._shard(str(row["output"]), root)
        self._write(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            row["item"], row["state"], row["version"], content[:DIGEST], row["status"],
            row["bytes"], row["output_hash"], shard, part,
        )  # fmt: skip
        if row["output"]:
            output = digest(str(row["output_name"]))
            self._write("INSERT OR REPLACE INTO outputs VALUES (?, ?, 0)", output, row["item"])

    def _shard(self, output: str, root: str) -> int:
        """Return the number of the shard that a result is in; 0 for none."""
        if not output.startswith("tar://"):
            return 0
        name = output.rpartition("::")[2].removeprefix(root)
        self._write("INSERT OR IGNORE INTO shards (name, present) VALUES (?, 0)", name)
        return self._base.execute("SELECT number FROM shards WHERE name=?", (name,)).fetchone()[0]

    def find_results(self, store: Store, orphan: Callable[[str], None] | None = None) -> None:
        """Look which results of the ledger's are there.

        Args:
            store: The destination.
            orphan: Is told the name of each file that is no result of the ledger's.
        """
        for each in store.entries():
            if each.name.startswith(f"{OUR_FOLDER}/"):
                continue
            output = digest(each.name)
            with self._lock:
                found = self._base.execute(
                    "SELECT bytes FROM outputs JOIN items USING (key) WHERE output=?", (output,)
                ).fetchone()
                shard = self._base.execute(
                    "SELECT number FROM shards WHERE name=?", (plain_text(each.name),)
                ).fetchone()
                if shard is not None:
                    self._write("UPDATE shards SET present=1 WHERE number=?", shard[0])
                elif found is None:  # perhaps what stands beside a result
                    self._write("INSERT OR IGNORE INTO outputs VALUES (?, NULL, 1)", output)
                elif found[0] == each.size:
                    self._write("UPDATE outputs SET present=1 WHERE output=?", output)
            if found is None and shard is None and orphan is not None:
                orphan(each.name)

    def judge(
        self, item: Item, signature: str, store: Store, *, again: bool, retry: bool
    ) -> Job | Verdict:
        """Tell whether an item has to be worked on.

        Args:
            item: The item.
            signature: As for `Item.state`.
            store: The destination.
            again: Whether it is made anew, whatever is there.
            retry: Whether it is tried again if it failed.
        """
        key, version = item.key, digest(item.version)
        outputs = [digest(name) for name in (item.output, *item.beside)]
        with self._lock:
            row = self._base.execute(_SELECT, (key,)).fetchone()
            if row is not None and row[-1]:
                return Verdict.TWICE
            owners = [self._owner(each) for each in outputs]
            taken = any(owner not in (None, key) for owner, _ in owners)
            self._mark_seen(key, known=row is not None)
            for output, (owner, present) in zip(outputs, owners, strict=True):
                if owner is None and not taken:
                    self._write(
                        "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?)", output, key, present
                    )
        if row is None:
            return Verdict.CLASH if taken else Job(item)
        state, then, content, status, size, result, number, shard, shard_there, part, _ = row
        same = state == item.state(signature) and not again
        if status == "failed":
            unchanged = same and (then == version or not item.version)
            if unchanged and not retry:
                return Verdict.FAILED
            return Verdict.CLASH if taken else Job(item, None, part)
        if taken:
            return Verdict.CLASH
        # What is kept as it was has nothing beside it.
        wanted = owners[:1] if status == "kept" else owners
        there = shard_there if number else all(present for _, present in wanted)
        if not (same and there):
            return Job(item, None, part)
        if then == version:
            return Verdict.DONE
        where = f"tar://{item.output}::{store.uri(shard)}" if number else store.uri(item.output)
        return Job(item, Known(then, content, status, size, where, result), part)

    def _owner(self, output: bytes) -> tuple[bytes | None, int]:
        """Return whose a file is, if it is anybody's, and whether it is there."""
        found = self._base.execute("SELECT key, present FROM outputs WHERE output=?", (output,))
        return found.fetchone() or (None, 0)

    def _mark_seen(self, key: bytes, *, known: bool) -> None:
        if known:
            self._write("UPDATE items SET seen=1 WHERE key=?", key)
        else:
            self._write("INSERT INTO items (key, part, seen) VALUES (?, -1, 1)", key)

    def moved(self, key: bytes, part: int, replaced: int) -> None:
        """Take note of a new row of an item that has an older one."""
        with self._lock:
            self._write("UPDATE items SET part=? WHERE key=?", part, key)
        self.stale.add(replaced)

    def part_of(self, key: bytes) -> int:
        """Return the part that has the row that counts."""
        with self._lock:
            found = self._base.execute("SELECT part FROM items WHERE key=?", (key,)).fetchone()
        return -1 if found is None else found[0]

    def purge(self, ledger: Ledger) -> None:
        """Leave one row an item in the ledger: the latest."""
        for part in sorted(self.stale):
            ledger.purge(part, lambda key, part=part: self.part_of(key) == part)
        self.stale.clear()

    def _write(self, statement: str, *values: object) -> None:
        self._base.execute(statement, values)
        self._writes += 1
        if self._writes % _COMMIT == 0:
            self._base.execute("COMMIT")
            self._base.execute("BEGIN")
