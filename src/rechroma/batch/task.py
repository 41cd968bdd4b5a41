"""One piece of work: a picture to read and the place for the result."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from rechroma.errors import OutOfMemoryError, RechromaError

if TYPE_CHECKING:
    from rechroma.photo.jpeg_scans import Gray

__all__ = ["STANDARD", "Outcome", "Place", "Status", "Task", "failure", "place_key"]

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
        is_named: Whether the target is a file that was asked for by its name: it is written even
            if the work leaves the picture as it is and both lie in one folder.
    """

    source: Place
    target: Place
    beside: tuple[Path, ...] = ()
    is_named: bool = False

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


class Status(StrEnum):
    """How a task ended."""

    DONE = "done"
    KEPT = "kept"  # the work left the picture as it was; see `save_unchanged`
    COMPLETED = "completed"  # the result was there; what was missing beside it was written
    SKIPPED = "skipped"  # something stood at the target already
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one task.

    Attributes:
        task: The task.
        status: How it ended.
        seconds: Wall time from the start of reading to the end of writing; 0 without a result.
        pages_dropped: Pages of the input beyond its first, which are not in the output.
        notes: What of the input's metadata could not be kept.
        gray: What became of a gray JPEG's gray in a JPEG, or of a color one's.
        error: Why it failed; without a traceback, so that it holds no pixels.
        trace: The traceback as text, if it failed.
    """

    task: Task
    status: Status
    seconds: float = 0.0
    pages_dropped: int = 0
    notes: tuple[str, ...] = ()
    gray: Gray | None = None
    error: RechromaError | None = None
    trace: str = ""


def failure(task: Task, error: BaseException) -> Outcome:
    """Return the outcome of a task that ended in `error`."""
    trace = "".join(traceback.format_exception(error))
    known = _detached(_as_known(task, error))
    return Outcome(task, Status.FAILED, error=known, trace=trace)


def _as_known(task: Task, error: BaseException) -> RechromaError:
    match error:
        case RechromaError():
            return error
        case MemoryError():
            return OutOfMemoryError(
                f"{task.source} does not fit into memory",
                "work on fewer pictures at a time (--jobs 1), or make the picture smaller",
            )
        case _:
            return RechromaError(
                f"{task.source}: unexpected {type(error).__name__}: {error}",
                "this is a bug; please report it with what -vv prints",
            )


def _detached(error: RechromaError) -> RechromaError:
    """Cut the frames off: through their local variables they would keep whole pictures alive."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
