"""The workers of a run: as many as were asked for, each replaced when it dies."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from rechroma import __version__
from rechroma.cluster.worker import AT_ONCE, Hello, Worker
from rechroma.errors import ClusterError, RechromaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.cluster.engine import Engine
    from rechroma.cluster.items import Job, Row
    from rechroma.cluster.operation import Operation
    from rechroma.cluster.worker import Settings

__all__ = ["Chunk", "Finished", "Pool"]

# How long they may take to leave nothing behind.
_FAREWELL = 5.0
# Workers that die one after another before one is ready.
_MOST_STILLBORN = 6


@dataclass(slots=True)
class Chunk:
    """Jobs that go to a worker together.

    Attributes:
        jobs: At least one.
        shard: The shard that gets their results; empty for none.
        losses: How many workers have died over it and others, or over it alone if it is a suspect.
        suspect: Whether it goes to a worker that has nothing else to do: so that others are not
            blamed for it, nor it for others.
    """

    jobs: list[Job]
    shard: str = ""
    losses: int = 0
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A chunk that has come back.

    Attributes:
        chunk: The chunk.
        rows: Its rows; None if the worker died.
        error: How it died.
    """

    chunk: Chunk
    rows: list[Row] | None
    error: str = ""


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker and what it has to do."""

    actor: Any
    greeting: Any
    ready: bool = False
    chunks: dict[Any, Chunk] = field(default_factory=dict[Any, Chunk])

    @property
    def has_room(self) -> bool:
        return (
            self.ready
            and len(self.chunks) < AT_ONCE
            and not any(chunk.suspect for chunk in self.chunks.values())
        )


class Pool:
    """The workers.

    Args:
        engine: Ray.
        count: How many.
        operation: What they do.
        files: As for `Worker`.
        settings: As for `Worker`.
        gpus: Of each.
    """

    def __init__(
        self,
        engine: Engine,
        count: int,
        operation: Operation,
        files: Mapping[str, tuple[str, bytes]],
        settings: Settings,
        *,
        gpus: int,
    ) -> None:
        self._ray = engine.ray
        # Once in the cluster's memory, not once a worker.
        self._arguments = (operation, self._ray.put(dict(files)), settings)
        self._class = self._ray.remote(Worker).options(
            num_cpus=settings.threads, num_gpus=gpus, max_concurrency=AT_ONCE, max_restarts=0
        )
        self._stillborn = 0
        self._hands: list[_Hand] = []
        for _ in range(count):
            self._hire()
        self.model = ""
        self.processes: dict[Any, int] = {}

    @property
    def ready(self) -> int:
        """How many workers are ready."""
        return sum(hand.ready for hand in self._hands)

    @property
    def busy(self) -> bool:
        """Whether any worker has something to do."""
        return any(hand.chunks for hand in self._hands)

    def _hire(self) -> None:
        actor = self._class.remote(*self._arguments)
        self._hands.append(_Hand(actor, actor.ready.remote()))

    def close(self) -> None:
        """Let the workers end."""
        ready = [hand.actor.close.remote() for hand in self._hands if hand.ready]
        if ready:
            self._ray.wait(ready, num_returns=len(ready), timeout=_FAREWELL)

    def has_room(self) -> bool:
        """Tell whether a worker could take a chunk."""
        return self._freest() is not None

    def has_idle(self) -> bool:
        """Tell whether a worker could take a suspect."""
        hand = self._freest()
        return hand is not None and not hand.chunks

    def _freest(self) -> _Hand | None:
        free = [hand for hand in self._hands if hand.has_room]
        return min(free, key=lambda hand: len(hand.chunks), default=None)

    def submit(self, chunk: Chunk) -> None:
        """Give a chunk to the worker that has the fewest; there must be room."""
        hand = self._freest()
        assert hand is not None  # noqa: S101 - the caller has asked
        hand.chunks[hand.actor.process.remote(chunk.jobs, chunk.shard)] = chunk

    def wait(self, seconds: float) -> list[Finished]:
        """Return what has come back, at the latest after some seconds.

        Raises:
            RechromaError: The operation is not possible.
            ClusterError: Workers die before they are ready, or are of another version.
        """
        waiting = [hand.greeting for hand in self._hands if not hand.ready]
        waiting += [chunk for hand in self._hands for chunk in hand.chunks]
        first, rest = self._ray.wait(waiting, num_returns=1, timeout=seconds)
        if not first:
            return []
        more = self._ray.wait(rest, num_returns=len(rest), timeout=0)[0] if rest else []
        back = set(first) | set(more)
        finished: list[Finished] = []
        for hand in list(self._hands):
            if not hand.ready and hand.greeting in back:
                self._greet(hand)
            for task in [task for task in hand.chunks if task in back]:
                chunk = hand.chunks.pop(task)
                try:
                    finished.append(Finished(chunk, self._ray.get(task)))
                except Exception as error:  # noqa: BLE001 (Ray's, of many kinds: it died)
                    finished.append(Finished(chunk, None, _line(error)))
                    finished += self._dismiss(hand, _line(error))
                    break
        return finished

    def _greet(self, hand: _Hand) -> None:
        try:
            hello = cast("Hello", self._ray.get(hand.greeting))
        except Exception as error:
            cause = getattr(error, "cause", error)
            if isinstance(cause, RechromaError):
                raise cause from None
            self._stillborn += 1
            if self._stillborn > _MOST_STILLBORN:
                raise ClusterError(
                    f"workers die before they are ready: {_line(cause)}",
                    "install this version of rechroma[cluster] on every machine, and look whether "
                    "there is memory enough",
                ) from error
            self._dismiss(hand, "")
            return
        if hello.version != __version__:
            raise ClusterError(
                f"the cluster has Rechroma {hello.version}, and here is {__version__}",
                "install the same version here and there",
            )
        self._stillborn = 0
        hand.ready = True
        self.model = hello.model
        self.processes[hand.actor] = hello.process

    def _dismiss(self, hand: _Hand, why: str) -> list[Finished]:
        """Replace a worker, and return what it had to do."""
        self._hands.remove(hand)
        self.processes.pop(hand.actor, None)
        with suppress(Exception):  # it is dead
            self._ray.kill(hand.actor)
        self._hire()
        return [Finished(chunk, None, why) for chunk in hand.chunks.values()]


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
