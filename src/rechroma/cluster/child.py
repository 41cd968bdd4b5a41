"""What runs in the process of its own that each worker has: everything that touches pixels."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rechroma.batch import Outcome, Task, run
from rechroma.batch.task import failure
from rechroma.video.kinds import is_film

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rechroma.cluster.operation import Operation, Prepared

__all__ = ["Done", "prepare", "work_on"]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a picture.

    Attributes:
        outcome: As of a batch.
        notes: What is unusual about it, and what of its metadata could not be kept.
        files: The result, and what is beside it: those that were written.
    """

    outcome: Outcome
    notes: tuple[str, ...]
    files: tuple[Path, ...]


class _Open:
    """The operation of this process."""

    def __init__(self, operation: Operation, files: Mapping[str, Path], threads: int) -> None:
        self.shared = operation.shared
        self.notes: list[str] = []
        self.prepared: Prepared = operation.prepare(files, threads, self.notes.append)


_open: _Open | None = None


def prepare(operation: Operation, files: Mapping[str, Path], threads: int) -> str:
    """Load what is needed for all pictures, and return the model's name and version.

    Raises:
        RechromaError: As the operation says.
    """
    global _open
    _open = _Open(operation, files, threads)
    return _open.prepared.model


def work_on(
    source: Path, target: Path, options: Mapping[str, str], modified: float
) -> Done:  # fmt: skip
    """Make a picture's or a film's result: the batch of one that the ordinary commands would run.

    Args:
        source: The picture.
        target: Its result.
        options: Its own options.
        modified: When it was changed, in seconds since 1970; 0 if nobody knows.
    """
    assert _open is not None  # noqa: S101 - `prepare` was called
    if modified:
        os.utime(source, (modified, modified))
    _open.notes.clear()
    task = Task(source, target)
    shared = _open.shared
    try:
        if (film := _open.prepared.film) is not None and is_film(source):
            outcome = film(options, task)
            return Done(outcome, outcome.notes, (target,) if target.exists() else ())
        work, task = _open.prepared.make_work(options, task)
        outcomes = run(
            [task], work, jobs=1, overwrite=True, max_pixels=shared.max_pixels,
            quality=shared.saving.quality, metadata=shared.saving.metadata,
        )  # fmt: skip
        with closing(outcomes):
            outcome = next(outcomes)
    except Exception as error:  # noqa: BLE001 (a row of the ledger)
        outcome = failure(task, error)
    beside = sorted(path for path in target.parent.rglob(f"{target.stem}*") if path != target)
    written = (target, *beside) if outcome.error is None else ()
    return Done(outcome, (*_open.notes, *outcome.notes), written)
