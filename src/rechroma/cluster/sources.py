"""Where pictures come from: a folder or a bucket, shards, a manifest; told as they come."""

from __future__ import annotations

import codecs
import csv
import tarfile
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from rechroma.batch.inputs import is_left_out, is_result
from rechroma.batch.outputs import result_name
from rechroma.cluster.items import Item
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import (
    OUR_FOLDER,
    LocalStore,
    is_full,
    is_remote,
    open_store,
    parent_and_name,
    place_from,
)
from rechroma.errors import RechromaError, UnreadablePhotoError, UsageError
from rechroma.photo import readable_suffixes
from rechroma.video.kinds import film_suffixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rechroma.cluster.operation import Column
    from rechroma.cluster.stores import Entry, Store

__all__ = ["Source", "open_source"]

_MANIFESTS = frozenset({".csv", ".parquet"})
_SHARD = ".tar"
_URI, _OUTPUT = "uri", "output"
# Shards whose headers are read at once: each header may be a request.
_SHARDS_AT_ONCE = 8
_ROWS_AT_ONCE = 1000


class Source:
    """The pictures that are asked for, once through.

    Attributes:
        place: As typed.
        folder: The folder or bucket that is searched; None of a manifest.
        unreadable: Of files met in a search that are not read: suffix → how many.
        results: How many results of earlier runs were passed over.
        beside: As of `operation.Operation`.
    """

    def __init__(
        self, place: str, folder: str | None, items: Callable[[Source], Iterator[Item]]
    ) -> None:
        self.place = place
        self.folder = folder
        self.unreadable: Counter[str] = Counter()
        self.results = 0
        self.beside: Callable[[str], tuple[str, ...]] = _nothing
        self._items = items

    def items(self) -> Iterator[Item]:
        """Yield the items.

        Raises:
            RechromaError: The place can't be read.
        """
        try:
            yield from map(self._planned, self._items(self))
        except (RechromaError, GeneratorExit):
            raise
        except Exception as error:  # stores' libraries have errors of their own
            raise explained(self.place, error) from error

    def _planned(self, item: Item) -> Item:
        try:
            beside = self.beside(item.output)
        except RechromaError as error:
            return replace(item, problem=item.problem or error)
        return replace(item, beside=beside) if beside else item


def _nothing(_: str) -> tuple[str, ...]:
    return ()


def open_source(
    place: str,
    *,
    exclude: Sequence[str] = (),
    columns: Mapping[str, Column] = MappingProxyType({}),
) -> Source:
    """Return what a place means: a folder or bucket with pictures and shards, a shard, a manifest.

    Args:
        place: A path, or a URI.
        exclude: As for `rechroma.batch.inputs.find_pictures`.
        columns: The options that a manifest may have for each picture; files are named in them by a
            URI, or a path that begins where the manifest is.

    Raises:
        UsageError: A manifest whose columns make no sense.
        UnreadablePhotoError: It is not there, or can't be read.
    """
    suffix = PurePosixPath(place.rstrip("/")).suffix.lower()
    if suffix in _MANIFESTS:
        return _open_manifest(place, suffix, columns)
    if suffix == _SHARD:
        root, name = parent_and_name(place)
        return Source(place, None, lambda source: _of_shards(source, root, [name]))
    if not is_remote(place):
        return _open_local(place, exclude)
    store = open_store(place)
    return Source(place, store.root, lambda source: _searched(source, store, exclude))


def _open_local(place: str, exclude: Sequence[str]) -> Source:
    store = open_store(place)
    folder = Path(store.root)
    if folder.is_file():
        entry = open_store(str(folder.parent)).entry(folder.name)
        only = _item(str(folder.parent), entry)
        return Source(place, None, lambda _: iter([only]))
    if not folder.is_dir():
        raise UnreadablePhotoError(f"{place}: no such file or folder", "check the path")
    return Source(place, store.root, lambda source: _searched(source, store, exclude))


def _item(root: str, entry: Entry) -> Item:
    return Item(root, entry.name, result_name(entry.name), entry.version, entry.modified)


def _searched(source: Source, store: Store, exclude: Sequence[str]) -> Iterator[Item]:
    shards: deque[str] = deque()
    suffixes = readable_suffixes() | film_suffixes()
    for entry in store.entries():
        below = PurePosixPath(entry.name)
        if below.parts[:1] == (OUR_FOLDER,) or is_left_out(below, exclude):
            continue
        suffix = below.suffix.lower()
        if suffix == _SHARD:
            shards.append(entry.name)
            if len(shards) >= _SHARDS_AT_ONCE:
                yield from _of_shards(source, store.root, shards)
                shards.clear()
        elif suffix not in suffixes:
            source.unreadable[suffix or "no suffix"] += 1
        elif isinstance(store, LocalStore) and is_result(store.folder / entry.name):
            source.results += 1
        else:
            yield _item(store.root, entry)
    yield from _of_shards(source, store.root, shards)


def _of_shards(source: Source, root: str, names: Iterable[str]) -> Iterator[Item]:
    """Yield the pictures in shards; what is not there or broken is an item with a problem."""
    with ThreadPoolExecutor(_SHARDS_AT_ONCE) as pool:
        for found, unreadable in pool.map(partial(_members, root), names):
            source.unreadable.update(unreadable)
            yield from found


def _members(root: str, name: str) -> tuple[list[Item], Counter[str]]:
    """Return the pictures of a shard by their headers alone."""
    store = open_store(root)
    folder = name[: -len(_SHARD)]
    items: list[Item] = []
    unreadable: Counter[str] = Counter()
    suffixes = readable_suffixes() | film_suffixes()
    try:
        stamp = store.entry(name).version
        with store.open(name) as file, tarfile.open(fileobj=file, mode="r:") as shard:
            for each in shard:
                cast("Any", shard).members.clear()  # it would keep them all
                if not each.isfile() or is_left_out(PurePosixPath(each.name), ()):
                    continue
                suffix = PurePosixPath(each.name).suffix.lower()
                if suffix not in suffixes:
                    unreadable[suffix or "no suffix"] += 1
                    continue
                span = (each.offset_data, each.offset_data + each.size)
                output = result_name(f"{folder}/{each.name.lstrip('/')}")
                items.append(
                    Item(root, name, output, f"{stamp} {span}", float(each.mtime), each.name, span)
                )
    except tarfile.TarError as error:
        where = store.uri(name)
        problem = UnreadablePhotoError(
            f"{where}: no shard that can be read: {error}", "give .tar files without compression"
        )
        items.append(Item(root, name, result_name(name), problem=problem))
    except Exception as error:  # noqa: BLE001 (stores' libraries have errors of their own)
        items.append(Item(root, name, result_name(name), problem=explained(store.uri(name), error)))
    return items, unreadable


def _open_manifest(place: str, suffix: str, columns: Mapping[str, Column]) -> Source:
    root, name = parent_and_name(place)
    rows = _csv_rows if suffix == ".csv" else _parquet_rows
    try:
        with open_store(root).open(name) as file:
            named = rows(file)[0]
    except RechromaError:
        raise
    except Exception as error:
        raise explained(place, error) from error
    _check_columns(place, named, columns)

    def items(source: Source) -> Iterator[Item]:
        with open_store(root).open(name) as file:
            for number, row in enumerate(rows(file)[1], start=1):
                yield _manifest_item(row, root, f"{source.place}, row {number}", columns)

    return Source(place, None, items)


def _check_columns(place: str, named: Sequence[str], columns: Mapping[str, Column]) -> None:
    known = {_URI, _OUTPUT, *columns}
    if _URI not in named:
        raise UsageError(f"the manifest {place} has no column uri", "name the pictures in it")
    for column in named:
        if column not in known:
            raise UsageError(
                f"the manifest {place} has an unknown column {column!r}",
                f"its columns may be {', '.join(sorted(known))}",
            )


def _csv_rows(file: Any) -> tuple[Sequence[str], Iterator[dict[str, str]]]:  # noqa: ANN401
    text = codecs.iterdecode(file, "utf-8-sig", "surrogateescape")
    reader = csv.DictReader(text, restkey="", strict=True)
    named = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = named

    def rows() -> Iterator[dict[str, str]]:
        try:
            for row in reader:
                yield {key: value for key, value in row.items() if value}
        except csv.Error as error:
            raise UnreadablePhotoError(
                f"line {reader.line_num} of the manifest is broken: {error}", "mend it"
            ) from error

    return named, rows()


def _parquet_rows(file: Any) -> tuple[Sequence[str], Iterator[dict[str, str]]]:  # noqa: ANN401
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise UnreadablePhotoError(
            f"the manifest is no Parquet file: {error}", "check the file"
        ) from error

    def rows() -> Iterator[dict[str, str]]:
        for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE):
            for row in cast("list[dict[str, Any]]", batch.to_pylist()):
                yield {key: _typed(value) for key, value in row.items() if value is not None}

    return list(table.schema_arrow.names), rows()


def _typed(value: object) -> str:
    """Return what would be typed for a value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _manifest_item(
    row: dict[str, str], root: str, where: str, columns: Mapping[str, Column]
) -> Item:
    uri = row.get(_URI, "").strip()
    extra = row.get("")
    if not uri or extra:
        what = "names no picture" if not uri else "has more fields than the manifest has columns"
        return Item(root, where, f"{where}", problem=UsageError(f"{where} {what}", "mend the row"))
    if is_full(uri):
        place, name = parent_and_name(uri)
        output = row.get(_OUTPUT, "").strip() or result_name(_below(uri))
    else:
        place, name = root, uri
        output = row.get(_OUTPUT, "").strip() or result_name(uri)
    own = {key: value for key, value in row.items() if key not in (_URI, _OUTPUT)}
    at = partial(place_from, root)
    options = tuple(sorted((key, columns[key].places(text, at)) for key, text in own.items()))
    parts = PurePosixPath(output).parts
    bad = not parts or parts[0] in ("/", OUR_FOLDER) or ".." in parts or output.endswith("/")
    problem = UsageError(f"{where}: the output {output!r} is no path in the destination",
                         "give a relative path of a file") if bad else None  # fmt: skip
    return Item(place, name, output, options=options, problem=problem)


def _below(uri: str) -> str:
    """Return where the result of a picture with a full path goes: its path without the host."""
    path = uri.partition("://")[2] if "://" in uri else uri
    return "/".join(part for part in path.split("/") if part not in ("", ".", ".."))
