"""The columns that a manifest of `rechroma bulk` may have, and which of them name files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from rechroma.cli.operation_options import columns_of
from rechroma.cluster.operation import Column

if TYPE_CHECKING:
    from rechroma.cluster.operation import At
    from rechroma.options import CheckedOptions

__all__ = [
    "FILE",
    "FILES",
    "HINTS",
    "LOOK",
    "MASKS",
    "STILLS",
    "columns",
    "parts_of",
]


def columns(*kinds: type[CheckedOptions], **others: Column) -> dict[str, Column]:
    """Return the columns of some options, and others."""
    return {name: Column() for kind in kinds for name in columns_of(kind)} | others


def parts_of(text: str) -> tuple[str, ...]:
    """Return the parts of a column that may hold several, with ; between them."""
    return tuple(part for each in text.split(";") if (part := each.strip()))


def _one(text: str, at: At) -> str:
    return at(text)


def _several(text: str, at: At) -> str:
    return ";".join(map(at, parts_of(text)))


def _look(text: str, at: At) -> str:
    """Leave names: those of the package are known everywhere."""
    from rechroma.mood.library import is_look_name  # formats of pictures take their time to load

    return text if is_look_name(text) else at(text)


def _masks(text: str, at: At) -> str:
    """Take FILE=WHAT and FILE=mood:PHOTO."""

    def mask(part: str) -> str:
        file, marker, mood = part.partition("=mood:")
        if marker:
            return f"{at(file)}=mood:{at(mood)}"
        file, marker, said = part.rpartition("=")
        return f"{at(file)}={said}" if marker else part

    return ";".join(map(mask, parts_of(text)))


def _stills(text: str, at: At) -> str:
    """Take FILE and TIME=FILE."""

    def still(part: str) -> str:
        time, marker, file = part.partition("=")
        return f"{time}={at(file)}" if marker and re.fullmatch(r"[\d:.]+", time) else at(part)

    return ";".join(map(still, parts_of(text)))


def _in_hints(content: bytes, at: At) -> bytes:
    """Take the pictures that a file of hints and masks names; what is broken is left as it is."""
    try:
        entries: Any = json.loads(content)
    except ValueError:
        return content
    for entry in cast("list[Any]", entries) if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            told = cast("dict[str, Any]", entry)
            for key in told.keys() & {"mask", "mood"}:
                if isinstance(told[key], str) and not told[key].startswith("data:"):
                    told[key] = at(told[key])
    return json.dumps(entries).encode()


FILE = Column(_one)
FILES = Column(_several)
LOOK = Column(_look)
MASKS = Column(_masks)
STILLS = Column(_stills)
HINTS = Column(_one, _in_hints)
