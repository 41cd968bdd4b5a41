"""Files that appear whole or not at all, whatever is in them."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rechroma.errors import UnwritableFileError

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "atomic_target",
    "child_folder",
    "copy_file",
    "file_in_memory",
    "file_size_limit",
    "has_unicode_name",
    "is_file",
    "make_folder",
    "reason_of",
    "refuse_taken",
    "unicode_path",
    "unwritable_file",
    "write_checked",
    "write_whole",
]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK = 1 << 24


@contextmanager
def atomic_target(target: Path, *, overwrite: bool) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success it becomes `target`.

    Args:
        target: The file to make; its folder exists.
        overwrite: Replace what stands there; otherwise it is left alone, even if somebody made it
            in the meantime.

    Raises:
        UnwritableFileError: The folder or the disk says no, or something stands at `target`.
    """
    refuse_taken(target, overwrite=overwrite)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".rechroma-") as folder:
            temporary = Path(folder, target.name)
            yield temporary
            _put(temporary, target, overwrite=overwrite)
    except OSError as error:
        raise unwritable_file(target, error) from error


def unwritable_file(target: Path | str, error: OSError) -> UnwritableFileError:
    """Return the error of a file that the system does not write."""
    full = error.errno in _FULL
    return UnwritableFileError(
        f"{target}: can't be written: {error.strerror or error}",
        "make room there, or choose another output" if full else "choose another output",
    )


def write_whole(target: Path, content: bytes | NDArray[np.uint8], *, overwrite: bool) -> None:
    """Write a file that appears with all of its bytes, or not at all.

    Raises:
        UnwritableFileError: The folder or the disk says no, or something stands at `target`.
    """
    with atomic_target(target, overwrite=overwrite) as temporary:
        write_checked(temporary, content)


def write_checked(file: Path, content: bytes | NDArray[np.uint8]) -> None:
    """Write bytes to a new file, and look whether it has all of them.

    Raises:
        OSError: The disk says no.
    """
    view = memoryview(cast("bytes", content)).cast("B")
    # Unbuffered: what is not written is known at once, not by whoever closes the file.
    with file.open("wb", buffering=0) as out:
        done = 0
        while done < view.nbytes:
            done += out.write(view[done : done + _CHUNK])
        size = os.fstat(out.fileno()).st_size
    if size != view.nbytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def file_in_memory(suffix: str) -> Generator[Path]:
    """Yield the path of a new, empty file that takes no room on any disk, where there are such.

    Encoders that can only write files write there: some of them don't look whether a disk took
    what they wrote. Where a system has no files in memory, its folder for temporary files has to
    do.

    Args:
        suffix: Of its name, with the dot.

    Raises:
        OSError: There is none to be had, or the limit on the size of files was reached.
    """
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        path = Path(folder, f"picture{suffix}")
        if sys.platform != "linux":
            yield path
            return
        handle = os.memfd_create("rechroma")
        try:
            path.symlink_to(f"/proc/self/fd/{handle}")
            yield path
        finally:
            os.close(handle)


def child_folder(process: int) -> Path:
    """Return the folder for the temporary files of a child, in which a crash leaves them."""
    return Path(tempfile.gettempdir(), f"rechroma-child-{process}")


def is_file(path: str | Path) -> bool:
    """Tell whether a file stands at a path: none does at one that is too long."""
    return os.path.isfile(path)  # noqa: PTH113 (Path's own raises for a name that is too long)


def has_unicode_name(path: Path) -> bool:
    """Tell whether a path is text; elsewhere than on Windows it may be any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def unicode_path(path: Path) -> Generator[Path]:
    """Yield a path for libraries that take only text: a link to the file if its own is none."""
    if has_unicode_name(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        link = Path(folder, "picture")
        link.symlink_to(path.absolute())
        yield link


def reason_of(error: Exception) -> str:
    """Return why a file can't be read, in one line that names no file and no number of an error."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return "not a text in UTF-8"
    return " ".join(str(error).split())


def file_size_limit() -> int | None:
    """Return the bytes that a file of this process may have; None for any number."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if limit == resource.RLIM_INFINITY else limit


def refuse_taken(target: Path, *, overwrite: bool) -> None:
    """Refuse a name at which something stands, unless that may be replaced.

    Raises:
        UnwritableFileError: Something does.
    """
    try:
        taken = target.exists()
    except OSError as error:  # a name that is too long
        raise unwritable_file(target, error) from error
    if taken and not overwrite:
        raise _taken(target)


def copy_file(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file byte for byte; see `atomic_target` for the errors."""
    with atomic_target(target, overwrite=overwrite) as temporary:
        shutil.copyfile(source, temporary)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        UnwritableFileError: The disk says no.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFileError(
            f"cannot make the folder {folder}: {error.strerror}", "choose another output"
        ) from error


def _put(temporary: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        # A new link fails if the name is taken, even if somebody took it just now.
        os.link(temporary, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # A file system without hard links: reserve the name, then fill it.
        _reserve(target)
        try:
            temporary.replace(target)
        except OSError:
            with suppress(OSError):
                target.unlink()
            raise


def _reserve(target: Path) -> None:
    try:
        target.open("xb").close()
    except FileExistsError:
        raise _taken(target) from None


def _taken(target: Path) -> UnwritableFileError:
    mend = "add --overwrite to replace it; in Python, overwrite=True"
    return UnwritableFileError(f"{target}: exists already", mend)
