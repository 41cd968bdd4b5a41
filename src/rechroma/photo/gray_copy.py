"""A JPEG in color, put together from its gray and from Cb and Cr at half size.

Of a gray JPEG the gray is the file's own, byte for byte. Of a JPEG that is stored in color, as many
scanners do it, it is coded anew; where all of its pixels are gray, with the file's own table, so
that next to nothing is lost once more.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.metadata import jpeg, prepare
from rechroma.photo.gray_profile import tone_curve
from rechroma.photo.icc import srgb_profile
from rechroma.photo.jpeg_joining import Copied, free_table, joined
from rechroma.photo.jpeg_record import record_segments
from rechroma.photo.jpeg_scans import UncopiedError, gray_scans, profile_in, profile_segments
from rechroma.photo.lightness_gray import gray_plane
from rechroma.photo.model import Photo
from rechroma.photo.orientation import as_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata, MetadataOptions
    from rechroma.photo.gray_profile import ToneCurve
    from rechroma.photo.jpeg_scans import Scans

    Plane = NDArray[np.uint8]
    MakeChroma = Callable[[NDArray[Any], ToneCurve | None], tuple[Plane, Plane]]

__all__ = ["GrayCopy", "colored", "gray_copy_of"]

# Table K.2 of T.81, which is for chroma, row by row: nearly all of it is 99.
_TABLE = (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
          99, 99, 47, 66, 99, 99, 99, 99, 99, 99) + (99,) * 32  # fmt: skip
# Percent of it. At 20, which is libjpeg's quality 90, see `docs/architecture.md`.
_SCALE = 20
_CHROMA = tuple(min(255, max(1, (each * _SCALE + 50) // 100)) for each in _TABLE)
# Of a side; libjpeg's limit.
_MOST_PIXELS = 65_500
# The table for Y of what is coded anew without one of its own: libjpeg's quality 95, the default.
_QUALITY = 95
# Below this sum (quality 93 has it) the usual Huffman tables, which take no counting, are too long:
# 2 % at quality 90, 17 % at 95, where 24 megapixels take 0.17 s instead of 0.05.
_FINE = 512


@dataclass(frozen=True, slots=True, eq=False)
class GrayCopy:
    """What a color JPEG is made of.

    Attributes:
        make_gray: Gives its gray as a file, taken apart.
        is_copied: Whether that is the very file that was read.
        curve: Its tone curve; None for sRGB's.
        make_chroma: Gives Cb and Cr as JPEG stores them, 0…255 with 128 for none, at half size,
            rounded up, and as the file's pixels stand.
    """

    make_gray: Callable[[], Scans]
    is_copied: bool
    curve: ToneCurve | None
    make_chroma: Callable[[], tuple[Plane, Plane]]

    def encode(self, metadata: Metadata, options: MetadataOptions) -> tuple[bytes, tuple[str, ...]]:
        """Return the color JPEG, and what of the metadata could not be kept.

        If the gray is a file's own, and nothing is to be left out, it carries a record of the file.
        """
        gray = self.make_gray()
        described = prepare(
            metadata, "jpeg", gray.width, gray.height, options, turned=False,
            srgb=self.curve is None,
        )  # fmt: skip
        progressive = gray.is_progressive
        blue, red = (
            _encoded(plane, _CHROMA, optimize=True, progressive=progressive)
            for plane in self.make_chroma()
        )
        made = joined(gray, (blue, red))
        profile = srgb_profile() if self.curve is None else self.curve.profile
        header = [*jpeg.header_of(described), *profile_segments(profile)]
        record: list[bytes] = []
        if self.is_copied and not options.strips:
            record = record_segments(gray, [*header, *made.head], made.coded)
        coded = [
            gray.content[each.start : each.end] if isinstance(each, Copied) else each
            for each in made.coded
        ]
        # A second picture behind the first may say where it was taken.
        behind = gray.content[gray.end :] if record else b""
        content = b"".join([b"\xff\xd8", *header, *record, *made.head, *coded, behind])
        return content, described.notes


def gray_copy_of(photo: Photo, make_chroma: MakeChroma) -> GrayCopy:
    """Return what a color JPEG of a JPEG is made of.

    Args:
        photo: As it was read.
        make_chroma: See `GrayCopy`; it is given the photo's gray, sRGB-encoded and upright, shape
            (H, W), and the tone curve of the file's numbers, None for sRGB's.

    Raises:
        UncopiedError: The photo is no JPEG, or one of another kind.
    """
    if photo.gray_jpeg is None:
        return _coded_anew(photo, make_chroma)
    scans = gray_scans(photo.gray_jpeg)
    free_table(scans)
    turned = photo.metadata.orientation >= 5
    if (scans.height, scans.width)[:: -1 if turned else 1] != (photo.height, photo.width):
        raise UncopiedError("its file has been changed")
    profile, curve = profile_in(scans.content, scans.header), None
    if profile is not None and profile[16:20] == b"GRAY":
        curve = tone_curve(profile)
        if curve is None:
            raise UncopiedError("its ICC profile has tables")
    return GrayCopy(
        make_gray=lambda: scans,
        is_copied=True,
        curve=curve,
        make_chroma=lambda: make_chroma(gray_plane(photo.samples), curve),
    )


def _coded_anew(photo: Photo, make_chroma: MakeChroma) -> GrayCopy:
    """Return what it is made of where the file is in color.

    Raises:
        UncopiedError: It is no JPEG in sRGB, or a gray one that can't be copied.
    """
    if photo.format != "jpeg" or photo.was_gray or photo.samples.dtype != np.uint8:
        raise UncopiedError("it is no JPEG in sRGB")
    if max(photo.width, photo.height) > _MOST_PIXELS:
        raise UncopiedError("it is too long for a JPEG")

    gray = cache(lambda: gray_plane(photo.samples))

    def make() -> Scans:
        plane = as_stored(gray(), photo.metadata.orientation)
        table = photo.luma_table
        is_fine = table is None or sum(table) < _FINE
        return _encoded(np.ascontiguousarray(plane), table, optimize=is_fine)

    return GrayCopy(
        make_gray=make,
        is_copied=False,
        curve=None,
        make_chroma=lambda: make_chroma(gray(), None),
    )


class _Deferred(Photo):
    """A photo whose samples are made when somebody asks for them."""

    __slots__ = ("_copy", "_make", "_size")

    @property
    def height(self) -> int:
        """Rows."""
        size = getattr(self, "_size", None)
        return self.samples.shape[0] if size is None else size[0]

    @property
    def width(self) -> int:
        """Columns."""
        size = getattr(self, "_size", None)
        return self.samples.shape[1] if size is None else size[1]

    @property
    def gray_copy(self) -> GrayCopy | None:
        """What a JPEG of it is made of."""
        return getattr(self, "_copy", None)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (called for what is missing)
        if name != "samples":
            raise AttributeError(name)
        samples = self._make()
        object.__setattr__(self, name, samples)
        return samples


def colored(
    photo: Photo, metadata: Metadata, copy: GrayCopy, make: Callable[[], NDArray[Any]]
) -> Photo:
    """Return a photo in color.

    Args:
        photo: As it was read.
        metadata: Of the colored one.
        copy: What a JPEG of it is made of, if nobody asks for another quality.
        make: Gives the samples, for all other uses.
    """
    result = _Deferred.__new__(_Deferred)
    known = {each.name: getattr(photo, each.name) for each in fields(Photo)}
    del known["samples"]
    known |= {"metadata": metadata, "was_gray": False, "gray_jpeg": None, "luma_table": None}
    known |= {"_copy": copy, "_make": make, "_size": (photo.height, photo.width)}
    for name, value in known.items():
        object.__setattr__(result, name, value)
    return result


def _encoded(
    plane: Plane, table: Sequence[int] | None, *, optimize: bool, progressive: bool = False
) -> Scans:
    """Return a plane as a gray JPEG.

    Args:
        plane: Shape (H, W).
        table: Of quantization, row by row; None for that of quality 95.
        optimize: Whether it gets Huffman tables of its own.
        progressive: Whether it is coded from coarse to fine.
    """
    from PIL import Image

    file = io.BytesIO()
    # With a quality beside them, tables would be scaled.
    how = {"quality": _QUALITY} if table is None else {"qtables": [list(table)]}
    picture = Image.fromarray(plane)
    picture.save(file, "JPEG", optimize=optimize, progressive=progressive, **how)
    return gray_scans(file.getvalue())
