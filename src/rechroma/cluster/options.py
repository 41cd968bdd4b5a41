"""The options of a run on a cluster, declared once.

Loading this module loads no NumPy and no Ray: the command line's `--help` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rechroma.errors import UsageError
from rechroma.options import CheckedOptions, Range, option

__all__ = ["BulkOptions", "ClusterOptions"]


@dataclass(frozen=True, kw_only=True)
class ClusterOptions(CheckedOptions):
    """Who works on how much.

    Raises:
        UsageError: A number is out of range, or there are not as many GPUs as workers.
    """

    workers: int | None = option(
        None,
        "Pictures to work on at once: each has a worker with a model of its own.",
        range=Range(1, 100_000),
        absent="as many as the cluster's CPUs allow",
    )
    threads: int = option(1, "CPUs of a worker.", range=Range(1, 1024))
    gpus: int = option(
        0, "GPUs altogether, one a worker; 0 works on CPUs.", range=Range(0, 100_000)
    )
    time_limit: float = option(
        600.0,
        "Seconds that a picture may take; it is tried twice.",
        range=Range(0.1, 1e6),
    )
    memory_limit: float | None = option(
        None,
        "Gigabytes that a worker may take (Linux).",
        range=Range(0.1, 1e5),
        absent="its share of the machine's",
    )
    shards: int = option(
        0, "Pack the results into .tar shards of so many; 0 makes files.", range=Range(0, 1_000_000)
    )
    retry_failed: bool = option(
        False,  # noqa: FBT003 (its default)
        "Try again what failed in an earlier run.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gpus and self.workers not in (None, self.gpus):
            raise UsageError(
                f"{self.workers} workers and {self.gpus} GPUs: each worker has one GPU",
                "leave out --workers, or --gpus",
            )

    @property
    def memory_bytes(self) -> int | None:
        """The limit of memory in bytes."""
        return None if self.memory_limit is None else int(self.memory_limit * 1e9)


@dataclass(frozen=True)
class BulkOptions:
    """How a run is run.

    Attributes:
        cluster: Who works on how much.
        address: Of the cluster; None for a Ray of our own.
        overwrite: Make everything anew.
        fail_fast: Stop at the first failure.
    """

    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    address: str | None = None
    overwrite: bool = False
    fail_fast: bool = False
