"""What this process may use of the machine: a container is often given less than there is."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["available_cores", "available_memory"]

_CGROUP = Path("/sys/fs/cgroup")
# The limit, what is in use, what that consists of, and in it the name of what can be dropped;
# version 2 of control groups, then version 1.
_MEMORY_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def available_cores(root: Path = _CGROUP) -> int:
    """Return the number of cores that this process may use, at least 1.

    Args:
        root: Where the kernel tells of control groups.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return int(min(cores, _core_quota(root)))


def available_memory(root: Path = _CGROUP, proc: Path = Path("/proc")) -> int | None:
    """Return how many bytes this process can still take without swapping; None: not known.

    Args:
        root: Where the kernel tells of control groups.
        proc: Where it tells of the machine.
    """
    sizes = _sizes(_text(proc / "meminfo").replace(":", " "))
    if "MemAvailable" not in sizes:
        return None
    return int(min(sizes["MemAvailable"] * 1024, _memory_quota(root)))


def _core_quota(root: Path) -> float:
    """Return the cores' worth of time that a container may use, rounded up; no end if any."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        words = " ".join(_text(root / name) for name in names).split()
        try:
            quota, period = int(words[0]), int(words[1])
        except (ValueError, IndexError):
            continue  # no such file, or "max"
        if quota > 0 and period > 0:
            return max(1, -(-quota // period))
    return math.inf


def _memory_quota(root: Path) -> float:
    """Return how many bytes a container has left; no end if it may take all."""
    for limit, used, parts, droppable in _MEMORY_FILES:
        try:
            left = int(_text(root / limit)) - int(_text(root / used))
        except ValueError:
            continue  # no such file, or "max"
        # Files that were read count as used until somebody needs their room.
        return max(0, left + _sizes(_text(root / parts)).get(droppable, 0))
    return math.inf


def _sizes(text: str) -> dict[str, int]:
    """Return the numbers of lines such as `name 17 kB`."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
