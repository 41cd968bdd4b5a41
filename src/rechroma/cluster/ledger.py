"""The ledger: what happened to every item, in Parquet files beside the results."""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from rechroma import __version__
from rechroma.cluster.items import Row
from rechroma.cluster.stores import OUR_FOLDER, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rechroma.cluster.stores import Store

__all__ = ["LEDGER", "SCHEMA", "Ledger"]

LEDGER = f"{OUR_FOLDER}/ledger"
_PART = re.compile(rf"{LEDGER}/part-(\d+)-(\d+)\.parquet")
# Of a run: the run's number × this + the part's makes one number a part, in the order of time.
_PARTS_A_RUN = 10_000_000
_BATCH = 4096

_MEANING: dict[str, tuple[pa.DataType, str]] = {
    "uri": (pa.string(), "the picture; tar://MEMBER::SHARD for one in a shard"),
    "item": (pa.binary(16), "a digest of uri and output_name: one row has it"),
    "version": (pa.binary(16), "a digest of what the store said: ETag, or size and time"),
    "input_hash": (pa.binary(), "SHA-256 of the picture's bytes; empty if they were not read"),
    "status": (pa.string(), "done; kept (in color already, copied); failed"),
    "error": (pa.string(), "what is wrong"),
    "kind": (pa.string(), "the error's class"),
    "mend": (pa.string(), "what can be done about it"),
    "exit_code": (pa.int32(), "what the command line ends with for such an error alone"),
    "output": (pa.string(), "the result; tar://MEMBER::SHARD for one in a shard"),
    "output_name": (pa.string(), "the result's path in the destination"),
    "bytes": (pa.int64(), "of the result"),
    "output_hash": (pa.binary(), "SHA-256 of the result's bytes"),
    "gray": (pa.string(), "of a gray JPEG that is a JPEG in color: copied or recompressed"),
    "seconds": (pa.float64(), "from the start of reading to the end of writing"),
    "tries": (pa.int32(), "how often it was tried"),
    "worker": (pa.string(), "machine and process"),
    "model": (pa.string(), "name and version"),
    "notes": (pa.string(), "what could not be kept, and what is unusual"),
    "state": (pa.binary(16), "a digest of the options and the model"),
    "recorded": (pa.float64(), "when, by the driver's clock, in seconds since 1970"),
    "rechroma": (pa.string(), "the version of Rechroma"),
}  # fmt: skip
SCHEMA = pa.schema(
    [
        pa.field(name, kind, metadata={"meaning": meaning})
        for name, (kind, meaning) in _MEANING.items()
    ]
)


class Ledger:
    """Rows of a destination, one an item: parts are added, and never changed while a run lasts.

    Args:
        store: The destination.
        run: The number of this run; higher than that of every run before. 0 to read alone.
    """

    def __init__(self, store: Store, run: int = 0) -> None:
        self._store = store
        self._run = run
        self._count = 0

    def parts(self) -> list[int]:
        """Return the numbers of the parts, in the order of time."""
        numbers = [
            int(match[1]) * _PARTS_A_RUN + int(match[2])
            for each in self._store.entries(LEDGER)
            if (match := _PART.fullmatch(each.name))
        ]
        return sorted(numbers)

    def add(self, rows: Sequence[Row]) -> int:
        """Write a part, which appears whole, and return its number."""
        self._count += 1
        number = self._run * _PARTS_A_RUN + self._count
        self._write(number, rows)
        return number

    def _write(self, number: int, rows: Sequence[Row]) -> None:
        now = time.time()
        columns: dict[str, list[object]] = {
            name: [_plain(value) for value in values]
            for name, values in zip(Row._fields, zip(*rows, strict=True), strict=True)
        }
        columns["recorded"] = [row.recorded or now for row in rows]
        columns["rechroma"] = [__version__] * len(rows)
        self._put(number, pa.table(cast("Any", columns), schema=SCHEMA))

    def _put(self, number: int, table: Any) -> None:  # noqa: ANN401 (without types)
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd")
        self._store.write(_name(number), out.getvalue())

    def rows(self, number: int, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of a part, with all columns or some."""
        for batch in self._batches(number, columns):
            yield from batch.to_pylist()

    def _batches(self, number: int, columns: Sequence[str] | None) -> Iterator[Any]:
        file = pq.ParquetFile(io.BytesIO(self._store.read(_name(number))))
        chosen = None if columns is None else list(columns)
        yield from file.iter_batches(batch_size=_BATCH, columns=chosen)

    def purge(self, number: int, is_current: Callable[[bytes], bool]) -> None:
        """Take the rows out of a part that a later part has anew.

        Args:
            number: The part.
            is_current: Tells whether an item's row in this part is the one that counts.
        """
        kept = [
            batch.filter(pa.array([is_current(item) for item in batch["item"].to_pylist()]))
            for batch in self._batches(number, None)
        ]
        table = pa.Table.from_batches(kept, schema=SCHEMA)
        if table.num_rows:
            self._put(number, table)
        else:
            self._store.remove(_name(number))


def _name(number: int) -> str:
    run, part = divmod(number, _PARTS_A_RUN)
    return f"{LEDGER}/part-{run:05d}-{part:07d}.parquet"


def _plain(value: object) -> object:
    return plain_text(value) if isinstance(value, str) else value
