"""The page: one static HTML file beside which nothing has to run."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from rechroma.files import atomic_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.compare.pairs import Pair

__all__ = ["write_page"]

_TEMPLATE = Path(__file__).with_name("page.html")
_PLACE = "/*DATA*/"


def write_page(
    pairs: Sequence[Pair], names: tuple[str, str], target: Path, *, overwrite: bool
) -> None:
    """Write the page; pictures stay where they are, and are linked by relative paths.

    Which side a picture is on, and in which order pairs come, is drawn from the files themselves:
    the same ones give the same page, and nobody can tell the sides.

    Args:
        pairs: At least one.
        names: What the two folders are called in the results.
        target: The HTML file.
        overwrite: Replace what stands there.

    Raises:
        UnwritableFileError: Something stands at `target`, or the disk says no.
    """
    folder = target.resolve().parent
    # Other pictures are another comparison, with sides and a memory of its own.
    told = "\n".join(_facts(path) for pair in pairs for path in (pair.first, pair.second))
    seed = hashlib.sha256(told.encode()).digest()
    rng = np.random.default_rng(list(seed))
    shown = [
        {
            "name": pair.name,
            "pictures": [_link(path, folder) for path in (pair.first, pair.second)],
            "swapped": bool(rng.random() < 0.5),
        }
        for pair in pairs
    ]
    data = {
        "key": seed.hex()[:16],
        "names": list(names),
        "pairs": [shown[index] for index in rng.permutation(len(shown))],
    }
    # "</script>" in a file's name must not end the script.
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    page = _TEMPLATE.read_text(encoding="utf-8").replace(_PLACE, text, 1)
    with atomic_target(target, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _facts(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"


def _link(path: Path, folder: Path) -> str:
    try:
        return quote(Path(os.path.relpath(path.resolve(), folder)).as_posix())
    except ValueError:
        # Another drive.
        return path.resolve().as_uri()
