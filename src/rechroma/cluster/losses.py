"""What workers that die leave undone: done by others, then alone, and then given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.cluster.items import failed_row
from rechroma.cluster.pool import Chunk
from rechroma.errors import RechromaError

if TYPE_CHECKING:
    from rechroma.cluster.items import Row

__all__ = ["Losses"]

# Workers that may die while they have a chunk until its items are suspects, each by itself; and
# that may die over a suspect.
_SUSPECT_AFTER = 2
_MOST_LOSSES = 3


class WorkerDiedError(RechromaError):
    """Whoever worked on an item died, time and again."""


class Losses:
    """Chunks that are to be handed out again.

    Args:
        signature: As for `Item.state`.

    Attributes:
        again: For any worker.
    """

    def __init__(self, signature: str) -> None:
        self.again: list[Chunk] = []
        self._suspects: list[Chunk] = []
        self._signature = signature

    @property
    def waiting(self) -> bool:
        """Whether there is any."""
        return bool(self.again or self._suspects)

    def next(self, *, idle: bool) -> Chunk | None:
        """Return the next chunk.

        Args:
            idle: Whether a worker has nothing to do: suspects go to such a one alone.
        """
        if self._suspects and idle:
            return self._suspects.pop()
        return self.again.pop() if self.again else None

    def take(self, chunk: Chunk, why: str) -> list[Row]:
        """Let somebody else do what a dead worker had to do.

        Args:
            chunk: What it had.
            why: How it died.

        Returns:
            The rows of what is given up.
        """
        chunk.losses += 1
        if chunk.suspect and chunk.losses >= _MOST_LOSSES:
            return self._given_up(chunk, why)
        if chunk.suspect:
            self._suspects.append(chunk)
        elif chunk.losses < _SUSPECT_AFTER:
            self.again.append(chunk)
        elif chunk.shard:
            self._suspects.append(Chunk(chunk.jobs, chunk.shard, suspect=True))
        else:
            self._suspects += [Chunk([job], suspect=True) for job in chunk.jobs]
        return []

    def _given_up(self, chunk: Chunk, why: str) -> list[Row]:
        rows: list[Row] = []
        for job in chunk.jobs:
            error = WorkerDiedError(
                f"{job.item.uri}: {chunk.losses} workers have died over it: {why}",
                "add --retry-failed if the machines were to blame",
            )
            rows.append(failed_row(job.item, error, {"state": job.item.state(self._signature)}))
        return rows
