"""From a file to a photo: upright, and in sRGB."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.errors import OutOfMemoryError, UnreadablePhotoError
from rechroma.files import unicode_path
from rechroma.photo.codec_table import codec_for
from rechroma.photo.distant import decode_apart
from rechroma.photo.formats import SIGNATURE_LENGTH, recognize
from rechroma.photo.icc import is_srgb, to_srgb
from rechroma.photo.isolation import CrashError
from rechroma.photo.model import Photo
from rechroma.photo.orientation import upright
from rechroma.photo.samples import is_one_channel, row_strips, to_float

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.photo.codec import Decoded
    from rechroma.photo.formats import BitDepth, Format

__all__ = ["decode_file"]

# Formats whose decoder is known to crash: OpenEXR's does on deep pixels.
_RISKY = frozenset({"openexr"})
# Samples of other integer types, which are rare, become float32.
# Of the numbers of a float picture, lights above white may have so large a share.
_MOST_ABOVE_WHITE = 0.5
# What is below half of a step of 16 bits everywhere is black.
_DARKEST = 0.5 / 65535
_KEPT_TYPES = ("uint8", "uint16", "float32")


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
    _check_kind(path, name)
    found = recognize(_head(path))
    risky = found is not None and found.name in _RISKY
    try:
        with unicode_path(path) as file:
            photo = decode_apart(_decode_here, file, name, found, max_pixels, risky=risky)
    except (MemoryError, CrashError) as error:
        if isinstance(error, CrashError) and not error.is_memory:
            raise UnreadablePhotoError(
                f"{name}: can't be decoded: {error}", "is the file whole? convert it elsewhere"
            ) from error
        raise OutOfMemoryError(
            f"{name}: its pixels don't fit into memory", "make the picture smaller"
        ) from error
    if photo.home is None and photo.samples.shape[2] == 1:
        samples = np.broadcast_to(photo.samples, (*photo.samples.shape[:2], 3))
        return replace(photo, samples=samples)
    return photo


def _check_kind(path: Path, name: str) -> None:
    """Refuse what is not a file: a pipe would be waited for, a device has no end.

    Raises:
        UnreadablePhotoError: It is of another kind.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # the decoder says why
    if stat.S_ISDIR(mode):
        raise UnreadablePhotoError(f"{name}: a folder, not a picture", "give a picture file")
    if not stat.S_ISREG(mode):
        raise UnreadablePhotoError(
            f"{name}: a pipe, socket or device, not a file", "pipe a picture into - instead"
        )


def _decode_here(path: Path, name: str, found: Format | None, max_pixels: int | None) -> Photo:
    """Return a photo; where all channels are the same, with one, so that it travels light."""
    photo = _photo(codec_for(found).decode(path, name, max_pixels), name)
    if is_one_channel(photo.samples) or _all_gray(photo.samples):
        return replace(photo, samples=np.ascontiguousarray(photo.samples[..., :1]))
    return photo


def _all_gray(samples: NDArray[Any]) -> bool:
    """Tell whether the channels of every pixel are equal; one color is found soon."""
    return all(
        np.array_equal(samples[rows, :, 0], samples[rows, :, channel])
        for rows in row_strips(samples.shape)
        for channel in (1, 2)
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SIGNATURE_LENGTH)
    except OSError:
        # The decoder says why.
        return b""


def _photo(found: Decoded, name: str) -> Photo:
    samples = upright(_in_srgb(found, name), found.orientation)
    return Photo(
        samples=samples,
        alpha=None if found.alpha is None else upright(found.alpha, found.orientation),
        bit_depth=found.bit_depth,
        format=found.format,
        was_gray=found.colors.shape[2] == 1,
        metadata=found.metadata,
        name=name,
        pages_dropped=found.pages - 1,
        chroma_halved=found.chroma_halved,
    )


def _in_srgb(found: Decoded, name: str) -> NDArray[Any]:
    """Return sRGB samples: in their own type where nothing has to be converted."""
    colors, profile = found.colors, found.profile
    if colors.dtype.name not in {"uint8", "uint16"}:
        colors = to_float(colors)
        _check_scale(colors, name)
    if found.bit_depth == 32:
        # Float files may hold anything: highlights above white are clipped, NaN is black.
        colors = np.clip(np.nan_to_num(to_float(colors), nan=0.0), 0, 1)
    if found.encoding is not None and colors.shape[2] != 4:
        colors = found.encoding.to_srgb(to_float(colors))
    elif profile is not None and _fits(profile, colors.shape[2]) and not is_srgb(profile):
        colors = _by_profile(colors, profile, found.bit_depth, name)
    if colors.dtype.name not in _KEPT_TYPES:
        colors = to_float(colors)
    if colors.shape[2] == 4:
        colors = to_float(colors)
        return (1 - colors[..., :3]) * (1 - colors[..., 3:])
    if colors.shape[2] == 1:
        return np.broadcast_to(colors, (*colors.shape[:2], 3))
    return colors


def _check_scale(colors: NDArray[np.float32], name: str) -> None:
    """Refuse floats of another scale: clipped, they would be a white or a black picture.

    Raises:
        UnreadablePhotoError: More than half of them are above white, or all are black at 16 bits.
    """
    above = np.count_nonzero(colors > 1) / max(1, colors.size)
    if above > _MOST_ABOVE_WHITE:
        raise UnreadablePhotoError(
            f"{name}: {above:.0%} of its numbers are above white, which is 1",
            "divide them by their white and save the picture again",
        )
    brightest = float(np.nanmax(colors, initial=0))
    if 0 < brightest < _DARKEST:
        raise UnreadablePhotoError(
            f"{name}: its brightest number is {brightest:.1g} of white: all of it would be black",
            "scale its numbers to the range of their type, and save the picture again",
        )


def _by_profile(
    colors: NDArray[Any], profile: bytes, bits: BitDepth, name: str
) -> NDArray[np.float32]:
    if colors.dtype != np.uint8 or colors.shape[2] != 1:
        return to_srgb(to_float(colors), profile, bits, name)
    # A gray has 256 levels, whatever is done to each.
    levels = to_float(np.arange(256, dtype=np.uint8)[:, None, None])
    shown = to_srgb(levels, profile, bits, name)[:, 0]
    result = np.empty((*colors.shape[:2], shown.shape[1]), np.float32)
    for rows in row_strips(colors.shape):
        shown.take(colors[rows, :, 0], axis=0, out=result[rows], mode="clip")
    return result


def _fits(profile: bytes, channels: int) -> bool:
    """Tell whether a profile is of the pixels' kind: gray files may carry an RGB one."""
    return {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}[channels] == profile[16:20]
