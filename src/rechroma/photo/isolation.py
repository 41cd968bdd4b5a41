"""Work in native libraries, done in a process whose crash can be survived.

Decoders and encoders end a process in many ways: a broken file makes them write past their memory,
and libjpeg calls `exit` when a file can't be written. In a batch all of them run in children, one
for each picture that is worked on at once: they are forked before the first thread starts, at next
to no cost, and one that dies is replaced. Elsewhere (in Python, in the service, and where forking
is not safe) the formats that are known for it go to one child, started when the first comes.
Work on a cluster goes to a `GuardedProcess` as a whole: a child with limits of time and memory.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar, cast

from rechroma.photo.child_process import Child, CrashError, fork_child, is_child, spawn_child

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = [
    "CrashError",
    "GoneError",
    "GuardedProcess",
    "crash_proof_batch",
    "end_busy_children",
    "has_children",
    "run_in",
    "run_isolated",
    "run_somewhere",
]

T = TypeVar("T")


class GoneError(Exception):
    """What was left in a child is there no more."""


# Seconds for one picture; a file on which a decoder never ends is given up then.
_LONGEST = 600.0


@contextmanager
def crash_proof_batch(jobs: int) -> Generator[None]:
    """Let `jobs` threads call `run_isolated` at once, each with a child of its own.

    Nothing changes where a child can't be forked safely: on other systems than Linux, and in a
    process that has threads.
    """
    global _batch
    if _batch is not None or not _can_fork():
        yield
        return
    _batch = _Children(jobs)
    try:
        yield
    finally:
        batch, _batch = _batch, None
        batch.close()


def run_isolated(
    function: Callable[..., T],
    *arguments: object,
    risky: bool,
    pictures: float = 1,
    home: Child | None = None,
) -> T:
    """Call a function, in a child if there is a batch or if it is risky.

    Args:
        function: One of a module, or a method; it and its arguments are pickled.
        arguments: Its arguments; arrays are cheap.
        risky: Whether it is known to end its process.
        pictures: As how many usual ones it may take time; a whole picture is one, or less.
        home: The child that has to do it, because something was left there; None for any.

    Raises:
        CrashError: The child ended, or took too long.
        GoneError: `home` has ended before.
        Exception: As the function raised it.
    """
    if home is not None:
        return run_in(home, function, *arguments)
    seconds = _LONGEST * max(1, pictures)
    if _batch is not None:
        return cast("T", _batch.call(function, arguments, seconds)[0])
    if risky and not is_child():
        return cast("T", _risky_children().call(function, arguments, seconds)[0])
    return function(*arguments)


def has_children() -> bool:
    """Tell whether there is a batch, whose children do what is isolated."""
    return _batch is not None


def run_somewhere(function: Callable[..., T], *arguments: object) -> tuple[T, Child]:
    """Call a function in a child of the batch, and return its result and that child.

    See `run_isolated`.
    """
    assert _batch is not None  # noqa: S101 (see `has_children`)
    result, child = _batch.call(function, arguments, _LONGEST)
    return cast("T", result), child


def run_in(home: Child, function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a child in which something was left, as soon as it is free.

    See `run_isolated`.

    Raises:
        GoneError: It has ended.
    """
    if _batch is None:
        raise GoneError
    return cast("T", _batch.call(function, arguments, _LONGEST, home)[0])


def end_busy_children() -> None:
    """End what children of a batch are doing: nobody wants it any more."""
    if _batch is not None:
        _batch.end_busy()


class GuardedProcess:
    """A process for calls that may crash, never end or take all memory: that costs one call.

    It is started for the first call, and anew for the first one after it has died. Calls come one
    at a time, from any thread.

    Args:
        seconds: The longest that a call may take.
        memory: Bytes that it may have for its data (Linux); None for no limit.
    """

    def __init__(self, *, seconds: float, memory: int | None) -> None:
        self._seconds = seconds
        self._memory = memory
        self._child: Child | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is there, with what earlier calls have left in it."""
        return self._child is not None

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function there; it and its arguments are pickled.

        Raises:
            CrashError: The process ended, or took too long.
            Exception: As the function raised it.
        """
        if self._child is None:
            self._child = spawn_child()
            self._ask(_limit_data, self._memory)
        return cast("T", self._ask(function, *arguments))

    def _ask(self, function: Callable[..., object], *arguments: object) -> object:
        child = self._child
        assert child is not None  # noqa: S101 - started by `call`
        try:
            failed, result = child.call((function, arguments), self._seconds)
        except BaseException:
            self.end()
            raise
        if failed:
            raise cast("BaseException", result)
        return result

    def end(self) -> None:
        """End it, whatever it is doing; the next call starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _limit_data(memory: int | None) -> None:
    if memory is not None and sys.platform == "linux":
        import resource

        # Not the address space: libraries and files that are mapped take no memory of their own.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


_batch: _Children | None = None
_risky: _Children | None = None
_lock = threading.Lock()


def _risky_children() -> _Children:
    global _risky
    with _lock:
        if _risky is None or not _risky.is_ours:
            _risky = _Children(1, fork=False)
            atexit.register(_risky.close)
        return _risky


def _can_fork() -> bool:
    """Tell whether this process has but one thread: a fork copies no other."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


class _Children:
    """Some children, each with one call at a time.

    Args:
        count: How many.
        fork: Start them now, by forking; otherwise each when it is needed.
    """

    def __init__(self, count: int, *, fork: bool = True) -> None:
        self._process = os.getpid()
        # The last one first. None stands for one that is started when it is needed.
        self._free: list[Child | None] = []
        self._given_back = threading.Condition()
        self._busy: set[Child] = set()
        started: list[Child] = []
        for _ in range(count):
            child = fork_child(started) if fork else None
            if child is not None:
                started.append(child)
            self._free.append(child)

    @property
    def is_ours(self) -> bool:
        """Whether this process made them, not one that it was forked from."""
        return self._process == os.getpid()

    def call(
        self,
        function: Callable[..., object],
        arguments: tuple[object, ...],
        seconds: float,
        home: Child | None = None,
    ) -> tuple[object, Child]:
        """Call a function in a child as soon as it is free, and return the result and the child.

        Args:
            function: See `run_isolated`.
            arguments: See `run_isolated`.
            seconds: After which the child is ended.
            home: The child; None for any.

        Raises:
            GoneError: That child has ended.
        """
        child = self._take(home)
        try:
            child = child or spawn_child()
            self._busy.add(child)
            failed, result = child.call((function, arguments), seconds)
        except BaseException:
            # Also an interrupt: what such a child sends is the answer to another question.
            if child is not None:
                self._busy.discard(child)
                child.end()
            self._give_back(None)
            raise
        self._busy.discard(child)
        self._give_back(child)
        if failed:
            raise cast("BaseException", result)
        return result, child

    def _take(self, home: Child | None) -> Child | None:
        with self._given_back:
            while True:
                if home is None and self._free:
                    return self._take_emptiest()
                if home in self._free:
                    self._free.remove(home)
                    return home
                if home is not None and home.has_ended:
                    raise GoneError
                self._given_back.wait()

    def _take_emptiest(self) -> Child | None:
        """Return the free child in which least was left, of equals the one that came back last."""
        kept = [0 if each is None else each.kept for each in reversed(self._free)]
        return self._free.pop(-1 - kept.index(min(kept)))

    def _give_back(self, child: Child | None) -> None:
        with self._given_back:
            self._free.append(child)
            self._given_back.notify_all()

    def end_busy(self) -> None:
        """Kill the children that have something to do; their calls fail."""
        for child in list(self._busy):
            with suppress(OSError):  # it may just have ended
                child.kill()

    def close(self) -> None:
        """End the children that have nothing to do; others end with this process."""
        with self._given_back:
            while self._free:
                child = self._free.pop()
                if child is not None:
                    child.end()
