"""Where `rechroma colorize --versions DIR` writes a picture's versions, and that it writes them."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rechroma.batch import STANDARD, place_key
from rechroma.colorizer.versions import VERSION_NAMES
from rechroma.errors import UsageError
from rechroma.photo import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.batch import Task
    from rechroma.colorizer.versions import Version
    from rechroma.photo import Photo

__all__ = ["refuse_version_clashes", "save_versions", "sheets_of"]

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


def save_versions(
    versions: Sequence[Version],
    sheet: Path,
    suffix: str,
    render: Callable[[Version, Path], Photo],
    write: Callable[[Photo, Path], None],
) -> None:
    """Write a picture's versions, and the sheet last.

    Args:
        versions: At least one.
        sheet: As of `sheets_of`.
        suffix: Of the versions' files.
        render: Makes the picture of a version for a path.
        write: Writes a picture.
    """
    from rechroma.evaluation.figure import tile_of, tile_sheet

    tiles: list[NDArray[np.uint8]] = []
    mark = None
    for version in versions:
        path = sheet.with_name(f"{_base(sheet)}.{version.name}{suffix}")
        made = render(version, path)
        write(made, path)
        tiles.append(tile_of(made, _SHEET_HEIGHT))
        mark = made.metadata.mark
    shown = read(tile_sheet(tiles, [each.name for each in versions], height=_SHEET_HEIGHT))
    # So that another run knows the sheet for a result.
    write(replace(shown, metadata=replace(shown.metadata, mark=mark)), sheet)


def _base(sheet: Path) -> str:
    return sheet.name.removesuffix(_SHEET)
