"""Where training pictures lie: files, and members of shards that are read in place.

A shard is a `.tar`, as WebDataset lays them out, or a `.zip` whose members are stored as they are.
Of each only the places of its pictures are remembered; nothing is unpacked.
"""

from __future__ import annotations

import atexit
import errno
import mmap
import os
import struct
import threading
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from rechroma.errors import ConfigError, UnreadablePhotoError, UsageError
from rechroma.files import reason_of
from rechroma.photo import read, readable_suffixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rechroma.photo import Photo

__all__ = ["SHARD_SUFFIXES", "PictureRef", "find_pictures", "index_shard", "read_truths"]

SHARD_SUFFIXES = frozenset({".tar", ".zip"})
_MOST_OPEN = 64
# Channels of a gray picture differ by this many levels at most: what its compression adds.
_GRAY_LEVELS = 2
# PKZIP's APPNOTE, 4.3.7 and 4.4.4: a local header without its name and extra field; bit 0.
_LOCAL_HEADER = 30
_ENCRYPTED = 1
# POSIX.1-2017, pax: what a tar is made of, and the types of its members.
_BLOCK = 512
_REGULAR = (b"0", b"\0", b"7")
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")


@dataclass(frozen=True, slots=True)
class PictureRef:
    """One picture: a file, or a member of a shard. It is small, and other processes may get it.

    Attributes:
        file: The picture's own file, or the shard.
        name: Its path below the folder that was searched, or inside of the shard, with `/`.
        offset: In a shard: of its data in a tar, of its local header in a zip, bytes. None for a
            file of its own.
        size: In a shard: of its data, bytes.
    """

    file: Path
    name: str
    offset: int | None = None
    size: int = 0

    @property
    def stem(self) -> str:
        """The name without folders and suffix."""
        return PurePosixPath(self.name).stem

    @property
    def order(self) -> tuple[str, str]:
        """What pictures are sorted by: names first, whether they lie in a folder or in shards."""
        # Folder by folder, as paths are.
        return self.name.replace("/", "\0"), str(self.file)

    def __str__(self) -> str:
        """Return what messages call it."""
        return str(self.file) if self.offset is None else f"{self.file}: {self.name}"

    def read_bytes(self) -> bytes:
        """Return the picture as it is stored.

        Raises:
            UnreadablePhotoError: The file is gone, or not what it was.
        """
        try:
            return self.file.read_bytes() if self.offset is None else _shards.read(self)
        except OSError as error:
            raise UnreadablePhotoError(
                f"{self}: can't be read: {error.strerror}", "check that the file is complete"
            ) from error

    def read(self) -> Photo:
        """Decode the picture.

        Raises:
            PhotoError: See `rechroma.photo.read`; a member is named after its shard.
        """
        return read(self.file) if self.offset is None else read(self.read_bytes(), name=str(self))


class _OpenShards:
    """The shards that this process has open: the ones used last, a few dozen."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, BinaryIO] = OrderedDict()

    def read(self, ref: PictureRef) -> bytes:
        """Return a member's bytes.

        Raises:
            OSError: The shard can't be read, or is not what it was.
        """
        self._leave_parent()
        with self._lock:
            file = self._open(ref.file)
            return _read_member(file, ref)

    def forget(self, path: Path) -> None:
        """Close a shard, which may have been replaced."""
        self._leave_parent()
        with self._lock:
            if (file := self._files.pop(path, None)) is not None:
                file.close()

    def close(self) -> None:
        """Close all shards."""
        for path in list(self._files):
            self.forget(path)

    def _leave_parent(self) -> None:
        """Open everything anew after a fork: parent and child would share a file's position."""
        if self._process == os.getpid():
            return
        inherited = self._files
        self._start()
        for file in inherited.values():
            file.close()

    def _open(self, path: Path) -> BinaryIO:
        if path not in self._files:
            self._files[path] = path.open("rb")
            if len(self._files) > _MOST_OPEN:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(path)
        return self._files[path]


_shards = _OpenShards()
atexit.register(_shards.close)


def _read_member(file: BinaryIO, ref: PictureRef) -> bytes:
    file.seek(ref.offset or 0)
    if _kind(ref.file) == ".zip":
        header = file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise OSError(errno.EIO, "the shard has changed")
        file.seek(sum(struct.unpack_from("<HH", header, 26)), os.SEEK_CUR)
    content = file.read(ref.size)
    if len(content) < ref.size:
        raise OSError(errno.EIO, "the shard ends too early")
    return content


def read_truths(place: Path, limit: int | None = None) -> tuple[list[Photo], list[str]]:
    """Read color photographs to measure colorizers on, in the order of their names.

    Args:
        place: A folder of pictures, of shards, or of both; or one shard.
        limit: Only the first so many pictures.

    Returns:
        The color photographs, and the names of those that are gray and therefore not among them:
        nothing can be compared with what they lack.

    Raises:
        UsageError: There is no color photograph.
        ConfigError: A shard is broken.
        PhotoError: A picture can't be read.
    """
    is_shard = place.is_file() and _kind(place) in SHARD_SUFFIXES
    refs = index_shard(place) if is_shard else find_pictures(place)
    truths: list[Photo] = []
    gray: list[str] = []
    for ref in sorted(refs, key=lambda ref: ref.order)[:limit]:
        photo = ref.read()
        if _is_gray(photo):
            gray.append(str(ref))
        else:
            truths.append(photo)
    if not truths:
        reason = f"all {len(gray)} pictures are gray" if gray else "no pictures there"
        raise UsageError(
            f"{place}: {reason}", "give a folder of color photographs, or of .tar or .zip with such"
        )
    return truths, gray


def _is_gray(photo: Photo) -> bool:
    return photo.was_gray or int(np.ptp(photo.to_uint8(), axis=-1).max()) <= _GRAY_LEVELS


def find_pictures(folder: Path, *, outside: Path | None = None) -> list[PictureRef]:
    """Return the pictures below `folder`, its own and those in its shards, sorted by name.

    Args:
        folder: Searched with all its sub-folders, those that are links too. What a file is, its
            suffix says.
        outside: What lies below it is passed over.

    Returns:
        Nothing where there is no such folder.

    Raises:
        ConfigError: A shard is broken, or has a picture that can't be read in place.
    """
    found: list[PictureRef] = []
    suffixes = readable_suffixes()
    passed = None if outside is None else outside.resolve()
    for place in _folders(folder):
        resolved = place.resolve()
        if passed is not None and (passed == resolved or passed in resolved.parents):
            continue
        for file in filter(Path.is_file, place.iterdir()):
            if _kind(file) in SHARD_SUFFIXES:
                found += index_shard(file)
            elif _is_picture(file.name, suffixes):
                found.append(PictureRef(file, file.relative_to(folder).as_posix()))
    return sorted(found, key=lambda ref: ref.order)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield a folder and all below it; each once, though links may lead to it by several ways."""
    waiting, known = [folder], set[Path]()
    while waiting:
        place = waiting.pop()
        if not place.is_dir() or (resolved := place.resolve()) in known:
            continue
        known.add(resolved)
        yield place
        waiting += sorted(place.iterdir(), reverse=True)


def index_shard(path: Path) -> list[PictureRef]:
    """Return the pictures in a shard, in the order in which they lie there.

    Raises:
        ConfigError: The shard is broken, or has a picture that can't be read in place.
    """
    _shards.forget(path)
    members = _zip_members if _kind(path) == ".zip" else _tar_members
    suffixes = readable_suffixes()
    try:
        return [
            PictureRef(path, name.removeprefix("./"), offset, size)
            for name, offset, size in members(path)
            if _is_picture(name, suffixes)
        ]
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"{path}: can't be read as a {_kind(path)[1:]}: {reason_of(error)}",
            "mend it or move it away, then start again",
        ) from error


def _kind(path: Path) -> str:
    return path.suffix.lower()


def _is_picture(name: str, suffixes: frozenset[str]) -> bool:
    base = name.rpartition("/")[2]
    # macOS keeps what other file systems can't hold in files that are called as the pictures are.
    return base[base.rfind(".") :].lower() in suffixes and not base.startswith("._")


def _zip_members(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, offset of the local header, size) of all members."""
    suffixes = readable_suffixes()
    with zipfile.ZipFile(path) as shard:
        for member in shard.infolist():
            stored = member.compress_type == zipfile.ZIP_STORED
            if (not stored or member.flag_bits & _ENCRYPTED) and _is_picture(
                member.filename, suffixes
            ):
                raise ConfigError(
                    f"{path}: {member.filename} is {'encrypted' if stored else 'compressed'}, and "
                    "shards are read in place",
                    "pack the pictures as they are, with `zip -0`",
                )
            yield member.filename, member.header_offset, member.file_size


def _tar_members(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, offset of the data, size) of all plain members.

    Python's `tarfile` is right as well, and takes several times as long.

    Raises:
        ValueError: Broken, compressed, or cut off.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at, told = 0, dict[str, str]()
        while any(header := content[at : at + _BLOCK]) and len(header) == _BLOCK:
            _check_header(header)
            kind, data = header[156:157], at + _BLOCK
            size = int(told["size"]) if "size" in told else _number(header[124:136])
            if size < 0:
                raise ValueError("a member has a size below zero")
            at = data if kind in _WITHOUT_DATA else data + -(-size // _BLOCK) * _BLOCK
            if at > len(content):
                break
            if kind == b"L":
                told["path"] = _text(content[data : data + size])
            elif kind == b"x":
                told |= _pax_records(content[data : data + size])
            else:
                if kind in _REGULAR:
                    yield told.get("path") or _name(header), data, size
                if kind not in (b"g", b"K"):
                    told = {}
        # Its end is marked by blocks of zeros.
        if at + _BLOCK > len(content):
            raise ValueError("it ends too early")


def _check_header(header: bytes) -> None:
    """Refuse what is no header; old ones without the mark of POSIX have their checksum."""
    if header[257:262] == b"ustar":
        return
    blank = header[:148] + b" " * 8 + header[156:]
    if sum(blank) != _number(header[148:156]):
        raise ValueError("a header is broken, or it is compressed")


def _number(field: bytes) -> int:
    """Return a number, octal or, by GNU's extension, binary."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _name(header: bytes) -> str:
    name, prefix = _text(header[:100]), b""
    # GNU's old format, "ustar  ", has other things there.
    if header[257:263] == b"ustar\0":
        prefix = header[345:500]
    return f"{_text(prefix)}/{name}" if prefix.strip(b"\0") else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax_records(content: bytes) -> dict[str, str]:
    """Return the records `length key=value` of an extended header."""
    records: dict[str, str] = {}
    while content:
        length = int(content.partition(b" ")[0])
        if length < 1:
            raise ValueError("a record of an extended header has no length")
        key, _, value = content[:length].partition(b" ")[2].removesuffix(b"\n").partition(b"=")
        records[key.decode()] = value.decode("utf-8", "surrogateescape")
        content = content[length:]
    return records
