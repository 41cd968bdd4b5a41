"""Decoding a file with OpenImageIO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import OpenImageIO as oiio

from rechroma.color import linear_to_srgb
from rechroma.errors import OutOfMemoryError, UnreadablePhotoError
from rechroma.photo.icc import is_srgb, to_srgb
from rechroma.photo.limits import check_pixels
from rechroma.photo.metadata import kept_attributes
from rechroma.photo.model import BitDepth, Photo, to_float

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "bit_depth_of",
    "count_pages",
    "decode_cmyk",
    "decode_file",
    "needs_no_conversion",
    "unreadable",
    "upright",
]

# Counting stops here: a film in a GIF is not walked through.
_MAX_PAGES = 1000
# Their numbers are linear light by definition, whether a file says so or not.
_LINEAR_FORMATS = ("openexr", "hdr")
# Samples of other integer types, which are rare, become float32.
_KEPT_TYPES = ("uint8", "uint16", "float32")


@dataclass(frozen=True, slots=True)
class _Channels:
    """Which channels of the file hold color, and which one alpha."""

    color: tuple[int, ...]
    alpha: int | None


def decode_file(path: Path, name: str, max_pixels: int | None) -> Photo:
    """Decode the first page of a picture file.

    Args:
        path: The file; its content decides, not its suffix.
        name: For messages.
        max_pixels: Refuse more pixels than this before decoding.

    Raises:
        UnreadablePhotoError: Not a picture, or a broken one.
        PhotoTooLargeError: More pixels than the limit.
        OutOfMemoryError: The pixels don't fit into memory.
    """
    if path.is_dir():
        raise UnreadablePhotoError(f"{name}: a folder, not a picture", "give a picture file")
    # Alpha stays apart from the colors: they are not to be multiplied by it.
    wish = oiio.ImageSpec()
    wish.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(path), wish)
    if source is None:
        raise unreadable(name, oiio.geterror(), path)
    try:
        return _decode(source, path, name, max_pixels)
    except MemoryError as error:
        raise OutOfMemoryError(
            f"{name}: its pixels don't fit into memory", "make the picture smaller"
        ) from error
    finally:
        source.close()


def _decode(source: oiio.ImageInput, path: Path, name: str, max_pixels: int | None) -> Photo:
    spec = source.spec()
    if spec.width < 1 or spec.height < 1 or spec.nchannels < 1:
        raise unreadable(name, "it has no pixels")
    check_pixels(spec.width, spec.height, max_pixels, name)
    profile = _profile(spec)
    if spec.get_string_attribute("jpeg:ColorSpace") in ("CMYK", "YCbCrK", "YCCK"):
        colors, channels, alpha = decode_cmyk(path, name), 4, None
    else:
        chosen = _channels(spec)
        colors, alpha = _read(source, spec, chosen, path, name)
        channels = len(chosen.color)
    depth = bit_depth_of(spec)
    if depth == 32:
        # Float files may hold anything: highlights above white are clipped, NaN is black.
        colors = np.clip(np.nan_to_num(to_float(colors), nan=0.0), 0, 1)
        if _is_linear(source.format_name(), spec):
            colors = linear_to_srgb(colors).astype(np.float32)
    samples = _in_srgb(colors, profile, depth, name)
    orientation = spec.get_int_attribute("Orientation", 1)
    return Photo(
        samples=upright(samples, orientation),
        alpha=None if alpha is None else upright(alpha, orientation),
        bit_depth=depth,
        format=source.format_name(),
        was_gray=channels == 1,
        metadata=kept_attributes(spec),
        name=name,
        pages_dropped=count_pages(source) - 1,
    )


def _channels(spec: oiio.ImageSpec) -> _Channels:
    names = [channel.split(".")[-1].upper() for channel in spec.channelnames]
    alpha = names.index("A") if "A" in names else None
    if {"R", "G", "B"} <= set(names):
        return _Channels(tuple(names.index(channel) for channel in "RGB"), alpha)
    rest = [index for index in range(len(names)) if index != alpha]
    return _Channels(tuple(rest[:3] if len(rest) >= 3 else rest[:1]), alpha)


def _read(
    source: oiio.ImageInput, spec: oiio.ImageSpec, chosen: _Channels, path: Path, name: str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return colors (H, W, 1 or 3) and alpha, both in the file's own type."""
    values = source.read_image(0, 0, 0, spec.nchannels, oiio.UNKNOWN)
    # libjpeg only warns of a file that ends too early, and fills the rest with gray.
    if values is None or source.has_error:
        raise unreadable(name, source.geterror(), path)
    values = values.reshape(spec.height, spec.width, spec.nchannels)
    if chosen.alpha is None and chosen.color == tuple(range(spec.nchannels)):
        return values, None
    alpha = None if chosen.alpha is None else np.ascontiguousarray(values[..., chosen.alpha])
    return values[..., list(chosen.color)], alpha


def _in_srgb(
    colors: NDArray[Any], profile: bytes | None, depth: BitDepth, name: str
) -> NDArray[Any]:
    """Return sRGB samples: in their own type where nothing has to be converted."""
    if profile is not None and not is_srgb(profile) and _fits(profile, colors.shape[2]):
        return to_srgb(to_float(colors), profile, depth, name)
    if colors.dtype.name not in _KEPT_TYPES:
        colors = to_float(colors)
    if colors.shape[2] == 4:
        colors = to_float(colors)
        return (1 - colors[..., :3]) * (1 - colors[..., 3:])
    if colors.shape[2] == 1:
        return np.broadcast_to(colors, (*colors.shape[:2], 3))
    return colors


def _is_linear(format_name: str, spec: oiio.ImageSpec) -> bool:
    """Tell whether a float file's numbers are linear light: by its format, or by its own word."""
    space = spec.get_string_attribute("oiio:ColorSpace").lower()
    return format_name in _LINEAR_FORMATS or space.startswith("lin")


def _fits(profile: bytes, channels: int) -> bool:
    """Tell whether a profile is of the pixels' kind: gray files may carry an RGB one."""
    return {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}[channels] == profile[16:20]


def _profile(spec: oiio.ImageSpec) -> bytes | None:
    value = spec.getattribute("ICCProfile")
    return None if value is None else np.asarray(value).tobytes()


def needs_no_conversion(spec: oiio.ImageSpec) -> bool:
    """Tell whether a file's numbers are sRGB as they stand."""
    profile = _profile(spec)
    cmyk = spec.get_string_attribute("jpeg:ColorSpace") in ("CMYK", "YCbCrK", "YCCK")
    return not cmyk and (profile is None or is_srgb(profile))


def bit_depth_of(spec: oiio.ImageSpec) -> BitDepth:
    """Return the bits of a channel; the integer types that are rare count as 16."""
    match str(spec.format):
        case "half" | "float" | "double":
            return 32
        case "uint16" | "uint32" | "uint64" | "int16" | "int32":
            return 16
        case _:
            return 8


def count_pages(source: oiio.ImageInput) -> int:
    """Return the number of pages, layers or frames, and leave the file at the last."""
    pages = 1
    while pages < _MAX_PAGES and source.seek_subimage(pages, 0):
        pages += 1
    source.geterror()
    return pages


def unreadable(name: str, reason: str, path: Path | None = None) -> UnreadablePhotoError:
    """Return the error of a file that can't be decoded.

    Args:
        name: What people call it.
        reason: OpenImageIO's own words.
        path: What it is called in them: a temporary file, perhaps, of which people know nothing.
    """
    first = next(iter(reason.strip().splitlines()), "unknown reason")
    first = first if path is None else first.replace(str(path), name)
    return UnreadablePhotoError(
        f"{name}: can't be read as a picture: {first}",
        "check that the file is complete and of a supported format",
    )


def decode_cmyk(path: Path, name: str) -> NDArray[np.float32]:
    """Return ink, 0 none … 1 full, float32, shape (H, W, 4).

    Raises:
        UnreadablePhotoError: The file is broken.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG"]) as picture:
            inks = np.asarray(picture.convert("CMYK"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePhotoError(
            f"{name}: can't be read as a picture: {error}", "check that the file is complete"
        ) from error
    return inks.astype(np.float32) / np.float32(255)


Scalar = TypeVar("Scalar", bound=np.generic)


def upright(pixels: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """Turn pixels, shape (H, W, ...), as EXIF's tag 274 says; unknown values change nothing."""
    match orientation:
        case 2:
            return pixels[:, ::-1]
        case 3:
            return pixels[::-1, ::-1]
        case 4:
            return pixels[::-1]
        case 5:
            return np.swapaxes(pixels, 0, 1)
        case 6:
            return np.swapaxes(pixels, 0, 1)[:, ::-1]
        case 7:
            return np.swapaxes(pixels, 0, 1)[::-1, ::-1]
        case 8:
            return np.swapaxes(pixels, 0, 1)[::-1]
        case _:
            return pixels
