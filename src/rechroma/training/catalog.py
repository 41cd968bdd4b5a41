"""Which pictures a run trains on: found, checked and measured once, then remembered."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.errors import ConfigError, PhotoError
from rechroma.photo import read, readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rechroma.photo import Photo

__all__ = [
    "FIGURES",
    "Picture",
    "catalog",
    "colorful",
    "hold_out",
    "mean_chroma",
    "picture_files",
    "refuse_overlap",
]

# In a run's folder: where its figures are.
FIGURES = "samples"
# Every n-th pixel in both directions is enough for a mean.
_STEP = 4
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a catalog.

    Attributes:
        path: Where it is.
        chroma: Its mean CIELAB chroma √(a² + b²).
        content: A hash of its 8-bit pixels: the same for copies, whatever their format or name.
    """

    path: Path
    chroma: float
    content: str


def catalog(folder: Path, workers: int, cache: Path) -> list[Picture]:
    """Return the pictures below `folder`, sorted by path.

    Args:
        folder: Searched with all its sub-folders.
        workers: Processes that decode.
        cache: A JSON file that remembers the measurements, so that a resumed run starts at once.
            The figures beside it, the run's own, are no photographs.

    Raises:
        ConfigError: The folder is missing or empty, or some files can't be read: the first five
            are named.
    """
    paths = picture_files(folder, outside=cache.parent / FIGURES)
    if not paths:
        raise ConfigError(f"{folder}: no pictures there", "check TRAIN_DIR and VAL_DIR")
    known: dict[str, list[float | str]] = (
        json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    )
    missing = [path for path in paths if _key(path) not in known]
    problems: list[str] = []
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for path, result in zip(missing, pool.map(_measure, missing, chunksize=64), strict=True):
            if isinstance(result, str):
                problems.append(result)
            else:
                known[_key(path)] = [result.chroma, result.content]
    if problems:
        raise ConfigError(
            f"{len(problems)} unreadable pictures in {folder}: " + "; ".join(problems[:_NAMED]),
            "mend or move them, then start again",
        )
    if missing:
        cache.write_text(json.dumps(known), encoding="utf-8")
    found = ((path, *known[_key(path)]) for path in paths)
    return [Picture(path, float(chroma), str(content)) for path, chroma, content in found]


def picture_files(folder: Path, *, outside: Path) -> list[Path]:
    """Return the files below `folder` whose names say that they are pictures, sorted.

    Args:
        folder: Searched with all its sub-folders.
        outside: What lies below it is passed over.
    """
    passed = outside.resolve()
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in readable_suffixes() and passed not in path.resolve().parents
    )


def colorful(pictures: Sequence[Picture], min_chroma: float) -> list[Picture]:
    """Return the pictures whose mean chroma reaches `min_chroma`.

    A gray or sepia print teaches a colorizer to do nothing.

    Raises:
        ConfigError: There is none.
    """
    kept = [picture for picture in pictures if picture.chroma >= min_chroma]
    if not kept:
        raise ConfigError(
            f"TRAIN_DIR: no picture has a mean chroma of {min_chroma}", "lower DATA MIN_CHROMA"
        )
    return kept


def hold_out(pictures: Sequence[Picture], count: int) -> tuple[list[Picture], list[Picture]]:
    """Split into (the rest, `count` pictures kept apart) by a hash of the names.

    The split depends on nothing but the names, so that it is the same on every machine and the
    same picture stays apart when others are added. Copies of a picture kept apart are in neither.
    """
    ranked = sorted(pictures, key=lambda p: hashlib.sha256(p.path.name.encode()).digest())
    apart = sorted(ranked[:count], key=lambda p: p.path)
    contents = {picture.content for picture in apart}
    return [picture for picture in pictures if picture.content not in contents], apart


def refuse_overlap(training: Sequence[Picture], validation: Sequence[Picture]) -> None:
    """Refuse to validate on pictures that were trained on.

    Raises:
        ConfigError: Some pictures are in both, by their pixels; the first five are named.
    """
    known = {picture.content: picture.path for picture in training}
    both = [(picture.path, known[p]) for picture in validation if (p := picture.content) in known]
    if both:
        named = "; ".join(f"{here} is {there}" for here, there in both[:_NAMED])
        raise ConfigError(
            f"{len(both)} pictures of VAL_DIR are in TRAIN_DIR, too: {named}",
            "take them out of one of the two",
        )


def mean_chroma(photo: Photo) -> float:
    """Return a picture's mean CIELAB chroma √(a² + b²), in 0…about 130."""
    lab = rgb_to_lab(photo.pixels[::_STEP, ::_STEP])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def _key(path: Path) -> str:
    status = path.stat()
    return f"{path}:{status.st_size}:{status.st_mtime_ns}"


def _measure(path: Path) -> Picture | str:
    try:
        photo = read(path)
    except PhotoError as error:
        return str(error)
    pixels = photo.to_uint8()
    content = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return Picture(path, mean_chroma(photo), content)
