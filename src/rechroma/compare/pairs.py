"""Which pictures of two folders belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rechroma.errors import UsageError
from rechroma.photo.formats import browser_suffixes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Pair", "find_pairs"]

# What every browser shows; AVIF is not read here.
_SHOWN = browser_suffixes() | {".avif"}


@dataclass(frozen=True, slots=True)
class Pair:
    """The same picture in both folders.

    Attributes:
        name: Its path below either folder, without the suffix.
        first: In the first folder.
        second: In the second folder.
    """

    name: str
    first: Path
    second: Path


def find_pairs(first: Path, second: Path) -> tuple[list[Pair], int]:
    """Return the pictures that both folders have, in the order of their names.

    Returns:
        The pairs, and how many pictures are in one of the folders alone.

    Raises:
        UsageError: A folder is missing, or has two pictures of one name (a.jpg and a.png), or the
            two have no picture in common.
    """
    ours, theirs = _pictures(first), _pictures(second)
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        raise UsageError(
            f"{first} and {second} have no picture of the same name that a browser shows",
            "colorize one folder twice, with -o A/ and -o B/",
        )
    pairs = [Pair(name, ours[name], theirs[name]) for name in common]
    return pairs, len(ours.keys() ^ theirs.keys())


def _pictures(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", "give two folders of pictures")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _SHOWN or not path.is_file():
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise UsageError(
                f"{found[name]} and {path} have one name", "take one of them out of the folder"
            )
        found[name] = path
    return found
