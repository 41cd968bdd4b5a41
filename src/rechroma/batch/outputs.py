"""What `-o` means: a file, a folder, standard output, or a template."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from string import Formatter
from typing import TYPE_CHECKING, TypeAlias

from rechroma.batch.task import STANDARD, Place
from rechroma.errors import UsageError
from rechroma.photo import readable_suffixes, writable_suffixes
from rechroma.video.kinds import FILM_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.batch.inputs import FoundPicture

__all__ = [
    "Destination",
    "File",
    "Folder",
    "StandardOutput",
    "Template",
    "parse_output",
    "result_folder",
    "result_name",
    "target_for",
]

# What results are in whose format can't be written.
_PNG = ".png"
_FIELDS = ("parent", "stem", "ext", "name")


@dataclass(frozen=True, slots=True)
class StandardOutput:
    """The bytes of one picture to stdout."""


@dataclass(frozen=True, slots=True)
class File:
    """One file for one picture."""

    path: Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that gets a file of the same name for each picture, its sub-folders kept."""

    path: Path


@dataclass(frozen=True, slots=True)
class Template:
    """A path with `{parent}`, `{stem}`, `{ext}` (with its dot) and `{name}` (stem and ext)."""

    text: str


Destination: TypeAlias = StandardOutput | File | Folder | Template


def parse_output(text: str) -> Destination:
    """Tell what an output means.

    `-` is standard output; braces make a template; an existing folder, a trailing slash or a name
    without a suffix is a folder; an existing file or the suffix of a picture is a file.

    Raises:
        UsageError: An unknown field, or a name that may mean a folder as well as a file.
    """
    path = Path(text)
    if text == STANDARD:
        return StandardOutput()
    if "{" in text or "}" in text:
        _check_template(text)
        return Template(text)
    if text.endswith(("/", os.sep)) or path.is_dir():
        return Folder(path)
    if path.suffix.lower() in readable_suffixes() | FILM_SUFFIXES or path.exists():
        return File(path)
    if not path.suffix:
        return Folder(path)
    raise UsageError(
        f"cannot tell whether the output {text} means a folder or a picture",
        f"end it with / for a folder, or with one of {', '.join(sorted(readable_suffixes()))}",
    )


def _check_template(text: str) -> None:
    mend = f"the fields are {', '.join(f'{{{field}}}' for field in _FIELDS)}; {{{{ means a brace"
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise UsageError(f"the output template {text} does not hold: {error}", mend) from error
    for _, field, spec, conversion in parts:
        if field is not None and (field not in _FIELDS or spec or conversion):
            raise UsageError(f"the output template {text} has an unknown field {{{field}}}", mend)


def result_folder(output: Destination) -> Path | None:
    """Return the folder that holds all results, if the output names one."""
    match output:
        case Folder(path):
            return path
        case Template(text):
            fixed = next(iter(Formatter().parse(text)))[0]
            return Path(os.path.split(fixed)[0]) if "/" in fixed or os.sep in fixed else None
        case _:
            return None


def target_for(output: Destination, picture: FoundPicture) -> Place:
    """Return where the result of one picture goes.

    Raises:
        UsageError: A picture from standard input has no name to make a path from.
    """
    match output, picture.source:
        case StandardOutput(), _:
            return STANDARD
        case File(path), _:
            return path
        case _, "-":
            raise UsageError(
                "a picture from standard input has no name of its own",
                "give -o a file, or - for standard output",
            )
        case Folder(path), Path() as source:
            return path / picture.tree / (_stem(source) + _suffix(source))
        case Template(text), Path() as source:
            return Path(text.format_map(_fields(source)))


def result_name(name: str) -> str:
    """Return what a result is called where nobody can look which names are taken.

    Args:
        name: The picture's path within what is worked on, with slashes.

    Returns:
        The same path; with .png added to it, not in place of its suffix, where that can't be
        written: so `b.gif` never has the name of `b.png`.
    """
    path = PurePosixPath(name)
    suffix = _suffix(path)
    return name if suffix == path.suffix else name + suffix


def _fields(source: Path) -> Mapping[str, str]:
    suffix = _suffix(source)
    return {
        "parent": str(source.parent),
        "stem": _stem(source),
        "ext": suffix,
        "name": _stem(source) + suffix,
    }


def _stem(source: Path) -> str:
    """Return the stem of a picture's result: with its suffix, if that is another's result's name.

    The result of `b.gif` is a PNG; it is called `b.gif` and not `b` where there is a `b.png`, too,
    whether that is one of the inputs or not: so it has the same name in every run.
    """
    if not source.suffix or _suffix(source) == source.suffix:
        return source.stem
    rivals = {_PNG, *_only_read()} - {source.suffix.lower()}
    taken = any(os.path.lexists(source.with_suffix(rival)) for rival in rivals)
    return source.name if taken else source.stem


def _suffix(source: PurePath) -> str:
    """Return the suffix of a picture's result: its own, or .png where that can't be written."""
    only_read = source.suffix.lower() in _only_read()
    return _PNG if only_read or not source.suffix else source.suffix


def _only_read() -> frozenset[str]:
    return frozenset(readable_suffixes() - writable_suffixes())
