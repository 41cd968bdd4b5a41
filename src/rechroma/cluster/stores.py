"""Folders and buckets: names below a root, read and written whole, on this machine or by fsspec."""

from __future__ import annotations

import logging
import os
import time
import uuid
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from rechroma.cluster.store_errors import PACKAGES, keys_of
from rechroma.errors import MissingExtraError, UsageError
from rechroma.files import write_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "OUR_FOLDER",
    "Entry",
    "LocalStore",
    "RemoteStore",
    "Store",
    "is_full",
    "is_remote",
    "open_store",
    "parent_and_name",
    "place_from",
    "plain_text",
]

# Of a destination: the ledger, the runs, and files that are not whole yet.
OUR_FOLDER = "_rechroma"
_TEMPORARY = f"{OUR_FOLDER}/tmp"  # noqa: S108 (of a destination)
# An upload appears there whole or not at all; elsewhere it is written beside and then moved.
_WHOLE_UPLOADS = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hf", "oss", "memory"})
# These refuse a file that is there already; of others whoever writes last has it.
_EXCLUSIVE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
# Seconds after which whoever else has written there at the same time has done so.
_SETTLED = 3.0
# They print warnings and traces of what is said here in one line.
_TALKATIVE = ("gcsfs", "azure", "adlfs", "huggingface_hub")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a store.

    Attributes:
        name: Its path below the root, with slashes.
        size: Bytes.
        version: A text that is another one when the content has changed: the store's own, or size
            and time. It is compared, never ordered: no clock has to be right.
        modified: When it was changed, in seconds since 1970; 0 if the store does not say.
    """

    name: str
    size: int
    version: str
    modified: float = 0.0


class Store(ABC):
    """Files by their names below a root.

    Methods raise what the system or the store's library raises; `explained` makes a line of it.

    Attributes:
        root: The text that `open_store` makes the same store of, on any machine.
    """

    root: str

    def uri(self, name: str) -> str:
        """Return where a file is, for people and for the ledger."""
        return f"{self.root.rstrip('/')}/{name}"

    @abstractmethod
    def entries(self, below: str = "") -> Iterator[Entry]:
        """Yield the files below a folder of the store, as the store tells them.

        Nothing keeps them: there may be millions.
        """

    @abstractmethod
    def entry(self, name: str) -> Entry:
        """Return what the store says of one file."""

    @abstractmethod
    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:
        """Return a file's bytes, or those from one position up to another."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write a file that appears whole or not at all, in place of one that is there."""

    @abstractmethod
    def create(self, name: str, content: bytes) -> None:
        """Write a file that is not there yet.

        Raises:
            FileExistsError: It is there: somebody else was first, or last at the same time.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Open a file to read parts of it."""


class LocalStore(Store):
    """A folder of this machine, or one that all machines share."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.abspath(folder))  # noqa: PTH100 (links stay as they are)
        self.root = str(self.folder)

    def path(self, name: str) -> Path:
        """Return a file's path.

        Raises:
            UsageError: The name leads out of the folder.
        """
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\0" in name:
            raise UsageError(f"{name!r} leads out of {self.folder}", "rename it")
        return self.folder / name

    def entries(self, below: str = "") -> Iterator[Entry]:  # noqa: D102 (as in Store)
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            with os.scandir(self.folder / folder) as found:
                for each in found:
                    name = f"{folder}/{each.name}" if folder else each.name
                    if each.is_dir(follow_symlinks=False):
                        waiting.append(name)
                        continue
                    with suppress(FileNotFoundError):  # deleted, or a link to nothing
                        yield _local_entry(name, each.stat())

    def entry(self, name: str) -> Entry:  # noqa: D102
        return _local_entry(name, self.path(name).stat())

    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:  # noqa: D102
        with self.path(name).open("rb") as file:
            if span is None:
                return file.read()
            file.seek(span[0])
            return file.read(span[1] - span[0])

    def write(self, name: str, content: bytes) -> None:  # noqa: D102
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / _TEMPORARY / uuid.uuid4().hex
        temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_checked(temporary, content)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def create(self, name: str, content: bytes) -> None:  # noqa: D102
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)

    def remove(self, name: str) -> None:  # noqa: D102
        self.path(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:  # noqa: D102
        return os.path.lexists(self.path(name))

    def open(self, name: str) -> BinaryIO:  # noqa: D102
        return self.path(name).open("rb")

    def remove_unfinished(self) -> None:
        """Remove what killed writers have left."""
        for each in self.entries(_TEMPORARY) if (self.folder / _TEMPORARY).is_dir() else ():
            self.remove(each.name)


class RemoteStore(Store):
    """A bucket, or any other place that fsspec knows.

    Raises:
        UsageError: fsspec does not know this kind of place.
        MissingExtraError: The package for this kind of place is not installed.
    """

    def __init__(self, root: str) -> None:
        from fsspec.core import url_to_fs

        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.root = root.rstrip("/")
        self._protocol = root.partition("://")[0]
        try:
            found, path = url_to_fs(self.root, use_listings_cache=False)
        except ImportError as error:
            package = PACKAGES.get(self._protocol, "its package of fsspec")
            raise MissingExtraError(
                f"{root}: {package} is not installed", f"pip install {package}"
            ) from error
        except ValueError as error:
            known = "places are folders, and URIs: s3, gs, az, hf, file and what else fsspec has"
            is_unknown = "rotocol not known" in str(error)
            raise UsageError(
                f"{root}: {error}", known if is_unknown else f"set {keys_of(root)}"
            ) from error
        self._fs: Any = found
        self._path = str(path).rstrip("/")

    def _full(self, name: str) -> str:
        return f"{self._path}/{name}"

    def entries(self, below: str = "") -> Iterator[Entry]:  # noqa: D102
        start = self._full(below).rstrip("/") if below else self._path
        found = self._pages(start) if hasattr(self._fs, "call_s3") else self._walked(start)
        for path, info in found:
            yield _entry(path[len(self._path) :].removeprefix("/"), info)

    def _pages(self, start: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what S3 lists page by page; s3fs itself would keep a folder's whole list."""
        bucket, _, key = start.partition("/")
        where: dict[str, str] = {"Bucket": bucket, "Prefix": f"{key}/" if key else ""}
        while True:
            page = self._fs.call_s3("list_objects_v2", **where)
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):
                    yield f"{bucket}/{each['Key']}", each
            if not page.get("IsTruncated"):
                return
            where["ContinuationToken"] = page["NextContinuationToken"]

    def _walked(self, start: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield folder by folder; of these, one at a time is in memory."""
        for folder, _, files in self._fs.walk(start, detail=True, on_error="raise"):
            for name, info in cast("dict[str, dict[str, Any]]", files).items():
                if name:
                    yield f"{str(folder).rstrip('/')}/{name}", info
            self._fs.invalidate_cache(folder)

    def entry(self, name: str) -> Entry:  # noqa: D102
        return _entry(name, self._fs.info(self._full(name)))

    def read(self, name: str, span: tuple[int, int] | None = None) -> bytes:  # noqa: D102
        start, end = span or (None, None)
        return self._fs.cat_file(self._full(name), start=start, end=end)

    def write(self, name: str, content: bytes) -> None:  # noqa: D102
        path = self._full(name)
        if self._protocol in _WHOLE_UPLOADS:
            self._fs.pipe_file(path, content)
            return
        temporary = self._full(f"{_TEMPORARY}/{uuid.uuid4().hex}")
        for each in (path, temporary):
            self._fs.makedirs(each.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(temporary, content)
        self._fs.mv(temporary, path)

    def create(self, name: str, content: bytes) -> None:  # noqa: D102
        path = self._full(name)
        if self._protocol not in _WHOLE_UPLOADS:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        if self._protocol in _EXCLUSIVE:
            with suppress(TypeError, ValueError, NotImplementedError):  # of an older package
                self._fs.pipe_file(path, content, mode="create")
                return
        if self._fs.exists(path):
            raise FileExistsError(path)
        if self._protocol not in _WHOLE_UPLOADS:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(path, content)
        time.sleep(_SETTLED)
        if self._fs.cat_file(path) != content:
            raise FileExistsError(path)

    def remove(self, name: str) -> None:  # noqa: D102
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._full(name))

    def exists(self, name: str) -> bool:  # noqa: D102
        return bool(self._fs.exists(self._full(name)))

    def open(self, name: str) -> BinaryIO:  # noqa: D102
        return cast("BinaryIO", self._fs.open(self._full(name), "rb", block_size=1 << 18))


def _local_entry(name: str, status: os.stat_result) -> Entry:
    version = f"{status.st_size}-{status.st_mtime_ns}"
    return Entry(name, status.st_size, version, status.st_mtime)


# What stores call the time of the last change.
_CHANGED = ("LastModified", "last_modified", "mtime", "updated", "created")


def _entry(name: str, info: dict[str, Any]) -> Entry:
    size = int(info.get("size") or info.get("Size") or 0)
    changed = next((info[key] for key in _CHANGED if info.get(key)), None)
    stamp = info.get("ETag") or info.get("etag") or info.get("md5Hash") or info.get("blob_id")
    version = str(stamp).strip('"') if stamp else f"{size}-{changed}"
    seconds = changed.timestamp() if isinstance(changed, datetime) else changed
    return Entry(name, size, version, float(seconds) if isinstance(seconds, int | float) else 0.0)


def is_remote(place: str) -> bool:
    """Tell a URI of another kind of place from a path on this machine."""
    kind, mark, _ = place.partition("://")
    return bool(mark) and kind != "file" and kind.replace("+", "").isalnum()


def is_full(place: str) -> bool:
    """Tell a full path or a URI from a path that begins somewhere."""
    return is_remote(place) or place.startswith(("/", "file://"))


def place_from(root: str, place: str) -> str:
    """Return where a file is that is named from a store's root on."""
    return place if is_full(place) else open_store(root).uri(place)


def open_store(place: str) -> Store:
    """Return the store of a folder's path or a URI; see `RemoteStore` for the errors."""
    return _remote_store(place) if is_remote(place) else LocalStore(Path(_path_of(place)))


@lru_cache(maxsize=64)
def _remote_store(root: str) -> RemoteStore:
    return RemoteStore(root)


def _path_of(place: str) -> str:
    return place.removeprefix("file://") if place.startswith("file://") else place


def parent_and_name(place: str) -> tuple[str, str]:
    """Return the root of the store that holds a file, and the file's name in it."""
    if is_remote(place):
        parent, _, name = place.rpartition("/")
        return parent, name
    path = Path(_path_of(place)).absolute()
    return str(path.parent), path.name


def plain_text(text: str) -> str:
    """Return a text as Unicode: names on Linux may be any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
