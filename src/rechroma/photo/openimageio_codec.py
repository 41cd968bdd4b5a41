"""Files through OpenImageIO: nearly all formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import OpenImageIO as oiio

from rechroma.errors import UnwritablePhotoError
from rechroma.metadata import Metadata, insert, read_metadata
from rechroma.photo.code_points import linear_light
from rechroma.photo.codec import Decoded, check_pixels, unreadable
from rechroma.photo.formats import FORMATS
from rechroma.photo.icc import srgb_profile
from rechroma.photo.row_reading import can_be_read_by_rows, read_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.photo.formats import BitDepth, Format
    from rechroma.photo.matrix_profile import MatrixProfile

__all__ = [
    "OpenImageIOCodec",
    "bit_depth_of",
    "count_pages",
    "decode_page",
    "is_chroma_halved",
    "is_cmyk",
    "is_premultiplied",
    "open_input",
    "open_output",
    "profile_of",
    "unmultiplied",
    "unwritable",
]

_TYPES = {"uint8": oiio.UINT8, "uint16": oiio.UINT16, "float32": oiio.FLOAT}
# Counting stops here: a film in a GIF is not walked through.
_MAX_PAGES = 1000


class OpenImageIOCodec:
    """OpenImageIO as a `Codec`."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first page of a file; see `Codec`."""
        return decode_page(path, name, max_pixels)

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Write a file; see `Codec`."""
        # Some encoders look at the suffix, and write nothing at all without one that they know.
        named = file if file.suffix in format.suffixes else Path(f"{file}{format.suffixes[0]}")
        output = open_output(named, format, values.shape, values.dtype, quality)
        # Every call is made, also after a failure: the file has to be closed.
        done = output.write_image(values)
        reason = output.geterror()
        closed = output.close()
        if not (done and closed):
            raise unwritable(file, reason or output.geterror())
        insert(named, format.name, metadata)
        named.replace(file)


def decode_page(
    path: Path, name: str, max_pixels: int | None, page: int = 0, *, raw_color: bool = False
) -> Decoded:
    """Decode a page of a file; see `Codec`.

    Args:
        path: The file.
        name: For messages.
        max_pixels: Refuse more pixels than this before decoding.
        page: Its number, from 0.
        raw_color: Leave CMYK and CIELAB as they are stored.
    """
    source = open_input(path, raw_color=raw_color)
    if source is None:
        raise unreadable(name, oiio.geterror(), path)
    try:
        if page and not source.seek_subimage(page, 0):
            raise unreadable(name, source.geterror(), path)
        return _decode(source, path, name, max_pixels)
    finally:
        source.close()


def open_input(path: Path, *, raw_color: bool = False) -> oiio.ImageInput | None:
    """Return a file opened for reading; None if it can't be, for the reason in `oiio.geterror`."""
    # Alpha stays apart from the colors: they are not to be multiplied by it.
    request = oiio.ImageSpec()
    request.attribute("oiio:UnassociatedAlpha", 1)
    if raw_color:
        request.attribute("oiio:RawColor", 1)
    return oiio.ImageInput.open(str(path), request)


def _decode(source: oiio.ImageInput, path: Path, name: str, max_pixels: int | None) -> Decoded:
    spec = source.spec()
    if spec.width < 1 or spec.height < 1 or spec.nchannels < 1:
        raise unreadable(name, "it has no pixels")
    check_pixels(spec.width, spec.height, max_pixels, name)
    metadata, page = read_metadata(path), source.current_subimage()
    colors, alpha = _cmyk(path, name) if is_cmyk(spec) else _read(source, spec, path, name)
    return Decoded(
        colors=colors,
        alpha=alpha,
        bit_depth=bit_depth_of(spec),
        format=source.format_name(),
        encoding=_encoding(source.format_name(), spec),
        profile=profile_of(spec),
        orientation=_orientation(spec, metadata, page),
        metadata=metadata,
        pages=count_pages(source),
        chroma_halved=is_chroma_halved(spec),
    )


def _read(
    source: oiio.ImageInput, spec: oiio.ImageSpec, path: Path, name: str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return colors (H, W, 1 or 3) and alpha, both in the file's own type."""
    page = source.current_subimage()
    if can_be_read_by_rows(source.format_name(), spec):
        colors = read_rgb(source, spec)
        if colors is None:
            raise unreadable(name, source.geterror(), path)
        return colors, None
    values = source.read_image(page, 0, 0, spec.nchannels, oiio.UNKNOWN)
    # libjpeg only warns of a file that ends too early, and fills the rest with gray.
    if values is None or source.has_error:
        raise unreadable(name, source.geterror(), path)
    values = values.reshape(spec.height, spec.width, spec.nchannels)
    channels, alpha = _channels(spec)
    if alpha is None:
        return (values if len(channels) == spec.nchannels else values[..., channels]), None
    colors, plane = values[..., channels], np.ascontiguousarray(values[..., alpha])
    if is_premultiplied(source.format_name(), spec):
        colors = unmultiplied(colors, plane)
    return colors, plane


def _channels(spec: oiio.ImageSpec) -> tuple[list[int], int | None]:
    """Return which channels of the file hold color, and which one alpha."""
    names = [channel.split(".")[-1].upper() for channel in spec.channelnames]
    alpha = names.index("A") if "A" in names else None
    if {"R", "G", "B"} <= set(names):
        return [names.index(channel) for channel in "RGB"], alpha
    rest = [index for index in range(len(names)) if index != alpha]
    if names[:4] == list("CMYK"):
        return [0, 1, 2, 3], alpha
    return (rest[:3] if len(rest) >= 3 else rest[:1]), alpha


def _cmyk(path: Path, name: str) -> tuple[NDArray[np.float32], None]:
    """Return ink, 0 none … 1 full, float32, shape (H, W, 4): OpenImageIO would make it RGB."""
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG"]) as picture:
            inks = np.asarray(picture.convert("CMYK"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise unreadable(name, str(error), path) from error
    return inks.astype(np.float32) / np.float32(255), None


def is_premultiplied(name: str, spec: oiio.ImageSpec) -> bool:
    """Tell whether colors were multiplied by alpha; only two formats say so by saying nothing."""
    return name in ("tiff", "openexr") and not spec.get_int_attribute("oiio:UnassociatedAlpha")


def unmultiplied(colors: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divide colors, shape (H, W, C), by alpha, shape (H, W); where that is 0, they stay."""
    if alpha.dtype.kind == "f":
        share = np.where(alpha > 0, alpha, 1).astype(np.float32)
        return (colors / share[..., None]).astype(np.float32)
    top = int(np.iinfo(alpha.dtype).max)
    share = np.where(alpha > 0, alpha, top).astype(np.float32) / np.float32(top)
    return np.clip(colors / share[..., None] + 0.5, 0, top).astype(colors.dtype)


def _encoding(name: str, spec: oiio.ImageSpec) -> MatrixProfile | None:
    """Return linear light if floats are that: by the format, or by the file's own word."""
    space = spec.get_string_attribute("oiio:ColorSpace").lower()
    known = FORMATS.get(name)
    linear = (known is not None and known.linear) or space.startswith("lin")
    if not linear or bit_depth_of(spec) != 32:
        return None
    points = spec.getattribute("chromaticities")
    if points is None or len(points) != 8:
        return linear_light()
    red, green, blue, white = zip(map(float, points[::2]), map(float, points[1::2]), strict=True)
    return linear_light((red, green, blue), white)


def is_cmyk(spec: oiio.ImageSpec) -> bool:
    """Tell whether a JPEG's pixels are ink."""
    return spec.get_string_attribute("jpeg:ColorSpace") in ("CMYK", "YCbCrK", "YCCK")


def is_chroma_halved(spec: oiio.ImageSpec) -> bool:
    """Tell whether a JPEG is one of 4:2:0."""
    return spec.get_string_attribute("jpeg:subsampling") == "4:2:0"


def profile_of(spec: oiio.ImageSpec) -> bytes | None:
    """Return a file's ICC profile."""
    value = spec.getattribute("ICCProfile")
    return None if value is None else np.asarray(value).tobytes()


def bit_depth_of(spec: oiio.ImageSpec) -> BitDepth:
    """Return the bits of a channel; the integer types that are rare count as 16."""
    match str(spec.format):
        case "half" | "float" | "double":
            return 32
        case "uint16" | "uint32" | "uint64" | "int16" | "int32":
            return 16
        case _:
            return 8


def _orientation(spec: oiio.ImageSpec, metadata: Metadata, page: int) -> int:
    """Return how the pixels stand: as EXIF and XMP say, or what OpenImageIO knows without them."""
    described = metadata.exif is not None or metadata.xmp is not None
    if described and (page == 0 or metadata.orientation != 1):
        return metadata.orientation
    return spec.get_int_attribute("Orientation", 1)


def count_pages(source: oiio.ImageInput) -> int:
    """Return the number of pages, layers or frames, and leave the file at the last."""
    pages = 1
    while pages < _MAX_PAGES and source.seek_subimage(pages, 0):
        pages += 1
    source.geterror()
    return pages


def open_output(
    file: Path,
    format: Format,  # noqa: A002 - the word that everybody uses
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    quality: int | None,
) -> oiio.ImageOutput:
    """Return a new file, opened for pixels of this shape, (H, W, C), and type.

    Raises:
        UnwritablePhotoError: It can't be opened, or the format does not hold such a picture.
    """
    output = oiio.ImageOutput.create(format.name)
    if output is None:
        raise unwritable(file, oiio.geterror())
    if not output.open(str(file), _output_spec(format, shape, dtype, quality)):
        reason = output.geterror()
        output.close()
        raise unwritable(file, reason)
    return output


def _output_spec(
    format: Format,  # noqa: A002 - the word that everybody uses
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    quality: int | None,
) -> oiio.ImageSpec:
    height, width, channels = shape
    spec = oiio.ImageSpec(width, height, channels, _TYPES[dtype.name])
    if channels == 4:
        spec.alpha_channel = 3
        spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("Orientation", 1)
    if format.linear:
        spec.attribute("oiio:ColorSpace", "lin_rec709_scene")
    else:
        profile = np.frombuffer(srgb_profile(), np.uint8)
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{profile.size}]"), profile)
    for name, value in format.settings(quality).items():
        spec.attribute(name, value)
    return spec


def unwritable(file: Path, reason: str) -> UnwritablePhotoError:
    """Return the error of a picture that OpenImageIO does not write, in its own words."""
    first = next(iter(reason.strip().splitlines()), "unknown reason")
    return UnwritablePhotoError(
        f"{file.name}: can't be written: {first}", "check the disk and the format's limits on size"
    )
