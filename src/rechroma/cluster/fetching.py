"""The files that pictures name themselves, such as moods and masks, as a worker has them."""

from __future__ import annotations

import shutil
import threading
from collections import Counter, OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rechroma.cluster.operation import Column
from rechroma.cluster.store_errors import explained
from rechroma.cluster.stores import open_store, parent_and_name, place_from

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from rechroma.cluster.scratch import Scratch

__all__ = ["Fetched"]

# Files that are kept for the next pictures.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is here, and the places of what it names."""

    path: Path
    within: tuple[str, ...]


class Fetched:
    """Files that are fetched once, and stay while they are used or among the latest.

    Args:
        scratch: Where to.
        columns: The options that may name files.
    """

    def __init__(self, scratch: Scratch, columns: Mapping[str, Column]) -> None:
        self._scratch = scratch
        self._columns = columns
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._version = lru_cache(4096)(_version)

    def version(self, options: Sequence[tuple[str, str]]) -> str:
        """Return a text that differs when a file that is named in a picture's options does.

        What such a file itself names does not count.

        Raises:
            RechromaError: One is not there.
        """
        return " ".join(map(self._version, self._places(options)))

    def _places(self, options: Sequence[tuple[str, str]]) -> list[str]:
        named: list[str] = []

        def note(place: str) -> str:
            named.append(place)
            return place

        for name, text in options:
            self._columns[name].places(text, note)
        return named

    @contextmanager
    def options(self, options: Sequence[tuple[str, str]]) -> Generator[dict[str, str]]:
        """Yield a picture's options with the files as they are here; they stay for so long.

        Raises:
            RechromaError: One can't be read.
        """
        used: list[str] = []
        try:
            with self._lock:
                here = {name: self._here(self._columns[name], text, used) for name, text in options}
            yield here
        finally:
            with self._lock:
                self._used.subtract(used)
                self._forget()

    def places(self) -> dict[Path, str]:
        """Return by which names people know the files that are here."""
        with self._lock:
            return {file.path: place for place, file in self._files.items()}

    def _here(self, column: Column, text: str, used: list[str]) -> str:
        return column.places(text, lambda place: self._fetch(place, column, used))

    def _fetch(self, place: str, column: Column, used: list[str]) -> str:
        found = self._files.get(place)
        if found is None or any(each not in self._files for each in found.within):
            found = self._files[place] = self._read(place, column, used)
        for each in (place, *found.within):
            self._files.move_to_end(each)
            used.append(each)
            self._used[each] += 1
        return str(found.path)

    def _read(self, place: str, column: Column, used: list[str]) -> _File:
        root, name = parent_and_name(place)
        try:
            content = open_store(root).read(name)
        except Exception as error:
            raise explained(place, error) from error
        within: list[str] = []

        def fetch(named: str) -> str:
            within.append(place_from(root, named))
            return self._fetch(within[-1], Column(), used)

        if column.inside is not None:
            content = column.inside(content, fetch)
        return _File(self._scratch.keep(name, content), tuple(within))

    def _forget(self) -> None:
        free = [place for place in self._files if not self._used[place]]
        for place in free[: max(0, len(self._files) - _KEPT)]:
            # Each has a folder of its own.
            shutil.rmtree(self._files.pop(place).path.parent, ignore_errors=True)
            del self._used[place]


def _version(place: str) -> str:
    root, name = parent_and_name(place)
    try:
        return open_store(root).entry(name).version
    except Exception as error:
        raise explained(place, error) from error
