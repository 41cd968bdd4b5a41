"""One piece of work: a picture to read and the place for the result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["STANDARD", "Place", "Task", "place_key"]

# The usual spelling of standard input as a source and of standard output as a target.
STANDARD: Literal["-"] = "-"

Place: TypeAlias = Path | Literal["-"]


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to read and where its result goes; `STANDARD` stands for stdin and stdout.

    Attributes:
        source: The picture.
        target: Its result.
        beside: Further files that the work itself writes.
    """

    source: Place
    target: Place
    beside: tuple[Path, ...] = ()

    @property
    def has_result(self) -> bool:
        """Whether something stands at the target already; never for standard output."""
        return self.target != STANDARD and os.path.lexists(self.target)

    @property
    def is_done(self) -> bool:
        """Whether the result and all files beside it are there."""
        return self.has_result and all(os.path.lexists(path) for path in self.beside)


def place_key(path: Path) -> str:
    """Return a string that is equal for two spellings of one directory entry.

    Links among the folders are followed and the last link is not: writing beside a linked picture
    replaces the link, not the picture that it points to.
    """
    return os.path.normcase(Path(os.path.realpath(path.parent), path.name))
