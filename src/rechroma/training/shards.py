"""Packing a folder of pictures into shards for training."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

from PIL import Image, features

from rechroma.errors import PhotoError, UsageError
from rechroma.files import atomic_target, make_folder
from rechroma.photo import read
from rechroma.training.sources import SHARD_SUFFIXES, PictureRef, find_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["LIST", "Packing", "Plan", "ShardFormat", "pack", "plan_shards"]

# In the folder of shards: what is where.
LIST = "shards.csv"
# Pictures that are held in memory at most.
_AHEAD = 256

ShardFormat: TypeAlias = Literal["avif", "webp", "jpeg", "keep"]
_Row: TypeAlias = dict[str, str]
_Member: TypeAlias = tuple[PictureRef, bytes]


@dataclass(frozen=True, slots=True)
class Packing:
    """How pictures become members of shards.

    Attributes:
        format: What they are encoded as, with chroma at half resolution; "keep" copies the files.
        side: The shorter side of those that are larger, pixels; not heeded by "keep".
        quality: Of the encoder, 1…100; None for its own default.
        count: Most pictures in a shard.
        size_limit: Most bytes of a shard, unless its only picture has more.
    """

    format: ShardFormat = "avif"
    side: int = 160
    quality: int | None = None
    count: int = 2000
    size_limit: int = 512_000_000

    def member_name(self, ref: PictureRef) -> str:
        """Return what a picture is called in its shard."""
        if self.format == "keep":
            return ref.name
        suffix = ".jpg" if self.format == "jpeg" else f".{self.format}"
        return str(PurePosixPath(ref.name).with_suffix(suffix))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        folder: Where the pictures are.
        output: Where the shards go.
        packing: How.
        waiting: The pictures that are in no shard yet, in the order of a hash of their names: each
            shard is a mixture of all.
        packed: Pictures that are in a shard already.
        problems: Pictures that can't be in any.
        first: The number of the first shard to write.
    """

    folder: Path
    output: Path
    packing: Packing
    waiting: tuple[PictureRef, ...]
    packed: int
    problems: tuple[PhotoError, ...]
    first: int


def plan_shards(folder: Path, output: Path, packing: Packing) -> Plan:
    """Plan the shards of all pictures below `folder`; of its own shards, too.

    Shards that stand in `output` are complete, since they appear whole or not at all: their
    pictures are done.

    Raises:
        ConfigError: A shard below `folder` is broken.
        UsageError: There are no pictures, the two folders are one, `output` holds shards from
            elsewhere, or Pillow was built without the format.
    """
    if packing.format in ("avif", "webp") and not features.check(packing.format):
        raise UsageError(f"Pillow was built without {packing.format}", "choose another --format")
    if folder.resolve() == output.resolve():
        raise UsageError(f"{output}: the pictures lie there, too", "choose another folder with -o")
    refs = find_pictures(folder, outside=output)
    if not refs:
        raise UsageError(f"{folder}: no pictures there", "give a folder of pictures")
    done = {row["source"] for row in _finished_rows(output)}
    names: dict[str, PictureRef] = {}
    problems: list[PhotoError] = []
    for ref in refs:
        other = names.setdefault(packing.member_name(ref), ref)
        if other is not ref:
            problems.append(
                PhotoError(f"{ref}: has the same name in a shard as {other}", "rename one of them")
            )
    waiting = [ref for ref in names.values() if _source(ref, folder) not in done]
    waiting.sort(
        key=lambda ref: hashlib.sha256(ref.name.encode("utf-8", "surrogateescape")).digest()
    )
    return Plan(
        folder,
        output,
        packing,
        tuple(waiting),
        len(names) - len(waiting),
        tuple(problems),
        1 + max((int(path.stem) for path in _shards_in(output)), default=-1),
    )


def pack(plan: Plan, jobs: int, tell: Callable[[PhotoError | None], None]) -> int:
    """Write the shards, and beside them `shards.csv` with name, shard and source of each picture.

    Args:
        plan: From `plan_shards`.
        jobs: Pictures to work on at once.
        tell: Called for each picture in its turn: with None, or why it is in no shard.

    Returns:
        How many shards were written.

    Raises:
        UnwritableFileError: The folder or the disk says no.
        OutOfMemoryError: A picture does not fit into memory.
    """
    make_folder(plan.output)
    members = _encoded(plan, jobs, tell)
    number = plan.first
    pending = next(members, None)
    while pending is not None:
        pending = _write_shard(plan, f"{number:05}.tar", pending, members)
        number += 1
    return number - plan.first


def _encoded(plan: Plan, jobs: int, tell: Callable[[PhotoError | None], None]) -> Iterator[_Member]:
    with ThreadPoolExecutor(jobs) as pool:
        for start in range(0, len(plan.waiting), _AHEAD):
            refs = plan.waiting[start : start + _AHEAD]
            contents = pool.map(partial(_try_to_encode, packing=plan.packing), refs)
            for ref, content in zip(refs, contents, strict=True):
                if isinstance(content, PhotoError):
                    tell(content)
                else:
                    tell(None)
                    yield ref, content


def _try_to_encode(ref: PictureRef, packing: Packing) -> bytes | PhotoError:
    try:
        return _encode(ref, packing)
    except PhotoError as error:
        return error


def _encode(ref: PictureRef, packing: Packing) -> bytes:
    content = ref.read_bytes()
    photo = read(content, name=str(ref))
    if packing.format == "keep":
        return content
    picture = Image.fromarray(photo.to_uint8())
    share = packing.side / min(picture.size)
    if share < 1:
        width, height = (max(1, round(length * share)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    quality = {} if packing.quality is None else {"quality": packing.quality}
    try:
        picture.save(encoded, packing.format, **quality)
    except (OSError, ValueError) as error:
        raise PhotoError(
            f"{ref}: can't be encoded as {packing.format}: {error}", "choose another --format"
        ) from error
    return encoded.getvalue()


def _write_shard(
    plan: Plan, name: str, first: _Member, members: Iterator[_Member]
) -> _Member | None:
    """Write as many members as fit into one shard; return the first that does not, if any."""
    rows: list[_Row] = []
    pending: _Member | None = first
    with atomic_target(plan.output / name, overwrite=False) as temporary:
        with tarfile.open(temporary, "w") as shard:
            while pending is not None and (not rows or _fits(pending, rows, shard, plan.packing)):
                ref, content = pending
                info = tarfile.TarInfo(plan.packing.member_name(ref))
                info.size = len(content)
                shard.addfile(info, io.BytesIO(content))
                source = _source(ref, plan.folder)
                rows.append({"name": info.name, "shard": name, "source": source})
                pending = next(members, None)
        # Before the shard appears: one that stands there is in the list.
        with (plan.output / LIST).open(
            "a", encoding="utf-8", newline="", errors="surrogateescape"
        ) as file:
            _write_rows(rows, file, header=file.tell() == 0)
    return pending


def _fits(member: _Member, rows: list[_Row], shard: tarfile.TarFile, packing: Packing) -> bool:
    # Its header and its end, and the end of the shard.
    size = len(member[1]) + 2 * tarfile.BLOCKSIZE + tarfile.RECORDSIZE
    return len(rows) < packing.count and shard.offset + size <= packing.size_limit


def _finished_rows(output: Path) -> list[_Row]:
    """Return the list's rows whose shard was finished, and leave only those in the list.

    Raises:
        UsageError: There are shards that the list does not know.
    """
    listed = output / LIST
    shards = {path.name for path in _shards_in(output)}
    rows: list[_Row] = []
    if listed.exists():
        with listed.open(encoding="utf-8", newline="", errors="surrogateescape") as file:
            rows = [row for row in csv.DictReader(file) if row.get("shard") in shards]
    if unknown := sorted(shards - {row["shard"] for row in rows}):
        raise UsageError(
            f"{output / unknown[0]}: a shard that is not in {LIST}", "choose another folder with -o"
        )
    if listed.exists():
        with (
            atomic_target(listed, overwrite=True) as temporary,
            temporary.open("w", encoding="utf-8", newline="", errors="surrogateescape") as file,
        ):
            _write_rows(rows, file, header=True)
    return rows


def _write_rows(rows: list[_Row], file: io.TextIOWrapper, *, header: bool) -> None:
    writer: csv.DictWriter[str] = csv.DictWriter(file, ["name", "shard", "source"])
    if header:
        writer.writeheader()
    writer.writerows(rows)


def _shards_in(output: Path) -> list[Path]:
    if not output.is_dir():
        return []
    return [path for path in output.iterdir() if path.suffix.lower() in SHARD_SUFFIXES]


def _source(ref: PictureRef, folder: Path) -> str:
    """Return where a picture is below the folder, whatever the folder is called at the moment."""
    place = ref.file.relative_to(folder).as_posix()
    return place if ref.offset is None else f"{place}: {ref.name}"
