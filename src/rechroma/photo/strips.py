"""Changing a picture strip by strip: one that is too large to be held in memory whole."""

from __future__ import annotations

import errno
import os
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import OpenImageIO as oiio

from rechroma.errors import OutOfMemoryError, UnreadablePhotoError
from rechroma.files import atomic_target, file_in_memory, refuse_taken, write_whole
from rechroma.metadata import MetadataOptions, file_times, insert, prepare, read_metadata
from rechroma.photo.codec import check_pixels, unreadable
from rechroma.photo.formats import FORMATS, format_of
from rechroma.photo.icc import is_srgb
from rechroma.photo.isolation import CrashError, run_isolated
from rechroma.photo.model import Photo
from rechroma.photo.openimageio_codec import (
    bit_depth_of,
    count_pages,
    is_chroma_halved,
    is_cmyk,
    is_premultiplied,
    open_input,
    open_output,
    profile_of,
    unwritable,
)
from rechroma.photo.png_codec import png_encoding, with_filter
from rechroma.photo.samples import FILE_PIXELS, block_mean, row_strips
from rechroma.photo.tiff_codec import is_plain_tiff
from rechroma.photo.writing import restore_dates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.formats import Format
    from rechroma.photo.model import PixelChange

__all__ = ["Strips", "open_strips"]

T = TypeVar("T")

# Of a picture that is not called large: others may take longer.
_USUAL_PIXELS = 100_000_000
# What a TIFF stores as one piece is a whole part of a strip.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Strips:
    """A picture file that can be read in strips as it is: upright, RGB or RGBA, sRGB, 8 or 16 bits.

    Attributes:
        path: The file.
        head: What a whole photo of it would carry, with no pixels.
        width: Columns.
        height: Rows.
        channels: 3, or 4 with alpha.
    """

    path: Path
    head: Photo
    width: int
    height: int
    channels: int

    def thumbnail(self, side: int) -> Photo:
        """Return the photo with its longer side at about `side` pixels, float32."""
        factor = max(1, max(self.width, self.height) // side)
        small = self._isolated(self._means, factor)
        alpha = small[..., 3] if self.channels == 4 else None
        return Photo(small[..., :3], alpha, self.head.bit_depth, name=self.head.name)

    def _means(self, factor: int) -> NDArray[np.float32]:
        return np.concatenate([block_mean(strip, factor) for strip in self.strips(factor)])

    def _isolated(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function as `run_isolated` does: a crash costs this picture alone.

        Raises:
            UnreadablePhotoError: It crashed.
            OutOfMemoryError: The system ended it.
        """
        pictures, name = self.width * self.height / _USUAL_PIXELS, self.head.name
        try:
            return run_isolated(function, *arguments, risky=False, pictures=pictures)
        except CrashError as error:
            if error.is_memory:
                raise OutOfMemoryError(
                    f"{name}: there is not enough memory for it",
                    "work on fewer at a time: --jobs 1",
                ) from error
            raise UnreadablePhotoError(
                f"{name}: can't be changed in strips: {error}",
                "is the file whole? convert it elsewhere",
            ) from error

    def write(
        self,
        target: Path,
        change: PixelChange,
        *,
        quality: int | None,
        overwrite: bool,
        options: MetadataOptions | None = None,
    ) -> tuple[str, ...]:
        """Write the picture with changed colors to a file that appears whole or not at all.

        Args:
            target: The file; its folder exists, and `can_be_written` agrees.
            change: Called on one strip after the other; alpha is not given to it. In a batch it
                travels to a child: pickled.
            quality: See `rechroma.photo.write`.
            overwrite: See `rechroma.photo.write`.
            options: What is kept of the metadata; None for the defaults.

        Returns:
            What of its metadata could not be kept.

        Raises:
            UnreadablePhotoError: The file is broken.
            UnwritableFileError: Something stands at `target`, or the disk says no.
        """
        chosen = format_of(target)
        metadata, options = self.head.metadata, options or MetadataOptions()
        described = prepare(metadata, chosen.name, self.width, self.height, options)
        self._write_whole(target, chosen, change, described, quality, overwrite=overwrite)
        if options.keep_dates:
            restore_dates(target, metadata)
        return described.notes

    def _write_whole(
        self,
        target: Path,
        chosen: Format,
        change: PixelChange,
        described: Metadata,
        quality: int | None,
        *,
        overwrite: bool,
    ) -> None:
        if chosen.name == "jpeg":
            # libjpeg ends the process where a disk is full: its files, the smallest, go to memory.
            refuse_taken(target, overwrite=overwrite)
            content = self._isolated(self._encoded, chosen, change, described, quality)
            write_whole(target, content, overwrite=overwrite)
            return
        with atomic_target(target, overwrite=overwrite) as temporary:
            self._isolated(self._write_checked, temporary, chosen, change, described, quality)

    def _encoded(
        self, chosen: Format, change: PixelChange, described: Metadata, quality: int | None
    ) -> NDArray[np.uint8]:
        """Return the bytes of the file."""
        with file_in_memory(chosen.suffixes[0]) as file:
            self._write(file, chosen, change, described, quality)
            return np.fromfile(file, np.uint8)

    def _write_checked(
        self,
        file: Path,
        chosen: Format,
        change: PixelChange,
        described: Metadata,
        quality: int | None,
    ) -> None:
        written = self._write(file, chosen, change, described, quality)
        # libpng does not say that a disk is full. Both formats are lossless.
        if _checksum_of(replace(self, path=file)) != written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def can_be_written(self, target: Path) -> bool:
        """Tell whether the target's format takes strips, and all that this picture has."""
        chosen = format_of(target)
        alpha = self.channels == 3 or chosen.alpha
        return chosen.by_rows and alpha and self.head.bit_depth in chosen.depths

    def _write(
        self,
        file: Path,
        chosen: Format,
        change: PixelChange,
        described: Metadata,
        quality: int | None,
    ) -> int:
        """Write the file, and return the checksum of its samples."""
        strips = self._changed(change)
        first = next(strips)
        if chosen.name == "png":
            chosen = with_filter(chosen, first)
        shape = self.height, self.width, self.channels
        chosen = chosen.alike(chroma_halved=self.head.chroma_halved, quality=quality)
        output = open_output(file, chosen, shape, self.head.samples.dtype, quality)
        row, done, checksum = 0, True, 0
        with closing(output):
            for strip in chain([first], strips):
                checksum = zlib.crc32(cast("bytes", strip), checksum)
                done = done and output.write_scanlines(row, row + len(strip), 0, strip)
                row += len(strip)
            if not (done and output.close()):
                raise unwritable(file, output.geterror())
        insert(file, chosen.name, described)
        return checksum

    def _changed(self, change: PixelChange) -> Iterator[NDArray[Any]]:
        for strip in self.strips(1):
            changed = change(np.ascontiguousarray(strip[..., :3]))
            if self.channels == 4:
                changed = np.dstack([changed, strip[..., 3]])
            yield np.ascontiguousarray(changed)

    def strips(self, factor: int) -> Iterator[NDArray[Any]]:
        """Yield samples, shape (rows, W, 3 or 4), in the file's type, `factor` dividing rows."""
        shape = self.height, self.width
        source = open_input(self.path)
        if source is None:
            raise unreadable(self.head.name, oiio.geterror())
        with closing(source):
            for rows in row_strips(shape, FILE_PIXELS, multiple=_ROWS * factor):
                values = source.read_scanlines(
                    0, 0, rows.start, rows.stop, 0, 0, self.channels, oiio.UNKNOWN
                )
                if values is None or source.has_error:
                    raise unreadable(self.head.name, source.geterror())
                yield values.reshape(-1, self.width, self.channels)


def _checksum_of(strips: Strips) -> int | None:
    """Return the checksum of a file's samples; None if it can't be read to its end."""
    checksum = 0
    try:
        for strip in strips.strips(1):
            checksum = zlib.crc32(cast("bytes", np.ascontiguousarray(strip)), checksum)
    except UnreadablePhotoError:
        return None
    return checksum


def open_strips(path: Path, *, max_pixels: int | None) -> Strips | None:
    """Return a file as strips; None where it has to be read as a whole, or can't be read.

    Raises:
        PhotoTooLargeError: More pixels than the limit.
    """
    try:
        return run_isolated(_open_here, path, max_pixels, risky=False)
    except CrashError:
        return None  # reading it as a whole says so


def _open_here(path: Path, max_pixels: int | None) -> Strips | None:
    if not path.is_file():
        return None
    source = open_input(path)
    if source is None:
        oiio.geterror()
        return None
    with closing(source):
        spec = source.spec()
        check_pixels(spec.width, spec.height, max_pixels, str(path))
        names = tuple(spec.channelnames)
        if not (
            _by_rows(source.format_name())
            and spec.tile_width == 0
            and names in (("R", "G", "B"), ("R", "G", "B", "A"))
            and str(spec.format) in ("uint8", "uint16")
            and spec.get_int_attribute("Orientation", 1) == 1
            and _is_srgb(spec)
            and _as_it_stands(path, source.format_name(), spec)
        ):
            return None
        head = Photo(
            np.empty((0, 0, 3), str(spec.format)),
            bit_depth=bit_depth_of(spec),
            format=source.format_name(),
            metadata=replace(read_metadata(path), times=file_times(path)),
            name=str(path),
            pages_dropped=count_pages(source) - 1,
            chroma_halved=is_chroma_halved(spec),
        )
        return Strips(path, head, spec.width, spec.height, len(names))


def _by_rows(name: str) -> bool:
    return name in FORMATS and FORMATS[name].by_rows


def _as_it_stands(path: Path, name: str, spec: oiio.ImageSpec) -> bool:
    """Tell whether nothing else that a file says changes its pixels."""
    if name == "tiff":
        return is_plain_tiff(path) and (spec.alpha_channel < 0 or not is_premultiplied(name, spec))
    return name != "png" or png_encoding(path) is None


def _is_srgb(spec: oiio.ImageSpec) -> bool:
    """Tell whether a file's numbers are sRGB as they stand."""
    profile = profile_of(spec)
    return not is_cmyk(spec) and (profile is None or is_srgb(profile))
