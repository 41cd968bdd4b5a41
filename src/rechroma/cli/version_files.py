"""Where `rechroma colorize --versions DIR` writes a picture's versions, and that it writes them."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch import STANDARD, place_key
from rechroma.colorizer.versions import USUAL_VERSIONS, VERSION_NAMES
from rechroma.errors import UsageError
from rechroma.photo import read, writable_format
from rechroma.photo.formats import FORMATS, name_by_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.batch import Task
    from rechroma.colorizer.versions import Version
    from rechroma.photo import Photo

__all__ = ["VersionFiles", "refuse_version_clashes", "save_versions", "sheets_of"]

_SHEET = ".versions.jpg"
# Pixels of each picture on a sheet.
_SHEET_HEIGHT = 480


def sheets_of(folder: Path | None, tasks: Sequence[Task]) -> dict[str, Path]:
    """Return the sheet of each picture's versions, which stands for all of them: source → path.

    Without a folder there are none. Pictures keep their folders below the one that all have in
    common; two of one folder that differ in their suffix alone keep that, too.
    """
    if folder is None or not tasks:
        return {}
    named = {str(task.source): _named(task) for task in tasks}
    root = os.path.commonpath([path.parent.absolute() for path in named.values()])
    stems = Counter(place_key(path.with_suffix("")) for path in named.values())
    sheets: dict[str, Path] = {}
    for source, path in named.items():
        name = path.stem if stems[place_key(path.with_suffix(""))] == 1 else path.name
        sheets[source] = folder / path.parent.absolute().relative_to(root) / f"{name}{_SHEET}"
    return sheets


def _named(task: Task) -> Path:
    """Return what a picture's versions are called after: of standard input the result is known."""
    return Path(task.target if task.source == STANDARD else task.source)


def refuse_version_clashes(
    sheets: Mapping[str, Path], tasks: Sequence[Task], also_read: Iterable[str]
) -> None:
    """Refuse to write versions over inputs, results, or what is read beside them.

    Which versions a picture has is known when the network has seen it; none may do harm.

    Raises:
        UsageError: One might.
    """
    taken: list[Path] = [Path(each) for each in also_read]
    for task in tasks:
        places = (task.source, task.target, *task.beside)
        taken += [place for place in places if isinstance(place, Path)]
    bases = {place_key(sheet.with_name(_base(sheet))) for sheet in sheets.values()}
    for path in taken:
        base, _, name = path.stem.rpartition(".")
        if base and name in VERSION_NAMES and place_key(path.with_name(base)) in bases:
            raise UsageError(
                f"{path} is one of the files that --versions may write",
                "give --versions a folder of its own",
            )


class VersionFiles:
    """The files of versions by name, told to programs.

    Args:
        folder: Where versions go; None: there are none.
        tasks: Everything that is planned.
    """

    def __init__(self, folder: Path | None, tasks: Sequence[Task]) -> None:
        self._sheets = sheets_of(folder, tasks)
        self._written: dict[Path, dict[str, Path]] = {}

    def sheet_of(self, source: str) -> Path | None:
        """Return the sheet of a picture's versions; None if it gets none."""
        # A file is called by its path, and standard input is never one of several.
        return self._sheets.get(source, next(iter(self._sheets.values()), None))

    def add(self, sheet: Path, files: Mapping[str, Path]) -> None:
        """Note which files a sheet's versions have."""
        self._written[sheet] = {**files, "sheet": sheet}

    def json_of(self, task: Task) -> dict[str, object]:
        """Return what a task's JSON has of them; nothing of a picture that has none."""
        sheet = self._sheets.get(str(task.source))
        files = None if sheet is None else self._written.get(sheet)
        if files is None:
            return {}
        return {"versions": {name: str(path) for name, path in files.items()}}

    def planned(self, task: Task) -> dict[str, Path]:
        """Return the files of those versions that every picture gets, by the source's suffix.

        Which others there are is known when the network has seen it.
        """
        sheet = self._sheets.get(str(task.source))
        if sheet is None:
            return {}
        suffix = _suffix(name_by_suffix(Path(task.source)))
        return {name: _file_of(sheet, name, suffix) for name in USUAL_VERSIONS}


def _file_of(sheet: Path, name: str, suffix: str) -> Path:
    return sheet.with_name(f"{_base(sheet)}.{name}{suffix}")


def _suffix(format_name: str | None) -> str:
    """Return the suffix of versions of a picture of some format."""
    return FORMATS[writable_format(format_name)].suffixes[0]


def save_versions(
    versions: Sequence[Version],
    sheet: Path,
    format_name: str | None,
    render: Callable[[Version, Path], Photo],
    write: Callable[[Photo, Path], None],
) -> dict[str, Path]:
    """Write a picture's versions, and the sheet last, and return the versions' files by name.

    Args:
        versions: At least one.
        sheet: As of `sheets_of`.
        format_name: Of the picture; versions are of the same one, if it can be written.
        render: Makes the picture of a version for a path.
        write: Writes a picture.
    """
    files = {each.name: _file_of(sheet, each.name, _suffix(format_name)) for each in versions}
    from rechroma.evaluation.figure import tile_of, tile_sheet

    tiles: list[NDArray[np.uint8]] = []
    mark = None
    for version in versions:
        path = files[version.name]
        made = render(version, path)
        write(made, path)
        tiles.append(tile_of(made, _SHEET_HEIGHT))
        mark = made.metadata.mark
    shown = read(tile_sheet(tiles, [each.name for each in versions], height=_SHEET_HEIGHT))
    # So that another run knows the sheet for a result.
    write(replace(shown, metadata=replace(shown.metadata, mark=mark)), sheet)
    return files


def _base(sheet: Path) -> str:
    return sheet.name.removesuffix(_SHEET)
