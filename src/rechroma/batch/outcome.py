"""What became of one task."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rechroma.errors import OutOfMemoryError, RechromaError

if TYPE_CHECKING:
    from rechroma.batch.task import Task

__all__ = ["Outcome", "Status", "failure"]


class Status(StrEnum):
    """How a task ended."""

    DONE = "done"
    KEPT = "kept"  # the work gave the picture back as it was; the target is a copy
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
        error: Why it failed; without a traceback, so that it holds no pixels.
        trace: The traceback as text, if it failed.
    """

    task: Task
    status: Status
    seconds: float = 0.0
    pages_dropped: int = 0
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
