"""How the samples of a step are shared out over processes, and over time in each of them."""

from __future__ import annotations

from typing import NamedTuple

from rechroma.errors import ConfigError

__all__ = ["Split", "StepPart"]


class StepPart(NamedTuple):
    """Consecutive samples of one step: what a network sees at once.

    Attributes:
        start: The first one's position in the step.
        samples: How many they are.
        total: Samples of the whole step, on all processes.
    """

    start: int
    samples: int
    total: int

    def chosen(self, wanted: int) -> list[int]:
        """Return those of these, from 0, that are among `wanted` evenly spread ones of the step."""
        places = range(self.start, self.start + self.samples)
        return [p - self.start for p in places if p * wanted % self.total < wanted]


class Split(NamedTuple):
    """Which samples of a step are whose, and when.

    A step is done in `parts`, one after the other; of each part every process takes a share at the
    same time. Shares of one part lie side by side in the step, so that it does not depend on the
    number of processes what a part holds.

    Attributes:
        batch: Samples of a step.
        processes: How many share the run.
        rank: The number of this process.
        parts: How many parts a step has.
        neighbors: Processes on this machine, which share its memory.
    """

    batch: int
    processes: int = 1
    rank: int = 0
    parts: int = 1
    neighbors: int = 1

    @property
    def share(self) -> int:
        """Samples that a network sees at once."""
        return self.batch // (self.processes * self.parts)

    def part(self, number: int) -> StepPart:
        """Return this process's samples in a part of the step, from 0."""
        start = (number * self.processes + self.rank) * self.share
        return StepPart(start, self.share, self.batch)

    def check(self) -> None:
        """Refuse a batch that can't be shared out evenly.

        Raises:
            ConfigError: It can't: what would do is named.
        """
        pieces = self.processes * self.parts
        if self.batch % pieces:
            near = max(pieces, round(self.batch / pieces) * pieces)
            raise ConfigError(
                f"BATCH {self.batch} can't be shared out evenly over {self.processes} processes "
                f"in {self.parts} parts each",
                f"BATCH={near} can, as any multiple of {pieces}",
            )
