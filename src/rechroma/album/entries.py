"""Which pictures are in an album, and what each looked like before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rechroma.batch.inputs import is_left_out, is_result, natural_key, stem_of_original
from rechroma.errors import UsageError
from rechroma.photo import readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Entry", "find_entries"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture of an album.

    Attributes:
        name: Its file's name without the suffix, and without what makes it a result.
        after: The result.
        before: The original; None where nobody has it: then it is the result's own gray.
    """

    name: str
    after: Path
    before: Path | None


def find_entries(
    folder: Path,
    originals: Path | None = None,
    *,
    outside: Path | None = None,
    exclude: Sequence[str] = (),
) -> tuple[list[Entry], int]:
    """Find the results of a batch, in the order of their paths (2 before 10).

    Results are pictures that are called like results and have their originals beside them. If there
    are none, all pictures are.

    Args:
        folder: Where the results are; folders in it are looked into, too.
        originals: Where the originals are, in the same folders and under the same names, whatever
            their suffixes.
        outside: A folder that is not looked into.
        exclude: Patterns; see `rechroma.batch.find_pictures`.

    Returns:
        The entries, and how many pictures were passed over since they have no result.

    Raises:
        UsageError: A folder is not there, or there is no picture in it.
    """
    found = [
        path
        for path in _pictures(folder, outside)
        if not is_left_out(path.relative_to(folder), exclude)
    ]
    if not found:
        raise UsageError(f"{folder}: no pictures in this folder", "name a folder of results")
    sources: dict[Path, Path] = {}
    for path in _pictures(originals, outside) if originals else found:
        # a.gif.color.png is made of a.gif, a.color.png of a.png or a.jpg.
        sources[path] = path
        sources.setdefault(path.with_suffix(""), path)
    results = found if originals else [path for path in found if is_result(path)] or found
    entries = [_entry(path, folder, originals, sources) for path in results]
    if originals is not None and not any(each.before for each in entries):
        raise UsageError(
            f"{originals}: none of {len(entries)} pictures has its original there",
            "originals have the results' names, in the same folders",
        )
    used = {*results, *(each.before for each in entries)}
    return entries, sum(path not in used for path in found)


def _entry(path: Path, folder: Path, originals: Path | None, sources: dict[Path, Path]) -> Entry:
    name = stem_of_original(path.stem)
    places = [path.with_name(stem) for stem in (name, path.stem) if stem is not None]
    if originals is not None:
        places = [originals / place.relative_to(folder) for place in places]
    before = next((sources[place] for place in places if place in sources), None)
    # In a folder of results alone each is found under its own name.
    return Entry(name or path.stem, path, None if before == path else before)


def _pictures(folder: Path, outside: Path | None) -> list[Path]:
    if not folder.is_dir():
        what = "no folder" if folder.exists() else "no such folder"
        raise UsageError(f"{folder}: {what}", "name a folder of pictures")
    known = readable_suffixes()
    found = (
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in known
        and not is_left_out(path.relative_to(folder), ())
        and not (outside and path.is_relative_to(outside))
        and path.is_file()
    )
    return sorted(found, key=natural_key)
