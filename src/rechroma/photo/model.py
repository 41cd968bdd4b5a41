"""A decoded photograph."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, overload

import numpy as np

from rechroma.metadata import Mark, Metadata, MetadataOptions
from rechroma.photo.formats import writable_format
from rechroma.photo.samples import requantize, to_float
from rechroma.photo.writing import encode, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL.Image import Image

    from rechroma.photo.child_process import Child
    from rechroma.photo.formats import BitDepth, FormatName
    from rechroma.photo.gray_copy import GrayCopy

__all__ = ["Photo", "PixelChange"]

# Takes samples (H, W, 3) and returns them changed, same shape and type.
PixelChange: TypeAlias = "Callable[[NDArray[Any]], NDArray[Any]]"

# The longer side of what a notebook shows, in pixels.
_SHOWN_SIDE = 1024


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Photo:
    """A photograph, upright and in sRGB, with all that its file carried beside it.

    Attributes:
        samples: sRGB-encoded, shape (H, W, 3), in the type that it was decoded in: uint8 or
            uint16 with their whole range, or float32 in 0…1. A gray photo's three channels may
            share their memory: don't write into it.
        alpha: Shape (H, W), in the type that it was decoded in, never touched; None without one.
        bit_depth: What a writer uses where the format allows: 8, 16 or 32 (float).
        format: The name of the file's format, such as "jpeg"; None for arrays.
        was_gray: The file had one color channel.
        metadata: What its file carried beside the pixels, to be written again.
        name: For messages: the path, "<bytes>", "<array>"….
        pages_dropped: Pages, layers or frames beyond the first.
        gray_jpeg: The file's bytes, if it is a gray JPEG: a color one can hold them as they are.
        chroma_halved: The file is a JPEG of 4:2:0, whose chroma has half the resolution both ways:
            a JPEG of it has it alike.
        luma_table: How Y is quantized in a JPEG that is stored in color and whose pixels are all
            gray, 64 numbers row by row: a JPEG of it can be coded alike.

    Examples:
        >>> import rechroma
        >>> photo = rechroma.read("examples/louis-armstrong-1946.jpg")
        >>> photo.width, photo.height, photo.bit_depth, photo.format
        (880, 678, 8, 'jpeg')
        >>> photo.pixels.shape, photo.pixels.dtype
        ((678, 880, 3), dtype('float32'))
        >>> photo.to_pil().size
        (880, 678)
    """

    samples: NDArray[Any]
    alpha: NDArray[Any] | None = None
    bit_depth: BitDepth = 8
    format: str | None = None
    was_gray: bool = False
    metadata: Metadata = field(default_factory=Metadata)
    name: str = "<array>"
    pages_dropped: int = 0
    gray_jpeg: bytes | None = field(default=None, repr=False)
    chroma_halved: bool = False
    luma_table: tuple[int, ...] | None = field(default=None, repr=False)

    @property
    def height(self) -> int:
        """Rows."""
        return self.samples.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.samples.shape[1]

    @property
    def pixels(self) -> NDArray[np.float32]:
        """The samples as float32 in 0…1: converted anew at each call if they are integers."""
        return to_float(self.samples)

    @property
    def gray_copy(self) -> GrayCopy | None:
        """What a JPEG of it is made of, if that takes no pixels in color.

        None for all photos but those that `Colorization.render` gives for a JPEG.
        """
        return None

    @property
    def home(self) -> Child | None:
        """The child process that has the samples; None where this process has them."""
        return None

    def every(self, step: int) -> NDArray[Any]:
        """Return every n-th sample each way, shape (⌈H/n⌉, ⌈W/n⌉, 3): a view if it can be."""
        return self.samples[::step, ::step]

    def with_change(self, change: PixelChange) -> Photo:
        """Return the photo with a change made to its samples, maybe later and elsewhere.

        Args:
            change: Of each pixel by itself; called on any rows. It may travel: pickled.
        """
        return self.with_pixels(change(self.samples))

    def with_metadata(self, metadata: Metadata) -> Photo:
        """Return the photo with other metadata."""
        return replace(self, metadata=metadata)

    def with_pixels(self, samples: NDArray[Any]) -> Photo:
        """Return the photo with other samples of the same size, in color."""
        return replace(self, samples=samples, was_gray=False, gray_jpeg=None, luma_table=None)

    def marked(self, how: str, *, machine_colored: bool = False) -> Photo:
        """Return the photo with a note on how it was made, which goes into the written file's XMP.

        Args:
            how: What was done, such as a model's name and settings; put behind what was said
                before.
            machine_colored: Whether a network has made the colors.
        """
        before = self.metadata.mark
        said = how if before is None else f"{before.how}, then {how}"
        machine_colored |= before is not None and before.machine_colored
        mark = Mark(said, machine_colored)
        return self.with_metadata(replace(self.metadata, mark=mark))

    def to_uint8(self) -> NDArray[np.uint8]:
        """Return the pixels rounded to 8 bits, shape (H, W, 3)."""
        return requantize(self.samples, np.dtype(np.uint8))

    def to_pil(self) -> Image:
        """Return an 8-bit Pillow image: RGB, or RGBA where there is alpha."""
        from PIL import Image

        picture = Image.fromarray(self.to_uint8())
        if self.alpha is not None:
            picture.putalpha(Image.fromarray(requantize(self.alpha, np.dtype(np.uint8))))
        return picture

    def __array__(
        self,
        dtype: np.dtype[Any] | None = None,
        copy: bool | None = None,  # noqa: FBT001 (NumPy's)
    ) -> NDArray[Any]:
        """Return the samples, for `np.asarray(photo)`: without alpha."""
        return np.array(self.samples, dtype=dtype, copy=copy)

    def _repr_png_(self) -> bytes:
        """Return a small PNG, which notebooks show."""
        from PIL.Image import Resampling

        picture = self.to_pil()
        picture.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE), Resampling.BOX)
        file = BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()

    @overload
    def save(
        self,
        target: str | os.PathLike[str],
        *,
        format: FormatName | None = None,
        overwrite: bool = False,
        quality: int | None = None,
        strip_metadata: bool = MetadataOptions.strip_metadata,
        strip_gps: bool = MetadataOptions.strip_gps,
        mark: bool = MetadataOptions.mark,
        keep_dates: bool = MetadataOptions.keep_dates,
    ) -> Path: ...

    @overload
    def save(
        self,
        target: BinaryIO,
        *,
        format: FormatName | None = None,
        overwrite: bool = False,
        quality: int | None = None,
        strip_metadata: bool = MetadataOptions.strip_metadata,
        strip_gps: bool = MetadataOptions.strip_gps,
        mark: bool = MetadataOptions.mark,
        keep_dates: bool = MetadataOptions.keep_dates,
    ) -> None: ...

    def save(
        self,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        format: FormatName | None = None,  # noqa: A002 (the word that everybody uses)
        overwrite: bool = False,
        quality: int | None = None,
        strip_metadata: bool = MetadataOptions.strip_metadata,
        strip_gps: bool = MetadataOptions.strip_gps,
        mark: bool = MetadataOptions.mark,
        keep_dates: bool = MetadataOptions.keep_dates,
    ) -> Path | None:
        """Write the photo to a file, and return its path; see `rechroma.photo.write`.

        Args:
            target: A path, or a binary file that is open for writing.
            format: A name, such as "png"; if None, from the path's suffix, and for an open file the
                photo's own, or PNG where that is only read.
            overwrite: Replace what stands at the path.
            quality: 1…100 for lossy formats; 95 if None.
            strip_metadata: Leave out EXIF, XMP, IPTC, comments and resolution.
            strip_gps: Leave out coordinates.
            mark: Say in XMP that a machine made the colors.
            keep_dates: Give the file at the path the dates of the one that was read.
        """
        if isinstance(target, str | os.PathLike):
            write(
                self, target, format=format, overwrite=overwrite, quality=quality,
                strip_metadata=strip_metadata, strip_gps=strip_gps, mark=mark,
                keep_dates=keep_dates,
            )  # fmt: skip
            return Path(target)
        options = MetadataOptions(strip_metadata=strip_metadata, strip_gps=strip_gps, mark=mark)
        chosen = format or writable_format(self.format)
        target.write(encode(self, chosen, quality=quality, options=options))
        return None
