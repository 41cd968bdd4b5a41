"""Which pictures a run trains on: found, checked and measured once, then remembered."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from rechroma.color import rgb_to_lab
from rechroma.errors import ConfigError, PhotoError
from rechroma.files import atomic_target, reason_of
from rechroma.photo import readable_suffixes
from rechroma.training.sources import PictureRef, find_pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rechroma.photo import Photo

__all__ = [
    "FIGURES",
    "CatalogEntry",
    "catalog",
    "colorful",
    "hold_out",
    "mean_chroma",
    "read_stems",
    "refuse_overlap",
    "split_by_stem",
]

# In a run's folder: where its figures are.
FIGURES = "samples"
# Every n-th pixel in both directions is enough for a mean.
_STEP = 4
_NAMED = 5
# Pictures that are measured before the cache is written again.
_BATCH = 10_000


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


def catalog(folder: Path, workers: int, cache: Path) -> list[CatalogEntry]:
    """Return the pictures below `folder`, in files and in shards, sorted by name.

    Args:
        folder: Searched with all its sub-folders; see `rechroma.training.sources`.
        workers: Processes that decode.
        cache: A JSON file that remembers the measurements, so that a resumed run starts at once.
            The figures beside it, the run's own, are no photographs.

    Raises:
        ConfigError: The folder is missing or empty, a shard is broken, or some pictures can't be
            read: the first five are named.
    """
    refs = find_pictures(folder, outside=cache.parent / FIGURES)
    if not refs:
        raise ConfigError(
            f"{folder}: no pictures there, nor .tar or .zip with pictures",
            "check TRAIN_DIR and VAL_DIR",
        )
    keys = _cache_keys(refs)
    known = _recall(cache)
    missing = [(key, ref) for key, ref in zip(keys, refs, strict=True) if key not in known]
    problems: list[str] = []
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            results = pool.map(_measure, [ref for _, ref in batch], chunksize=64)
            for (key, _), result in zip(batch, results, strict=True):
                if isinstance(result, str):
                    problems.append(result)
                else:
                    known[key] = result
            _remember(known, cache)
    if problems:
        raise ConfigError(
            f"{len(problems)} unreadable pictures in {folder}: " + "; ".join(problems[:_NAMED]),
            "mend or move them, then start again",
        )
    return [known[key].of(ref) for key, ref in zip(keys, refs, strict=True)]


def colorful(pictures: Sequence[CatalogEntry], min_chroma: float) -> list[CatalogEntry]:
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


def hold_out(
    pictures: Sequence[CatalogEntry], count: int
) -> tuple[list[CatalogEntry], list[CatalogEntry]]:
    """Split into (the rest, `count` pictures kept apart) by a hash of the names.

    The split depends on nothing but the names, so that it is the same on every machine and the
    same picture stays apart when others are added. Copies of a picture kept apart are in neither.
    """
    ranked = sorted(pictures, key=lambda p: _hash_of_name(p.ref))
    apart = sorted(ranked[:count], key=lambda p: p.ref.order)
    contents = {picture.content for picture in apart}
    return [picture for picture in pictures if picture.content not in contents], apart


def refuse_overlap(training: Sequence[CatalogEntry], validation: Sequence[CatalogEntry]) -> None:
    """Refuse to validate on pictures that were trained on.

    Raises:
        ConfigError: Some pictures are in both, by their pixels; the first five are named.
    """
    known = {picture.content: picture.ref for picture in training}
    both = [(picture.ref, known[p]) for picture in validation if (p := picture.content) in known]
    if both:
        named = "; ".join(f"{here} is {there}" for here, there in both[:_NAMED])
        raise ConfigError(
            f"{len(both)} pictures to validate on are among those to train on, too: {named}",
            "take them out of one of the two, or list their stems in EXCLUDE",
        )


def read_stems(path: Path) -> frozenset[str]:
    """Read a list of pictures by their stems, one a line; suffixes and blank lines do not matter.

    Raises:
        ConfigError: It can't be read, or is empty.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: can't be read: {reason_of(error)}", "give a text file"
        ) from error
    stems = frozenset(_stem(line.strip()) for line in lines if line.strip())
    if not stems:
        raise ConfigError(f"{path}: no stems in it", "write one a line")
    return stems


def split_by_stem(
    pictures: Iterable[CatalogEntry], stems: Collection[str]
) -> tuple[list[CatalogEntry], list[CatalogEntry]]:
    """Split into (the rest, those with one of these stems), whatever their folder or shard."""
    rest: list[CatalogEntry] = []
    chosen: list[CatalogEntry] = []
    for picture in pictures:
        (chosen if picture.ref.stem in stems else rest).append(picture)
    return rest, chosen


def mean_chroma(photo: Photo) -> float:
    """Return a picture's mean CIELAB chroma √(a² + b²), in 0…about 130."""
    lab = rgb_to_lab(photo.pixels[::_STEP, ::_STEP])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def _hash_of_name(ref: PictureRef) -> bytes:
    return hashlib.sha256(PurePosixPath(ref.name).name.encode("utf-8", "surrogateescape")).digest()


def _stem(line: str) -> str:
    path = PurePosixPath(line)
    return path.stem if path.suffix.lower() in readable_suffixes() else path.name


def _cache_keys(refs: Iterable[PictureRef]) -> list[str]:
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


class _Measures(NamedTuple):
    """What a catalog remembers of a picture."""

    chroma: float
    content: str
    height: int
    width: int

    def of(self, ref: PictureRef) -> CatalogEntry:
        return CatalogEntry(ref, self.chroma, self.content, (self.height, self.width))


def _recall(cache: Path) -> dict[str, _Measures]:
    """Return what is remembered; not what is damaged, or was written by an earlier version."""
    try:
        known = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    entries = cast("dict[str, object]", known)
    return {key: found for key, each in entries.items() if (found := _measures(each)) is not None}


def _measures(values: object) -> _Measures | None:
    match values:
        case [int() | float() as chroma, str() as content, int() as height, int() as width]:
            return _Measures(float(chroma), content, height, width)
        case _:
            return None


def _remember(known: dict[str, _Measures], cache: Path) -> None:
    with atomic_target(cache, overwrite=True) as temporary:
        temporary.write_text(json.dumps(known), encoding="utf-8")


def _measure(ref: PictureRef) -> _Measures | str:
    try:
        photo = ref.read()
    except PhotoError as error:
        return str(error)
    pixels = photo.to_uint8()
    content = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return _Measures(mean_chroma(photo), content, photo.height, photo.width)
