"""From what was typed (files, folders, globs, lists, `-`) to the pictures that are meant."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NoReturn

from rechroma.batch.task import STANDARD, Place, place_key
from rechroma.errors import UsageError
from rechroma.metadata import is_marked
from rechroma.photo import readable_suffixes
from rechroma.video.kinds import film_suffixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "Found",
    "FoundPicture",
    "find_pictures",
    "is_left_out",
    "is_result",
    "natural_key",
    "stem_of_original",
]

_WILDCARD = re.compile(r"[*?\[]")
# Synology's thumbnails and its wastebasket.
_FOREIGN_FOLDERS = frozenset({"@eaDir", "#recycle"})
# What our own results are called: a.color.jpg, a.color.1.jpg for its variants, a.gif.color.png.
_RESULT = re.compile(r"(?P<stem>.+)\.(color|mood|look(-.+)?)(\.\d+)?")


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


@dataclass(frozen=True, slots=True)
class Found:
    """What the inputs mean.

    Attributes:
        pictures: Each once.
        unreadable: Of files met in a search that are not read: suffix → how many.
        results: Results of earlier runs that were passed over.
    """

    pictures: tuple[FoundPicture, ...]
    unreadable: Mapping[str, int]
    results: tuple[Path, ...]


def stem_of_original(stem: str) -> str | None:
    """Return "a" of "a.color", "a.mood" or "a.color.2"; None of other names."""
    match = _RESULT.fullmatch(stem)
    return None if match is None else match["stem"]


def is_result(path: Path, *, marked: bool = False) -> bool:
    """Tell whether a picture is a result of ours: by its name, and the original beside it.

    Args:
        path: The picture.
        marked: Whether the mark in the file counts, too, wherever the file is.
    """
    if marked and is_marked(path):
        return True
    match = _RESULT.fullmatch(path.stem)
    if match is None:
        return False
    return any(
        os.path.lexists(path.with_name(match["stem"] + suffix))
        for suffix in {"", path.suffix, *readable_suffixes()}
    )


def find_pictures(
    inputs: Sequence[str],
    *,
    outside: Path | None = None,
    exclude: Sequence[str] = (),
    marked: bool = False,
) -> Found:
    """Find the pictures that `inputs` mean, each once, in the order of `inputs`.

    Args:
        inputs: Files (always taken, whatever their suffix), folders (searched with all of their
            sub-folders), globs (`**` for any depth), `@list.txt` (a file with one of these a line)
            and `-` for standard input. Within a folder or a glob the order is natural (2 before
            10); hidden files and files without the suffix of a picture are passed over.
        outside: A folder whose files are not met in a search of a folder above it, so that results
            inside of an input folder do not become inputs the next time.
        exclude: Patterns such as `*.tif` or `old/*`: what is met in a search and matches one, by
            its name, one of its folders or its path in the searched folder, is passed over.
        marked: Whether what is met in a search and says that we have made it is passed over.

    A file that does not exist is a picture as well: reading it fails, and stops no other. Results
    of earlier runs are passed over in a search, and where their originals are named, too.

    Raises:
        UsageError: A folder or a glob holds no picture.
    """
    found: dict[str, FoundPicture] = {}
    unreadable = Counter[str]()
    results: list[Path] = []
    for entry in _with_lists_opened(inputs):
        for picture in _pictures_of(entry, outside, exclude, unreadable, results, marked=marked):
            source = picture.source
            key = place_key(source) if isinstance(source, Path) else source
            found.setdefault(key, picture)
    # One that is named as well is meant.
    results = [path for key, path in {place_key(p): p for p in results}.items() if key not in found]
    if not found and results:
        raise UsageError(
            f"{results[0]} is a result of an earlier run, and there is nothing else",
            "name the originals, or this picture itself",
        )
    if not found:
        raise UsageError("no input was given", "name pictures, folders or - for standard input")
    pictures = list(found.values())
    if len(pictures) > 1:
        # A shell makes of *.jpg the originals and their results alike.
        paths = [each.source for each in pictures if isinstance(each.source, Path)]
        stems = {place_key(each) for path in paths for each in (path, path.with_name(path.stem))}
        again = [each for each in pictures if _result_key(each) in stems]
        results += [each.source for each in again if isinstance(each.source, Path)]
        pictures = [each for each in pictures if each not in again]
    return Found(tuple(pictures), unreadable, tuple(results))


def _result_key(picture: FoundPicture) -> str | None:
    """Return the key of the original that a result was made of, without its suffix."""
    if not isinstance(picture.source, Path):
        return None
    match = _RESULT.fullmatch(picture.source.stem)
    return None if match is None else place_key(picture.source.with_name(match["stem"]))


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


def _pictures_of(
    entry: str,
    outside: Path | None,
    exclude: Sequence[str],
    unreadable: Counter[str],
    results: list[Path],
    *,
    marked: bool,
) -> list[FoundPicture]:
    path = Path(entry)
    if entry == STANDARD:
        return [FoundPicture(STANDARD, PurePath(), named=True)]
    if os.path.isdir(path):  # noqa: PTH112 (a name that is too long is none)
        return _searched(
            _walk(path), path, entry, outside, exclude, unreadable, results, marked=marked
        )
    if os.path.lexists(path):
        return [FoundPicture(path, PurePath(), named=True)]
    if _WILDCARD.search(entry):
        matches = (Path(match) for match in glob.iglob(entry, recursive=True))  # noqa: PTH207
        root = _fixed_folder(path)
        return _searched(matches, root, entry, outside, exclude, unreadable, results, marked=marked)
    # Not there: reading it says so.
    return [FoundPicture(path, PurePath(), named=True)]


def _walk(root: Path) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root, onerror=_refuse_folder):
        subfolders[:] = [name for name in subfolders if not _is_hidden(name)]
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def _is_hidden(folder: str) -> bool:
    return folder.startswith(".") or folder in _FOREIGN_FOLDERS


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
    paths: Iterable[Path],
    root: Path,
    entry: str,
    outside: Path | None,
    exclude: Sequence[str],
    unreadable: Counter[str],
    results: list[Path],
    *,
    marked: bool,
) -> list[FoundPicture]:
    """Keep the pictures among `paths`, all below `root`, in natural order."""
    suffixes = readable_suffixes() | film_suffixes()
    fence = _fence(root, outside)
    pictures: list[FoundPicture] = []
    ours = excluded = 0
    for path in sorted(paths, key=natural_key):
        below = path.relative_to(root)
        if (
            path.is_dir()
            or (fence and place_key(path).startswith(fence))
            or any(part in _FOREIGN_FOLDERS for part in below.parts)
        ):
            continue
        if _matches(below, exclude):
            excluded += 1
            continue
        if path.suffix.lower() not in suffixes:
            unreadable[path.suffix.lower() or "no suffix"] += 1
        elif is_result(path, marked=marked):
            results.append(path)
            ours += 1
        else:
            pictures.append(FoundPicture(path, below.parent, named=False))
    if not pictures and not ours:
        if excluded:
            raise UsageError(f"{entry}: all that it holds is excluded", "change --exclude")
        raise UsageError(
            f"{entry} holds no picture",
            "`rechroma doctor` lists what is read; name a file itself if it has no usual suffix",
        )
    return pictures


def is_left_out(below: PurePath, exclude: Sequence[str]) -> bool:
    """Tell whether a search passes over a file: hidden, in a foreign folder, or excluded.

    Args:
        below: Its path in the folder that is searched.
        exclude: As for `find_pictures`.
    """
    hidden = below.name.startswith(".") or any(map(_is_hidden, below.parts[:-1]))
    return hidden or _matches(below, exclude)


def _matches(path: PurePath, patterns: Sequence[str]) -> bool:
    names = (path.as_posix(), *path.parts)
    # A folder may be written as one: "old/".
    plain = [pattern.rstrip("/") for pattern in patterns]
    return any(fnmatch.fnmatch(name, pattern) for pattern in plain for name in names)


def _fence(root: Path, outside: Path | None) -> str:
    """Return what the keys of files in `outside` start with; nothing if `root` lies in it too."""
    if outside is None:
        return ""
    # The key of a file in the folder without the file's name: it ends in a separator.
    fence = place_key(outside / "x")[:-1]
    return "" if place_key(root / "x").startswith(fence) else fence


def natural_key(path: Path) -> tuple[list[list[str | int]], str]:
    """Order `scan2` before `scan10`, in each part of the path."""
    parts = [[_number(run) for run in re.split(r"(\d+)", part.casefold())] for part in path.parts]
    return parts, str(path)


def _number(run: str) -> str | int:
    return int(run) if run.isdecimal() else run
