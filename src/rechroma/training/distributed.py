"""The processes that share a run, on one machine or on many.

A launcher (torchrun, accelerate, Ray Train) starts them and says in environment variables who they
are: `RANK`, `WORLD_SIZE`, `LOCAL_RANK`, `LOCAL_WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`.
Gradients go by DistributedDataParallel, over the backend of the devices; all else, numbers and
small objects, goes over a gloo group of its own: that one notices at once when a process is gone.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

from rechroma.errors import ConfigError, RechromaError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

__all__ = [
    "Backend",
    "LostProcessError",
    "Processes",
    "ToldElsewhereError",
    "is_first_process",
    "sigterm_noticed",
]

Backend: TypeAlias = 'Literal["auto", "gloo", "nccl"]'
T = TypeVar("T")

# What the backends say when a process does not answer, or when its machine is gone.
_LOST = re.compile(r"gloo|nccl|connection|timed? ?out|peer|broken pipe|processgroup", re.IGNORECASE)
_HOW_TO_START = "start with torchrun or accelerate launch, or unset RANK and WORLD_SIZE"


class LostProcessError(TrainingError):
    """Another process of the run is gone, or does not answer."""


class ToldElsewhereError(RechromaError):
    """All processes stop for the same reason, which process 0 tells; the exit code is its own."""


class Processes:
    """What one process knows of all, and how it talks to them.

    Where there is only one, everything is as if it were asked of itself.

    Args:
        rank: The number of this one.
        size: How many there are.
        neighbors: How many of them are on this machine.
        group: Over which they talk; None for one process.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, neighbors: int = 1, group: object = None
    ) -> None:
        self.rank, self.size, self.neighbors = rank, size, neighbors
        self._group = cast("dist.ProcessGroup | None", group)

    @classmethod
    @contextmanager
    def joined(cls, backend: Backend, minutes: float) -> Generator[Processes]:
        """Join the other processes, if a launcher started several, and leave them at the end.

        A group that is there already, as under Ray Train, is used as it is.

        Args:
            backend: What gradients go over; "auto": nccl between CUDA GPUs, else gloo.
            minutes: After so many without an answer a process counts as lost.

        Raises:
            ConfigError: The environment is not that of a launcher, or the backend does not fit.
            LostProcessError: The others can't be reached.
        """
        there = dist.is_available() and dist.is_initialized()
        rank, size = _given(os.environ) if not there else (dist.get_rank(), dist.get_world_size())
        if size == 1:
            yield cls()
            return
        neighbors = _number(os.environ, "LOCAL_WORLD_SIZE", 1)
        timeout = timedelta(minutes=minutes)
        try:
            if not there:
                _start(_fitting(backend, neighbors), timeout, rank, size)
            group = dist.new_group(backend="gloo", timeout=timeout)
        except (RuntimeError, ValueError) as error:
            place = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
            raise LostProcessError(
                f"process {rank} of {size} can't reach the others at {place}: {_one_line(error)}",
                "check that all are started, and that MASTER_ADDR and MASTER_PORT are open",
            ) from error
        try:
            yield cls(rank, size, neighbors, group)
        finally:
            if not there:
                dist.destroy_process_group()

    @property
    def is_main(self) -> bool:
        """Whether this one writes the files and the log."""
        return self.rank == 0

    def share(self, value: T) -> T:
        """Return process 0's value to all of them."""
        if self._group is None:
            return value
        values = [value]
        with self.noticing_losses():
            dist.broadcast_object_list(values, src=0, group=self._group)
        return values[0]

    def gather(self, value: T) -> list[T]:
        """Return everyone's value to all of them, in the order of ranks."""
        if self._group is None:
            return [value]
        values: list[Any] = [None] * self.size
        with self.noticing_losses():
            dist.all_gather_object(values, value, group=self._group)
        return values

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of everyone's values to all of them, on the CPU."""
        values = values.detach().cpu().clone()
        if self._group is not None:
            with self.noticing_losses():
                dist.all_reduce(values, group=self._group)
        return values

    def totals(self, values: Sequence[float]) -> list[float]:
        """Return the same of plain numbers."""
        return self.total(torch.tensor(values, dtype=torch.float64)).tolist()

    def agree(self, work: Callable[[], T]) -> T:
        """Do something in all processes: what stops one of them stops all, with one message.

        Raises:
            RechromaError: In process 0: the error of the first process that has one.
            ToldElsewhereError: In all others.
        """
        result, error = None, None
        try:
            result = work()
        except RechromaError as caught:
            error = caught
        if self._group is None:
            if error is not None:
                raise error
            return cast("T", result)
        found = self.gather((socket.gethostname(), error))
        for rank, (host, reason) in enumerate(found):
            if reason is None:
                continue
            if rank and not isinstance(reason, ToldElsewhereError):
                reason.what = f"process {rank} on {host}: {reason.what}"
            raise self.told_once(reason)
        return cast("T", result)

    def told_once(self, error: RechromaError) -> RechromaError:
        """Return what to raise for an error that all have: in process 0 itself."""
        if self.is_main:
            return error
        told = ToldElsewhereError(error.what, error.mend)
        told.exit_code = error.exit_code
        return told

    def same(self, value: object, what: str, mend: str) -> None:
        """Refuse to go on if another process has another value.

        Raises:
            ConfigError: In process 0, in others ToldElsewhereError: `what` differs.
        """
        values = self.gather(value)
        others = [rank for rank, each in enumerate(values) if each != values[0]]

        def refuse() -> None:
            if others:
                raise ConfigError(f"process {others[0]} has another {what} than process 0", mend)

        self.agree(refuse)

    @contextmanager
    def noticing_losses(self) -> Generator[None]:
        """Make one clear error of what a backend says when a process is gone.

        Raises:
            LostProcessError: Another process is gone or does not answer.
        """
        try:
            yield
        except RuntimeError as error:
            lost = isinstance(error, dist.DistError) or _LOST.search(str(error))
            if self.size == 1 or isinstance(error, torch.OutOfMemoryError) or not lost:
                raise
            raise LostProcessError(
                f"process {self.rank} of {self.size}: another process of the run is gone or does "
                "not answer",
                "its own last line says why; the same command goes on from the last checkpoint",
            ) from error


def is_first_process() -> bool:
    """Return whether this is process 0 of those that a launcher started, or the only one.

    Raises:
        ConfigError: The environment is not that of a launcher.
    """
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank() == 0
    return _given(os.environ)[0] == 0


@contextmanager
def sigterm_noticed() -> Generator[threading.Event]:
    """Yield an event that is set by SIGTERM, which ends nothing by itself meanwhile.

    In another thread than the main one, which hears of no signals, everything stays as it is.
    """
    noticed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noticed
        return

    def notice(_number: int, _frame: object) -> None:
        noticed.set()

    usual = signal.signal(signal.SIGTERM, notice)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGTERM, usual)


def _given(environment: Mapping[str, str]) -> tuple[int, int]:
    """Return rank and number of processes as a launcher gives them."""
    names = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    if not any(name in environment for name in names[:2]):
        return 0, 1
    size = _number(environment, "WORLD_SIZE", 1)
    needed = names if size > 1 or "WORLD_SIZE" not in environment else ()
    for name in needed:
        if not environment.get(name):
            others = " and ".join(each for each in names[:2] if environment.get(each))
            raise ConfigError(f"{others} is set, and {name} is not", _HOW_TO_START)
    rank = _number(environment, "RANK", 0)
    if not 0 <= rank < size:
        raise ConfigError(f"RANK is {rank}, and WORLD_SIZE {size}", _HOW_TO_START)
    return rank, size


def _number(environment: Mapping[str, str], name: str, usual: int) -> int:
    value = environment.get(name, str(usual))
    if not value.strip().lstrip("-").isdecimal():
        raise ConfigError(f"{name} is {value!r}, not a whole number", _HOW_TO_START)
    return int(value)


def _fitting(backend: Backend, neighbors: int) -> str:
    """Return the backend to use."""
    wants_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes", "on")
    gpus = 0 if wants_cpu else torch.cuda.device_count()
    if backend == "auto":
        backend = "nccl" if gpus else "gloo"
    if backend == "nccl" and not gpus:
        raise ConfigError(
            "BACKEND nccl joins CUDA GPUs, and there is none to use here",
            "set BACKEND to gloo or auto",
        )
    if backend == "nccl" and neighbors > gpus:
        raise ConfigError(
            f"{neighbors} processes on this machine, and BACKEND nccl needs a GPU for each: "
            f"there are {gpus}",
            f"start {gpus} on each machine, or set BACKEND to gloo",
        )
    return backend


def _start(backend: str, timeout: timedelta, rank: int, size: int) -> None:
    if backend == "nccl":
        # A lost GPU is an error of the process that waits for it, not its end without a word.
        os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")
        torch.cuda.set_device(_number(os.environ, "LOCAL_RANK", 0))
    dist.init_process_group(backend, timeout=timeout, rank=rank, world_size=size)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
