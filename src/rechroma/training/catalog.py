"""Which pictures a run trains on: found, checked and measured once, then remembered."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rechroma.errors import ConfigError
from rechroma.files import reason_of
from rechroma.photo import readable_suffixes
from rechroma.training.distributed import Processes
from rechroma.training.measures import CatalogEntry, cache_keys, measure, recall, remember
from rechroma.training.sources import PictureRef, find_pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = [
    "FIGURES",
    "catalog",
    "colorful",
    "hold_out",
    "read_stems",
    "refuse_overlap",
    "split_by_stem",
]

# In a run's folder: where its figures are.
FIGURES = "samples"
_NAMED = 5
# Pictures that are measured before the cache is written again.
_BATCH = 10_000


def catalog(
    folder: Path, workers: int, cache: Path, processes: Processes | None = None
) -> list[CatalogEntry]:
    """Return the pictures below `folder`, in files and in shards, sorted by name.

    Several processes measure a share each; the first one has the cache.

    Args:
        folder: Searched with all its sub-folders; see `rechroma.training.sources`.
        workers: Processes that decode.
        cache: A JSON file that remembers the measurements, so that a resumed run starts at once.
            The figures beside it, the run's own, are no photographs.
        processes: Who shares the run; None: only this one.

    Raises:
        ConfigError: The folder is missing or empty, a shard is broken, some pictures can't be
            read (the first five are named), or processes see different pictures.
    """
    team = Processes() if processes is None else processes
    refs = team.agree(lambda: _found(folder, cache))
    keys = cache_keys(refs)
    names = hashlib.sha256("\n".join(ref.name for ref in refs).encode("utf-8", "surrogateescape"))
    team.same(
        (len(refs), names.digest()),
        f"set of pictures in {folder}",
        "give all machines the same files",
    )
    known = recall(cache) if team.is_main else {}
    measured = team.share([known.get(key) for key in keys])
    missing = [number for number, each in enumerate(measured) if each is None]
    problems: list[str] = []
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            own = [refs[number] for number in batch[team.rank :: team.size]]
            shares = team.gather(
                list(pool.map(measure, own, chunksize=_at_once(len(own), workers)))
            )
            for place, number in enumerate(batch):
                result = shares[place % team.size][place // team.size]
                if isinstance(result, str):
                    problems.append(result)
                else:
                    known[keys[number]] = measured[number] = result
            if team.is_main:
                remember(known, cache)

    def refuse() -> None:
        if problems:
            raise ConfigError(
                f"{len(problems)} unreadable pictures in {folder}: " + "; ".join(problems[:_NAMED]),
                "mend or move them, then start again",
            )

    team.agree(refuse)
    return [each.of(ref) for ref, each in zip(refs, measured, strict=True) if each is not None]


def _found(folder: Path, cache: Path) -> list[PictureRef]:
    refs = find_pictures(folder, outside=cache.parent / FIGURES)
    if not refs:
        raise ConfigError(
            f"{folder}: no pictures there, nor .tar or .zip with pictures",
            "check TRAIN_DIR and VAL_DIR",
        )
    return refs


def _at_once(count: int, workers: int) -> int:
    """Return how many pictures a worker gets at once: fewer where there are few."""
    return max(1, min(64, count // (4 * max(1, workers))))


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


def _hash_of_name(ref: PictureRef) -> bytes:
    return hashlib.sha256(PurePosixPath(ref.name).name.encode("utf-8", "surrogateescape")).digest()


def _stem(line: str) -> str:
    path = PurePosixPath(line)
    return path.stem if path.suffix.lower() in readable_suffixes() else path.name
