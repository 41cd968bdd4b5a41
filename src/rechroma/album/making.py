"""Making an album: small pictures, pages, and a list of what is the album's own."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rechroma._version import __version__
from rechroma.album.captions import caption_of
from rechroma.color import lab_to_rgb, lightness
from rechroma.errors import OutOfMemoryError, PhotoError, RechromaError, UnwritableFileError
from rechroma.files import make_folder, write_whole
from rechroma.limits import available_cores
from rechroma.metadata import Mark, Metadata, read_metadata
from rechroma.photo import Photo, encode, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from rechroma.album.entries import Entry

__all__ = ["Made", "make_album"]

# Pixels of the longer side: of a picture, and of a thumbnail.
_SIDE, _SMALL = 1600, 360
_QUALITY, _SMALL_QUALITY = 85, 78
_A_PAGE = 60
_LIST = "album.json"
_PLACE = re.compile(r"<!--([A-Z]+)-->")
_TEMPLATE = Path(__file__).with_name("page.html")
_MACHINE_COLORED = b"compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an album.

    Attributes:
        page: Its first page.
        pictures: How many are in it.
        pages: How many it has.
        failed: Pictures that could not be read, each with the reason.
    """

    page: Path
    pictures: int
    pages: int
    failed: tuple[tuple[Path, RechromaError], ...]


class _Files(NamedTuple):
    """What the files of a picture are called."""

    before: str
    after: str
    thumbnail: str


def _files(number: int) -> _Files:
    stem = f"{number:04}"
    return _Files(
        f"pictures/{stem}-before.jpg", f"pictures/{stem}-after.jpg", f"thumbnails/{stem}.jpg"
    )


class _Shown(NamedTuple):
    """A picture of the album: what stands below it, and its sizes in pixels."""

    number: int
    caption: str
    size: tuple[int, int]
    small: tuple[int, int]


def make_album(
    entries: Sequence[Entry],
    out: Path,
    *,
    title: str,
    jobs: int | None = None,
    max_pixels: int | None = None,
    tell: Callable[[int], None] | None = None,
) -> Made:
    """Write an album: HTML pages that work from a disk, with nothing from elsewhere.

    Pictures are written anew, at most 1,600 pixels on the longer side, and carry no metadata but
    the mark that a machine made their colors. An album that was made before is replaced; a file
    that it did not write, or that somebody has changed since, never is.

    Args:
        entries: At least one.
        out: Its folder.
        title: What stands above it.
        jobs: Pictures at once; by default one a core.
        max_pixels: Pictures with more are refused; None for no limit.
        tell: Called with how many pictures are done.

    Raises:
        UnwritableFileError: A name in the folder is taken by a file that is not the album's.
        PhotoError: No picture at all could be read.
    """
    numbers = range(1, len(entries) + 1)
    pictures = chain.from_iterable(map(_files, numbers))
    folder = _Folder(out, [*pictures, *_page_names(len(entries))])
    shown: list[_Shown] = []
    failed: list[tuple[Path, RechromaError]] = []
    with ThreadPoolExecutor(jobs or available_cores()) as pool:
        made = pool.map(partial(_prepared, max_pixels=max_pixels), entries)
        try:
            for entry, result in zip(entries, made, strict=True):
                if isinstance(result, RechromaError):
                    failed.append((entry.after, result))
                else:
                    shown.append(_put(folder, len(shown) + 1, result))
                if tell is not None:
                    tell(len(shown) + len(failed))
        except BaseException:
            # An interrupt or a full disk: nobody waits for the others.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if not shown:
        raise failed[0][1]
    pages = list(_pages(shown, title))
    for name, text in pages:
        folder.write(name, text.encode())
    folder.close()
    return Made(out / pages[0][0], len(shown), len(pages), tuple(failed))


class _Prepared(NamedTuple):
    caption: str
    size: tuple[int, int]
    small: tuple[int, int]
    before: bytes
    after: bytes
    thumbnail: bytes


def _prepared(entry: Entry, max_pixels: int | None) -> _Prepared | RechromaError:
    """Return what an album needs of a picture, or why that can't be made."""
    try:
        after = read(entry.after, max_pixels=max_pixels)
        before = None if entry.before is None else read(entry.before, max_pixels=max_pixels)
    except (PhotoError, OutOfMemoryError) as error:
        return error
    mark = _mark_of(entry.after)
    large = _fitted(after, _SIDE)
    small = _fitted(after, _SMALL)
    was = _gray(large) if before is None else _resized(before, (large.shape[1], large.shape[0]))
    files = [entry.after, *([] if entry.before is None else [entry.before])]
    return _Prepared(
        caption_of(files, entry.name),
        (large.shape[1], large.shape[0]),
        (small.shape[1], small.shape[0]),
        _jpeg(was, None, _QUALITY),
        _jpeg(large, mark, _QUALITY),
        _jpeg(small, mark, _SMALL_QUALITY),
    )


def _mark_of(path: Path) -> Mark:
    """Return what the small pictures say of how they were made: as much as the file itself does."""
    packet = read_metadata(path).xmp or b""
    return Mark("an album", machine_colored=_MACHINE_COLORED in packet)


def _fitted(photo: Photo, side: int) -> NDArray[np.uint8]:
    scale = min(1.0, side / max(photo.width, photo.height))
    width, height = (max(1, round(scale * each)) for each in (photo.width, photo.height))
    return _resized(photo, (width, height))


def _resized(photo: Photo, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture of a size (width, height); what is transparent lies on white."""
    from PIL import Image

    picture = photo.to_pil()
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture).convert("RGB")
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(picture)


def _gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture as it was before it got colors: these left its lightness alone."""
    lab = np.zeros(picture.shape, np.float32)
    lab[..., 0] = lightness(picture.astype(np.float32) / 255)
    return np.round(255 * np.clip(lab_to_rgb(lab), 0, 1)).astype(np.uint8)


def _jpeg(picture: NDArray[np.uint8], mark: Mark | None, quality: int) -> bytes:
    photo = Photo(picture, metadata=Metadata(mark=mark))
    return encode(photo, "jpeg", quality=quality)


def _put(folder: _Folder, number: int, made: _Prepared) -> _Shown:
    files = _files(number)
    folder.write(files.before, made.before)
    folder.write(files.after, made.after)
    folder.write(files.thumbnail, made.thumbnail)
    return _Shown(number, made.caption, made.size, made.small)


class _Folder:
    """An album's folder, and which files in it are the album's own, with what is in them.

    Args:
        out: The folder.
        names: Of the files that the album may get.
    """

    def __init__(self, out: Path, names: Sequence[str]) -> None:
        self._out = out
        before = _listed(out)
        # Before anything is written: an album is replaced as a whole, or not at all.
        for name in {_LIST: "", **dict.fromkeys(names, ""), **before}:
            self._check(out / name, before.get(name), is_list=name == _LIST and bool(before))
        self._own = {**before, **dict.fromkeys(names, "")}
        self._written: dict[str, str] = {}
        make_folder(out)
        # A run that does not end leaves its files as the album's, whatever is in them.
        self._list(dict.fromkeys(self._own, ""))

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the album."""
        target = self._out / name
        make_folder(target.parent)
        write_whole(target, content, overwrite=True)
        self._written[name] = hashlib.sha256(content).hexdigest()

    def close(self) -> None:
        """Delete what the album has no more, and note what it has."""
        for name in self._own.keys() - self._written.keys():
            (self._out / name).unlink(missing_ok=True)
        self._list(self._written)

    @staticmethod
    def _check(target: Path, digest: str | None, *, is_list: bool) -> None:
        if not target.exists() or digest == "" or is_list:
            return
        if digest is None or hashlib.sha256(target.read_bytes()).hexdigest() != digest:
            raise UnwritableFileError(
                f"{target}: exists already, and is no file of this album as it was written",
                "choose another folder with -o, or move the file away",
            )

    def _list(self, files: dict[str, str]) -> None:
        said = {"generator": f"rechroma album {__version__}", "files": files}
        text = json.dumps(said, ensure_ascii=False, indent=1)
        write_whole(self._out / _LIST, text.encode(), overwrite=True)


def _listed(out: Path) -> dict[str, str]:
    """Return the files of the album that is there: name → digest; none if there is no album."""
    try:
        said = json.loads((out / _LIST).read_text(encoding="utf-8"))
        files = dict(said["files"])
        if not str(said["generator"]).startswith("rechroma album "):
            return {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    # Whatever the list says: nothing outside of the folder is the album's.
    inside = (name for name in files if not {"..", "", "/"} & set(PurePosixPath(name).parts))
    return {name: str(files[name]) for name in inside}


def _page_names(count: int) -> list[str]:
    pages = range(2, -(-count // _A_PAGE) + 1)
    return ["index.html", *(f"page-{number}.html" for number in pages)]


def _pages(shown: Sequence[_Shown], title: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page."""
    template = _TEMPLATE.read_text(encoding="utf-8")
    parts = [shown[at : at + _A_PAGE] for at in range(0, len(shown), _A_PAGE)]
    names = _page_names(len(shown))
    for index, part in enumerate(parts):
        words = {
            "TITLE": escape(title),
            "COUNT": "1 photograph" if len(shown) == 1 else f"{len(shown)} photographs",
            "FIGURES": "\n".join(map(_figure, part)),
            "PAGES": _navigation(names, index),
            "PREVIOUS": names[index - 1] if index else "",
            "NEXT": names[index + 1] if index + 1 < len(names) else "",
        }
        # In one go: a title that looks like another place stays as it is.
        yield names[index], _PLACE.sub(partial(_word, words), template)


def _word(words: dict[str, str], place: re.Match[str]) -> str:
    return words[place[1]]


def _figure(each: _Shown) -> str:
    files = _files(each.number)
    width, height = each.small
    return (
        f'<li><a id="p{each.number}" href="{files.after}" data-before="{files.before}" '
        f'data-size="{each.size[0]} {each.size[1]}">'
        f'<img src="{files.thumbnail}" width="{width}" height="{height}" alt="" loading="lazy">'
        f"<span>{escape(each.caption)}</span></a></li>"
    )


def _navigation(names: Sequence[str], here: int) -> str:
    if len(names) == 1:
        return ""
    links = (
        f'<a href="{name}"{" aria-current=page" if index == here else ""}>{index + 1}</a>'
        for index, name in enumerate(names)
    )
    return f'<nav aria-label="Pages">{"".join(links)}</nav>'
