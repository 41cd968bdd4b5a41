"""What is measured of each picture once, and remembered.

Nothing here needs PyTorch: a worker that measures starts without it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.errors import PhotoError
from rechroma.files import atomic_target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rechroma.photo import Photo
    from rechroma.training.sources import PictureRef

__all__ = [
    "CatalogEntry",
    "Measures",
    "cache_keys",
    "mean_chroma",
    "measure",
    "recall",
    "remember",
]

# Every n-th pixel in both directions is enough for a mean.
_STEP = 4


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One picture of a catalog.

    Attributes:
        ref: Where it is.
        chroma: Its mean CIELAB chroma √(a² + b²).
        content: A hash of its 8-bit pixels: the same for copies, whatever their format or name.
        size: Its rows and columns.
    """

    ref: PictureRef
    chroma: float
    content: str
    size: tuple[int, int]


def mean_chroma(photo: Photo) -> float:
    """Return a picture's mean CIELAB chroma √(a² + b²), in 0…about 130."""
    lab = rgb_to_lab(photo.pixels[::_STEP, ::_STEP])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def cache_keys(refs: Iterable[PictureRef]) -> list[str]:
    """Return what the cache knows pictures by: the file as it is now, and the name in a shard."""
    states: dict[Path, str] = {}
    keys: list[str] = []
    for ref in refs:
        if ref.file not in states:
            status = ref.file.stat()
            states[ref.file] = f"{ref.file}:{status.st_size}:{status.st_mtime_ns}"
        state = states[ref.file]
        keys.append(state if ref.offset is None else f"{state}:{ref.name}")
    return keys


class Measures(NamedTuple):
    """What a catalog remembers of a picture."""

    chroma: float
    content: str
    height: int
    width: int

    def of(self, ref: PictureRef) -> CatalogEntry:
        """Return the entry of the picture that they belong to."""
        return CatalogEntry(ref, self.chroma, self.content, (self.height, self.width))


def recall(cache: Path) -> dict[str, Measures]:
    """Return what is remembered; not what is damaged, or was written by an earlier version."""
    try:
        known = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    entries = cast("dict[str, object]", known)
    return {key: found for key, each in entries.items() if (found := _measures(each)) is not None}


def _measures(values: object) -> Measures | None:
    match values:
        case [int() | float() as chroma, str() as content, int() as height, int() as width]:
            return Measures(float(chroma), content, height, width)
        case _:
            return None


def remember(known: dict[str, Measures], cache: Path) -> None:
    """Write what `recall` returns, by the keys of `cache_keys`."""
    with atomic_target(cache, overwrite=True) as temporary:
        temporary.write_text(json.dumps(known), encoding="utf-8")


def measure(ref: PictureRef) -> Measures | str:
    """Return a picture's measures, or why it can't be read."""
    try:
        photo = ref.read()
    except PhotoError as error:
        return str(error)
    pixels = photo.to_uint8()
    content = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return Measures(mean_chroma(photo), content, photo.height, photo.width)
