"""What a machine has that would make a training faster, and how to use it."""

from __future__ import annotations

import sys
from ctypes.util import find_library
from pathlib import Path

__all__ = ["speed_hints"]

# Without a decay freed memory is never given back, and a run grows for hours.
_ALLOCATOR_OPTIONS = "dirty_decay_ms:20000,muzzy_decay_ms:20000"


def speed_hints(
    device: str, precision: str, proc: Path = Path("/proc"), library: str | None = None
) -> list[str]:
    """Return lines that say what is there and not in use.

    Args:
        device: "cpu", "cuda" or another of torch's kinds.
        precision: As it is in use: "no", "bf16" or "fp16".
        proc: Where the kernel tells of the machine.
        library: The file name of jemalloc; None to search for it.
    """
    hints: list[str] = []
    if device == "cuda" and precision == "no":
        hints.append("bf16 is not in use on this GPU: PRECISION auto or bf16 is faster")
    if device != "cpu" or not sys.platform.startswith("linux"):
        return hints
    library = library or find_library("jemalloc")
    if library and "jemalloc" not in _text(proc / "self" / "maps"):
        hints.append(
            "a faster allocator is there: start with "
            f"LD_PRELOAD={library} MALLOC_CONF={_ALLOCATOR_OPTIONS}"
        )
    if precision == "no" and "amx_bf16" in _text(proc / "cpuinfo"):
        hints.append("this processor computes in bf16 (AMX): try --set PRECISION=bf16")
    return hints


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
