"""What this process may use of the machine: a container is often given less than there is."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["available_cores", "available_memory"]

_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
# The limit, what is in use, what that consists of, and in it the name of what can be dropped;
# version 2 of control groups, then version 1.
_MEMORY_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "total_inactive_file"),
)


def available_cores(root: Path = _CGROUP, proc: Path = _PROC) -> int:
    """Return the number of cores that this process may use, at least 1.

    Args:
        root: Where the kernel tells of control groups.
        proc: Where it tells of this process.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return int(min(cores, _core_quota(root, proc / "self/cgroup")))


def available_memory(root: Path = _CGROUP, proc: Path = _PROC) -> int | None:
    """Return how many bytes this process can still take without swapping; None: not known.

    Args:
        root: Where the kernel tells of control groups.
        proc: Where it tells of the machine and of this process.
    """
    sizes = _sizes(_text(proc / "meminfo").replace(":", " "))
    if "MemAvailable" not in sizes:
        return None
    return int(min(sizes["MemAvailable"] * 1024, _memory_quota(root, proc / "self/cgroup")))


def _core_quota(root: Path, own: Path) -> float:
    """Return the cores' worth of time that a container may use, rounded up; no end if any."""
    quotas = [math.inf]
    for folder in _groups(root, own, "cpu"):
        for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            words = " ".join(_text(folder / name) for name in names).split()
            try:
                quota, period = int(words[0]), int(words[1])
            except (ValueError, IndexError):
                continue  # no such file, or "max"
            if quota > 0 and period > 0:
                quotas.append(max(1, -(-quota // period)))
    return min(quotas)


def _memory_quota(root: Path, own: Path) -> float:
    """Return how many bytes a container has left; no end if it may take all."""
    quotas = [math.inf]
    for folder in _groups(root, own, "memory"):
        for limit, used, parts, droppable in _MEMORY_FILES:
            try:
                left = int(_text(folder / limit)) - int(_text(folder / used))
            except ValueError:
                continue  # no such file, or "max"
            # Files that were read count as used until somebody needs their room.
            quotas.append(max(0, left + _sizes(_text(folder / parts)).get(droppable, 0)))
    return min(quotas)


def _groups(root: Path, own: Path, kind: str) -> Generator[Path]:
    """Yield the folders of the groups that this process is in, from outside inwards.

    Args:
        root: Where the kernel shows its groups: in itself those of version 2, in a folder for each
            kind those of version 1.
        own: The file that tells this process's groups, `number:kinds:path` a line.
        kind: Of limits, such as "cpu".
    """
    yield root
    yield root / kind
    for line in _text(own).splitlines():
        _, kinds, name = (*line.split(":", 2), "", "")[:3]
        if kinds and kind not in kinds.split(","):
            continue
        folder = root / kind if kinds else root
        for part in Path(name).parts[1:]:
            folder /= part
            yield folder


def _sizes(text: str) -> dict[str, int]:
    """Return the numbers of lines such as `name 17 kB`."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
