"""Writing a photograph."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from rechroma.color import srgb_to_linear
from rechroma.errors import OutOfMemoryError, UnreadablePhotoError, UnwritablePhotoError
from rechroma.files import (
    file_in_memory,
    file_size_limit,
    refuse_taken,
    unwritable_file,
    write_whole,
)
from rechroma.metadata import MetadataOptions, prepare
from rechroma.photo.codec_table import codec_for
from rechroma.photo.formats import find_format, format_of
from rechroma.photo.isolation import CrashError, GoneError, run_isolated
from rechroma.photo.samples import SAMPLE_TYPES, requantize, to_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.child_process import Child
    from rechroma.photo.formats import BitDepth, Format, FormatName
    from rechroma.photo.gray_copy import GrayCopy

__all__ = [
    "Picture",
    "Written",
    "encode",
    "is_gray_copied",
    "restore_dates",
    "write",
    "write_described",
]


class Written(NamedTuple):
    """What became of a file.

    Attributes:
        format: The name of its format.
        notes: What of its metadata could not be kept.
        gray_copied: Whether the gray of a JPEG was copied into it, not coded anew.
    """

    format: str
    notes: tuple[str, ...] = ()
    gray_copied: bool = False


class Picture(Protocol):
    """What can be written: a `Photo`, which says what its attributes mean."""

    @property
    def samples(self) -> NDArray[Any]:
        """Colors."""
        ...

    @property
    def alpha(self) -> NDArray[Any] | None:
        """Transparency."""
        ...

    @property
    def bit_depth(self) -> BitDepth:
        """Bits of a channel."""
        ...

    @property
    def metadata(self) -> Metadata:
        """What describes it."""
        ...

    @property
    def chroma_halved(self) -> bool:
        """Whether it was a JPEG of 4:2:0."""
        ...

    @property
    def gray_copy(self) -> GrayCopy | None:
        """What a JPEG of it is made of, if that takes no pixels in color."""
        ...

    @property
    def home(self) -> Child | None:
        """The child that has the samples."""
        ...

    @property
    def height(self) -> int:
        """Rows."""
        ...

    @property
    def width(self) -> int:
        """Columns."""
        ...


def write(
    photo: Picture,
    target: str | os.PathLike[str],
    *,
    format: FormatName | None = None,  # noqa: A002 - the word that everybody uses
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    strip_metadata: bool = MetadataOptions.strip_metadata,
    strip_gps: bool = MetadataOptions.strip_gps,
    mark: bool = MetadataOptions.mark,
    keep_dates: bool = MetadataOptions.keep_dates,
) -> None:
    """Write a photo to a file that appears whole or not at all.

    Args:
        photo: A `Photo`. Its metadata are written again, its ICC profile is sRGB.
        target: The file; its folder exists.
        format: A name, such as "png"; from the target's suffix if None.
        bit_depth: The photo's own if None; the nearest that the format has.
        quality: 1…100 for lossy formats; 95 if None, and a JPEG of a gray one in color then keeps
            that one's own gray (`Photo.gray_copy`).
        overwrite: Replace what stands at `target`.
        strip_metadata: Leave out EXIF, XMP, IPTC, comments and resolution.
        strip_gps: Leave out coordinates: EXIF's GPS, and those in XMP.
        mark: Say in XMP that a machine made the colors, and with which model and settings.
        keep_dates: Give the file the dates of the one that was read.

    Raises:
        UnwritablePhotoError: A format that can't be written, or not with these pixels.
        UnwritableFileError: Something stands at `target`, or the disk says no.

    Examples:
        >>> import rechroma
        >>> photo = rechroma.read("examples/louis-armstrong-1946.jpg")
        >>> rechroma.write(photo, "louis.png", bit_depth=16)
        >>> rechroma.read("louis.png").bit_depth
        16
    """
    chosen = find_format(format) if format else format_of(Path(target))
    options = MetadataOptions(
        strip_metadata=strip_metadata, strip_gps=strip_gps, mark=mark, keep_dates=keep_dates
    )
    write_described(photo, Path(target), chosen, options, bit_depth, quality, overwrite=overwrite)


def write_described(
    photo: Picture,
    target: Path,
    chosen: Format,
    options: MetadataOptions,
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
    *,
    overwrite: bool = False,
) -> Written:
    """Write a photo as `write` does, and say how that went."""
    refuse_taken(target, overwrite=overwrite)
    made_of = _made_of(photo, chosen.name, quality)
    if made_of is not None:
        content, notes = made_of.encode(photo.metadata, options)
    else:
        described = _described(photo, chosen, options)
        content = _encoded(photo, target.name, chosen, described, bit_depth, quality)
        notes = described.notes
    write_whole(target, content, overwrite=overwrite)
    if options.keep_dates:
        restore_dates(target, photo.metadata)
    return Written(chosen.name, notes, gray_copied=made_of is not None and made_of.is_copied)


def is_gray_copied(photo: Picture, name: str, quality: int | None) -> bool:
    """Tell whether a file of the photo, in a format of this name, holds a gray JPEG's own scans."""
    made_of = _made_of(photo, name, quality)
    return made_of is not None and made_of.is_copied


def _made_of(photo: Picture, name: str, quality: int | None) -> GrayCopy | None:
    """Return what a file is made of, if that takes no pixels: its gray has its quality."""
    return photo.gray_copy if name == "jpeg" and quality is None else None


def restore_dates(target: Path, metadata: Metadata) -> None:
    """Give a file the dates of the one that the metadata come from, where the system allows it."""
    if metadata.times is not None:
        with suppress(OSError):
            os.utime(target, ns=metadata.times)


def _described(photo: Picture, chosen: Format, options: MetadataOptions) -> Metadata:
    return prepare(photo.metadata, chosen.name, photo.width, photo.height, options)


def encode(
    photo: Picture,
    format: FormatName,  # noqa: A002 - the word that everybody uses
    *,
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
    options: MetadataOptions | None = None,
) -> bytes:
    """Return the bytes of a picture file; see `write`."""
    chosen = find_format(format)
    made_of = _made_of(photo, chosen.name, quality)
    if made_of is not None:
        return made_of.encode(photo.metadata, options or MetadataOptions())[0]
    described = _described(photo, chosen, options or MetadataOptions())
    return _encoded(photo, "the picture", chosen, described, bit_depth, quality).tobytes()


def _encoded(
    photo: Picture,
    name: str,
    chosen: Format,
    described: Metadata,
    bit_depth: BitDepth | None,
    quality: int | None,
) -> NDArray[np.uint8]:
    """Return the bytes of a file: all of them, before the first one gets near a disk.

    Raises:
        UnwritablePhotoError: The format does not hold this picture, or its encoder crashed.
        UnwritableFileError: There is no room even for the encoder's own file.
        OutOfMemoryError: The system ended the encoder.
    """
    # Where files are limited, so are those in memory, and libjpeg ends the process.
    limit = file_size_limit()
    try:
        return run_isolated(
            _encode_here, photo, name, chosen, described, bit_depth, quality,
            risky=limit is not None, home=photo.home,
        )  # fmt: skip
    except GoneError:
        # Another picture's crash has taken the child: the samples are read anew.
        _ = photo.samples
        return _encoded(photo, name, chosen, described, bit_depth, quality)
    except CrashError as error:
        if error.is_memory:
            raise OutOfMemoryError(
                f"{name}: there is not enough memory to write it", "make the picture smaller"
            ) from error
        if limit is not None:
            raise unwritable_file(name, _too_large()) from _too_large()
        raise UnwritablePhotoError(
            f"{name}: can't be written: {error}", "choose another format"
        ) from error
    except OSError as error:
        raise unwritable_file(name, error) from error


def _encode_here(
    photo: Picture,
    name: str,
    chosen: Format,
    described: Metadata,
    bit_depth: BitDepth | None,
    quality: int | None,
) -> NDArray[np.uint8]:
    height, width = photo.samples.shape[:2]
    if min(height, width) < chosen.min_side:
        raise UnwritablePhotoError(
            f"{name}: {chosen.title} does not take {width}×{height} pixels",
            f"choose another format; this one needs {chosen.min_side} pixels a side",
        )
    dtype = SAMPLE_TYPES[chosen.nearest_depth(bit_depth or photo.bit_depth)]
    values = _values(photo, chosen, dtype)
    chosen = chosen.alike(chroma_halved=photo.chroma_halved, quality=quality)
    limit = file_size_limit()
    with file_in_memory(chosen.suffixes[0]) as file:
        try:
            codec_for(chosen).encode(file, chosen, values, described, quality)
        except UnwritablePhotoError as error:
            if limit is not None and file.stat().st_size >= limit:
                raise _too_large() from error
            raise UnwritablePhotoError(error.what.replace(file.name, name), error.mend) from error
        content = np.fromfile(file, np.uint8)
        if limit is not None:
            _check_whole(file, chosen, content.size, limit)
    return content


def _check_whole(file: Path, chosen: Format, size: int, limit: int) -> None:
    """Read a file that may have been cut off: not every encoder says that it could not go on.

    Raises:
        OSError: It was.
    """
    if size >= limit:
        raise _too_large()
    try:
        codec_for(chosen).decode(file, file.name, None)
    except UnreadablePhotoError as error:
        raise _too_large() from error


def _too_large() -> OSError:
    return OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def _values(photo: Picture, chosen: Format, dtype: np.dtype[Any]) -> NDArray[Any]:
    samples = photo.samples
    if chosen.linear:
        samples = srgb_to_linear(to_float(samples)).astype(np.float32)
    values = np.ascontiguousarray(requantize(samples, dtype))
    if photo.alpha is None or not chosen.alpha:
        return values
    return np.dstack([values, requantize(photo.alpha, dtype)])
