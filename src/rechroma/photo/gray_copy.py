"""A gray JPEG in color, whose gray is the file's own: only Cb and Cr are coded."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from rechroma.metadata import jpeg, prepare
from rechroma.photo.gray_profile import tone_curve
from rechroma.photo.icc import srgb_profile
from rechroma.photo.jpeg_joining import Copied, free_table, joined
from rechroma.photo.jpeg_original import record_segments
from rechroma.photo.jpeg_scans import UncopiedError, gray_scans, profile_in, profile_segments
from rechroma.photo.model import Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from rechroma.metadata import Metadata, MetadataOptions
    from rechroma.photo.gray_profile import ToneCurve
    from rechroma.photo.jpeg_scans import Scans

    Plane = NDArray[np.uint8]

__all__ = ["GrayCopy", "colored", "gray_copy_of"]

# Table K.2 of T.81, which is for chroma, row by row: nearly all of it is 99.
_TABLE = (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
          99, 99, 47, 66, 99, 99, 99, 99, 99, 99) + (99,) * 32  # fmt: skip
# Percent of it. At 20, which is libjpeg's quality 90, see `docs/architecture.md`.
_SCALE = 20


@dataclass(frozen=True, slots=True, eq=False)
class GrayCopy:
    """What a color JPEG of a gray one is made of.

    Attributes:
        scans: The gray file, taken apart.
        curve: Its tone curve; None for sRGB's.
        make_chroma: Gives Cb and Cr as JPEG stores them, 0…255 with 128 for none, at half size,
            rounded up, and as the file's pixels stand.
    """

    scans: Scans
    curve: ToneCurve | None
    make_chroma: Callable[[], tuple[Plane, Plane]]

    def encode(self, metadata: Metadata, options: MetadataOptions) -> tuple[bytes, tuple[str, ...]]:
        """Return the color JPEG, and what of the metadata could not be kept.

        If nothing is to be left out of the file, it carries a record of what the gray one was.
        """
        gray = self.scans
        described = prepare(metadata, "jpeg", gray.width, gray.height, options, turned=False)
        blue, red = (_coded(plane, gray) for plane in self.make_chroma())
        made = joined(gray, (blue, red))
        profile = srgb_profile() if self.curve is None else self.curve.profile
        header = [*jpeg.header_of(described), *profile_segments(profile)]
        record: list[bytes] = []
        if not options.strips:
            record = record_segments(gray, [*header, *made.head], made.coded)
        coded = [
            gray.content[each.start : each.end] if isinstance(each, Copied) else each
            for each in made.coded
        ]
        # A second picture behind the first may say where it was taken.
        behind = gray.content[gray.end :] if record else b""
        content = b"".join([b"\xff\xd8", *header, *record, *made.head, *coded, behind])
        return content, described.notes


def gray_copy_of(
    photo: Photo, make_chroma: Callable[[ToneCurve | None], tuple[Plane, Plane]]
) -> GrayCopy:
    """Return what a color JPEG of a photo is made of.

    Args:
        photo: As it was read.
        make_chroma: See `GrayCopy`; it is given the tone curve, None for sRGB's.

    Raises:
        UncopiedError: The photo is no gray JPEG, or one of another kind.
    """
    if photo.gray_jpeg is None:
        raise UncopiedError("it is no gray JPEG")
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
    return GrayCopy(scans, curve, lambda: make_chroma(curve))


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
    """Return a gray photo in color.

    Args:
        photo: As it was read.
        metadata: Of the colored one.
        copy: What a JPEG of it is made of, if nobody asks for another quality.
        make: Gives the samples, for all other uses.
    """
    result = _Deferred.__new__(_Deferred)
    known = {each.name: getattr(photo, each.name) for each in fields(Photo)}
    del known["samples"]
    known |= {"metadata": metadata, "was_gray": False, "gray_jpeg": None}
    known |= {"_copy": copy, "_make": make, "_size": (photo.height, photo.width)}
    for name, value in known.items():
        object.__setattr__(result, name, value)
    return result


def _coded(plane: Plane, gray: Scans) -> Scans:
    from PIL import Image

    table = [min(255, max(1, (each * _SCALE + 50) // 100)) for each in _TABLE]
    file = io.BytesIO()
    Image.fromarray(plane).save(
        file, "JPEG", qtables=[table], optimize=True, progressive=gray.is_progressive
    )
    return gray_scans(file.getvalue())
