"""From what was typed (files, folders, globs, lists, `-`) to the pictures that are meant."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NoReturn

from rechroma.batch.task import STANDARD, Place, place_key
from rechroma.errors import UsageError
from rechroma.photo import readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["FoundPicture", "find_pictures"]

_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture that was asked for.

    Attributes:
        source: Its path, or `STANDARD`.
        tree: Its folder relative to the folder that was searched: kept below an output folder.
        named: Whether it was named itself, not met in a folder or by a glob.
    """

    source: Place
    tree: PurePath
    named: bool


def find_pictures(inputs: Sequence[str], *, outside: Path | None = None) -> list[FoundPicture]:
    """Find the pictures that `inputs` mean, each once, in the order of `inputs`.

    Args:
        inputs: Files (always taken, whatever their suffix), folders (searched with all of their
            sub-folders), globs (`**` for any depth), `@list.txt` (a file with one of these a line)
            and `-` for standard input. Within a folder or a glob the order is natural (2 before
            10); hidden files and files without the suffix of a picture are passed over.
        outside: A folder whose files are not met in a search of a folder above it, so that results
            inside of an input folder do not become inputs the next time.

    Raises:
        UsageError: An input does not exist, or holds no picture.
    """
    found: dict[str, FoundPicture] = {}
    for entry in _with_lists_opened(inputs):
        for picture in _pictures_of(entry, outside):
            source = picture.source
            key = place_key(source) if isinstance(source, Path) else source
            found.setdefault(key, picture)
    if not found:
        raise UsageError("no input was given", "name pictures, folders or - for standard input")
    return list(found.values())


def _with_lists_opened(inputs: Sequence[str]) -> Iterator[str]:
    for entry in inputs:
        if entry.startswith("@"):
            yield from _list_entries(Path(entry[1:]))
        else:
            yield entry


def _list_entries(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UsageError(
            f"cannot read the list {path}: {error.strerror}",
            "give a text file with one path a line, or ./@name for a picture whose name has an @",
        ) from error
    entries = [line for line in text.splitlines() if line.strip()]
    if not entries:
        raise UsageError(f"the list {path} is empty", "write one path a line into it")
    return entries


def _pictures_of(entry: str, outside: Path | None) -> list[FoundPicture]:
    path = Path(entry)
    if entry == STANDARD:
        return [FoundPicture(STANDARD, PurePath(), named=True)]
    if path.is_dir():
        return _searched(_walk(path), path, entry, outside)
    if os.path.lexists(path):
        return [FoundPicture(path, PurePath(), named=True)]
    if _WILDCARD.search(entry):
        matches = (Path(match) for match in glob.iglob(entry, recursive=True))  # noqa: PTH207
        return _searched(matches, _fixed_folder(path), entry, outside)
    raise UsageError(f"there is no file or folder {entry}", "check the path")


def _walk(root: Path) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root, onerror=_refuse_folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def _refuse_folder(error: OSError) -> NoReturn:
    raise UsageError(
        f"cannot look into the folder {error.filename}: {error.strerror}",
        "make it readable, or name the pictures without it",
    ) from error


def _fixed_folder(pattern: Path) -> Path:
    """Return the part of a glob before the first wildcard."""
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if _WILDCARD.search(part))
    return Path(*parts[:first])


def _searched(
    paths: Iterable[Path], root: Path, entry: str, outside: Path | None
) -> list[FoundPicture]:
    """Keep the pictures among `paths`, all below `root`, in natural order."""
    suffixes = readable_suffixes()
    fence = _fence(root, outside)
    pictures = [
        FoundPicture(path, path.relative_to(root).parent, named=False)
        for path in sorted(paths, key=_natural_key)
        if path.suffix.lower() in suffixes
        and not path.is_dir()
        and not (fence and place_key(path).startswith(fence))
    ]
    if not pictures:
        raise UsageError(
            f"{entry} holds no picture",
            f"pictures end in {', '.join(sorted(suffixes))}; name a file itself if it has another",
        )
    return pictures


def _fence(root: Path, outside: Path | None) -> str:
    """Return what the keys of files in `outside` start with; nothing if `root` lies in it too."""
    if outside is None:
        return ""
    # The key of a file in the folder without the file's name: it ends in a separator.
    fence = place_key(outside / "x")[:-1]
    return "" if place_key(root / "x").startswith(fence) else fence


def _natural_key(path: Path) -> tuple[list[list[str | int]], str]:
    """Order `scan2` before `scan10`, in each part of the path."""
    parts = [[_number(run) for run in re.split(r"(\d+)", part.casefold())] for part in path.parts]
    return parts, str(path)


def _number(run: str) -> str | int:
    return int(run) if run.isdecimal() else run
