"""TIFF: which of a file's pictures is meant, and what its numbers are; OpenImageIO's pixels."""

from __future__ import annotations

import shutil
import struct
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.errors import UnreadablePhotoError
from rechroma.metadata import insert, read_metadata
from rechroma.photo.codec import check_pixels, unreadable
from rechroma.photo.openimageio_codec import OpenImageIOCodec, decode_page
from rechroma.photo.samples import to_float
from rechroma.photo.table_profile import lab_to_srgb
from rechroma.photo.tiff_writer import can_write_tiff, write_tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.codec import Decoded
    from rechroma.photo.formats import Format

__all__ = ["TiffCodec", "is_plain_tiff"]

# Tags and values of TIFF 6.0, its supplements and DNG.
_REDUCED, _MASK = 1, 4
_UNSIGNED, _SIGNED = 1, 2
_PALETTE = 3
_SEPARATED, _CIELAB, _ICCLAB = 5, 8, 9
_RAW_COLORS, _JPEGS = (_SEPARATED, _CIELAB, _ICCLAB), (6, 7)
_CAMERA_RAW = (32803, 34892)
_DNG_VERSION = 50706
# What OpenImageIO's wheels come without: compression → its name, and whether Pillow has it.
_FOREIGN = {
    34925: ("LZMA", True), 50000: ("Zstandard", True), 34926: ("Zstandard", True),
    34887: ("LERC", False), 50002: ("JPEG XL", False),
    52546: ("JPEG XL", False), 33003: ("JPEG 2000", False), 33004: ("JPEG 2000", False),
    33005: ("JPEG 2000", False), 34712: ("JPEG 2000", False), 34661: ("JBIG", False),
}  # fmt: skip
# More directories than this are nobody's pictures.
_MAX_DIRECTORIES = 1000


@dataclass(frozen=True, slots=True)
class _Page:
    """One directory: where it is, and what it says. `index` is None of one below another."""

    offset: int
    index: int | None
    width: int
    height: int
    kind: int
    photometric: int
    compression: int
    bits: int
    samples: int
    sample_format: int
    dng: bool

    @property
    def full(self) -> bool:
        return not self.kind & (_REDUCED | _MASK)

    @property
    def area(self) -> int:
        return self.width * self.height


class TiffCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec`, told which picture to take and what its numbers are."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode a file's first picture, or the full one that a thumbnail stands before."""
        pages = _pages(path)
        if not pages or not pages[0].area:
            return super().decode(path, name, max_pixels)
        page = _chosen(pages)
        if page.photometric in _CAMERA_RAW or pages[0].dng:
            from rechroma.photo.extra_codecs import RawCodec

            return RawCodec().decode(path, name, max_pixels)
        found = _in_known_numbers(_decode(path, page, name, max_pixels), page)
        return replace(found, pages=max(1, sum(each.full for each in pages if each.index is not None
                                               or each is page)))  # fmt: skip

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Write a file; see `Codec`."""
        if not can_write_tiff(values):
            super().encode(file, format, values, metadata, quality)
            return
        write_tiff(file, values)
        insert(file, format.name, metadata)


def is_plain_tiff(path: Path) -> bool:
    """Tell whether a file's first picture is the one that is meant, in RGB as it stands."""
    pages = _pages(path)
    if not pages or not pages[0].area or _chosen(pages) is not pages[0]:
        return False
    first = pages[0]
    return (
        first.photometric == 2
        and first.sample_format != _SIGNED
        and not first.dng
        and first.compression not in _FOREIGN
    )


def _pages(path: Path) -> list[_Page]:
    """Return all directories in order; an empty list if they can't be followed."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    found: list[_Page] = []
    seen: set[int] = set()
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = file.read(8)
        if head[2:3] == b"+" or head[3:4] == b"+":
            head += file.read(8)
        try:
            offset, index = ImageFileDirectory_v2(head).next, 0
            while offset and offset not in seen and len(found) < _MAX_DIRECTORIES:
                seen.add(offset)
                tags = ImageFileDirectory_v2(head)
                file.seek(offset)
                tags.load(file)
                found.append(_page(tags, offset, index))
                below = tags.get(330, ())
                for start in (below,) if isinstance(below, int) else below:
                    sub = ImageFileDirectory_v2(head)
                    file.seek(int(start))
                    sub.load(file)
                    found.append(_page(sub, int(start), None))
                offset, index = tags.next, index + 1
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error, OverflowError):
            return found
    return found


def _page(tags: Any, offset: int, index: int | None) -> _Page:  # noqa: ANN401 - Pillow's
    def number(tag: int, default: int) -> int:
        value = tags.get(tag, default)
        return int(value[0] if isinstance(value, tuple) else value)

    # The older tag 255 has 2 for a reduced picture.
    kind = number(254, _REDUCED if number(255, 1) == 2 else 0)
    return _Page(
        offset, index, number(256, 0), number(257, 0), kind, number(262, 1), number(259, 1),
        number(258, 1), number(277, 1), number(339, _UNSIGNED), _DNG_VERSION in tags,
    )  # fmt: skip


def _chosen(pages: list[_Page]) -> _Page:
    """Return the first picture, or a larger one below it; the largest one where it is reduced."""
    first = pages[0]
    full = [page for page in pages if page.full] or pages
    if not first.full:
        return max(full, key=lambda page: page.area)
    larger = [page for page in full if page.index is None]
    return max([first, *larger], key=lambda page: page.area)


def _decode(path: Path, page: _Page, name: str, max_pixels: int | None) -> Decoded:
    # In JPEG compression the decoder knows what it has.
    raw_color = page.compression not in _JPEGS and page.photometric in _RAW_COLORS
    if page.compression in _FOREIGN or (page.photometric == _PALETTE and page.samples > 1):
        check_pixels(page.width, page.height, max_pixels, name)
        return _by_pillow(path, page, name)
    if page.index is not None:
        return decode_page(path, name, max_pixels, page.index, raw_color=raw_color)
    # OpenImageIO follows the chain of directories alone: a copy whose chain begins there.
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        copy = Path(folder, "picture.tif")
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        with copy.open("r+b") as file:
            head = file.read(4)
            order, big = ("<" if head[:2] == b"II" else ">"), b"+" in head
            file.seek(8 if big else 4)
            file.write(struct.pack(f"{order}Q" if big else f"{order}I", page.offset))
        return decode_page(copy, name, max_pixels, raw_color=raw_color)


def _by_pillow(path: Path, page: _Page, name: str) -> Decoded:
    """Decode what is read by Pillow alone: palettes with alpha, compressions of its libtiff.

    Of those 8 bits, or 16 of gray.
    """
    from PIL import Image

    from rechroma.photo.pillow_codec import decoded

    kind, in_pillow = _FOREIGN.get(page.compression, ("this", True))
    refusal = UnreadablePhotoError(
        f"{name}: a TIFF with {kind} compression and {page.bits} bits can't be read",
        "save it with another compression, such as ZIP or LZW",
    )
    if not in_pillow or page.index is None:
        raise refusal
    try:
        with warnings.catch_warnings(), Image.open(path, formats=["TIFF"]) as picture:
            warnings.simplefilter("ignore")
            picture.seek(page.index)
            if page.bits > 8 and not picture.mode.startswith("I;16"):
                raise refusal
            found = decoded(picture, "tiff")
            metadata = read_metadata(path)
            found = replace(found, orientation=metadata.orientation, metadata=metadata)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise unreadable(name, str(error), path) from error
    # Pillow inverts up to 8 bits, as OpenImageIO does.
    return found


def _in_known_numbers(found: Decoded, page: _Page) -> Decoded:
    colors = found.colors
    if colors.dtype == np.int8:
        # Programs that mark bytes as signed mean them as they are: so ImageMagick and Pillow do.
        colors = np.ascontiguousarray(colors).view(np.uint8)
        found = replace(found, colors=colors)
    if page.photometric == 0 and colors.shape[2] == 1 and colors.dtype != np.uint8:
        # Up to 8 bits the decoder has done it.
        top = 1 if colors.dtype.kind == "f" else np.iinfo(colors.dtype).max
        return replace(found, colors=np.array(top, colors.dtype) - colors)
    if page.photometric in (_CIELAB, _ICCLAB) and colors.shape[2] == 3:
        return replace(found, colors=lab_to_srgb(_lab(colors, page.photometric)), profile=None)
    return found


def _lab(stored: NDArray[Any], photometric: int) -> NDArray[np.float32]:
    """Return CIELAB: a and b are signed, or shifted by half of the range in ICC's kind."""
    if stored.dtype.kind == "f":
        return stored.astype(np.float32)
    deep = stored.dtype.itemsize == 2
    if photometric == _ICCLAB:
        scaled = stored.astype(np.float32) / np.float32(256 if deep else 1)
        lightness = scaled[..., :1] * np.float32(100 / 255)
        return np.concatenate([lightness, scaled[..., 1:] - 128], axis=-1)
    signed = np.ascontiguousarray(stored[..., 1:]).view(np.int16 if deep else np.int8)
    chroma = signed.astype(np.float32) / np.float32(256 if deep else 1)
    return np.concatenate([to_float(stored[..., :1]) * 100, chroma], axis=-1)
