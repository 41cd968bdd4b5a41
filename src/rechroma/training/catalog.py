"""Which pictures a run trains on: found, checked and measured once, then remembered."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.errors import ConfigError, PhotoError
from rechroma.photo import read, readable_suffixes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["colour_pictures", "hold_out", "mean_chroma"]

# Every n-th pixel in both directions is enough for a mean.
_STEP = 4
_NAMED = 5


def colour_pictures(folder: Path, min_chroma: float, workers: int, cache: Path) -> list[Path]:
    """Return the readable pictures below `folder` whose mean chroma reaches `min_chroma`, sorted.

    Args:
        folder: Searched with all its sub-folders.
        min_chroma: In CIELAB units; a grey or sepia print teaches a colorizer to do nothing.
        workers: Processes that decode.
        cache: A JSON file that remembers the measurements, so that a resumed run starts at once.

    Raises:
        ConfigError: The folder is missing or empty, no picture has enough colour, or some files
            can't be read: the first five are named.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in readable_suffixes())
    if not paths:
        raise ConfigError(f"{folder}: no pictures there", "check TRAIN_DIR and VAL_DIR")
    known: dict[str, float] = json.loads(cache.read_text()) if cache.exists() else {}
    missing = [path for path in paths if _key(path) not in known]
    problems: list[str] = []
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for path, result in zip(missing, pool.map(_measure, missing, chunksize=64), strict=True):
            if isinstance(result, str):
                problems.append(result)
            else:
                known[_key(path)] = result
    if problems:
        raise ConfigError(
            f"{len(problems)} unreadable pictures in {folder}: " + "; ".join(problems[:_NAMED]),
            "mend or move them, then start again",
        )
    if missing:
        cache.write_text(json.dumps(known))
    kept = [path for path in paths if known[_key(path)] >= min_chroma]
    if not kept:
        raise ConfigError(
            f"{folder}: no picture has a mean chroma of {min_chroma}", "lower DATA MIN_CHROMA"
        )
    return kept


def mean_chroma(path: Path) -> float:
    """Return a picture's mean CIELAB chroma √(a² + b²)."""
    lab = rgb_to_lab(read(path).pixels[::_STEP, ::_STEP])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def hold_out(paths: list[Path], count: int) -> tuple[list[Path], list[Path]]:
    """Split into (the rest, `count` pictures kept apart) by a hash of the names.

    The split depends on nothing but the names, so that it is the same on every machine and the
    same picture stays apart when others are added.
    """
    ranked = sorted(paths, key=lambda p: hashlib.sha256(p.name.encode()).digest())
    apart = set(ranked[:count])
    return [p for p in paths if p not in apart], sorted(apart)


def _key(path: Path) -> str:
    status = path.stat()
    return f"{path}:{status.st_size}:{status.st_mtime_ns}"


def _measure(path: Path) -> float | str:
    try:
        return mean_chroma(path)
    except PhotoError as error:
        return str(error)
