"""Reading a photograph from wherever it is."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

import numpy as np

from rechroma.errors import UnreadablePhotoError, UnwritableFileError
from rechroma.metadata import file_times
from rechroma.photo.codec import DEFAULT_MAX_PIXELS, check_pixels
from rechroma.photo.decode import decode_file
from rechroma.photo.jpeg_scans import luma_table
from rechroma.photo.model import Photo
from rechroma.photo.samples import is_one_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray
    from PIL.Image import Image

    from rechroma.photo.formats import BitDepth


__all__ = ["Source", "from_array", "read"]

# What resampling adds to 0…1 is no other scale.
_OVERSHOOT = 0.01

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image | NDArray[Any]"
)


def read(
    source: Source, *, max_pixels: int | None = DEFAULT_MAX_PIXELS, name: str | None = None
) -> Photo:
    """Read a photograph: its first page, upright, in sRGB.

    Args:
        source: A path, the bytes of a file, a binary file, a Pillow image, or an array of shape
            (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): bool, uint8, uint16, or float in 0…1.
        max_pixels: Refuse more pixels than this before decoding; None lifts the limit.
        name: What messages call a file; None for its path.

    Raises:
        UnreadablePhotoError: Not a picture, or a broken one.
        PhotoTooLargeError: More pixels than the limit.
        OutOfMemoryError: The pixels don't fit into memory.
        UnwritableFileError: There is no room for the temporary file of what comes without a path.

    Examples:
        >>> import numpy as np
        >>> import rechroma
        >>> rechroma.read("examples/louis-armstrong-1946.jpg").format
        'jpeg'
        >>> scan = rechroma.read(np.zeros((480, 640), np.uint16))
        >>> scan.bit_depth, scan.was_gray
        (16, True)
    """
    if isinstance(source, np.ndarray):
        if source.ndim >= 2:
            check_pixels(source.shape[1], source.shape[0], max_pixels, "<array>")
        return from_array(source)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not os.path.exists(path):  # noqa: PTH110 (a name that is too long is none)
            if os.path.islink(path):  # noqa: PTH114 (the same)
                what = f"{path}: a link to {path.readlink()}, which is not there"
                raise UnreadablePhotoError(what, "check where it leads to")
            raise UnreadablePhotoError(f"{path}: no such file", "check the path")
        photo = _dated(decode_file(path, name or str(path), max_pixels), path)
        return _with_file(photo, path.read_bytes)
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_bytes(bytes(source), name or "<bytes>", max_pixels)
    if hasattr(source, "read"):
        file = cast("BinaryIO", source)
        return _from_bytes(file.read(), name or str(getattr(file, "name", "<file>")), max_pixels)
    if hasattr(source, "mode") and hasattr(source, "size"):
        return _from_pil(cast("Image", source), max_pixels)
    raise UnreadablePhotoError(
        f"a {type(source).__name__} is not a picture",
        "give a path, bytes, a binary file, a Pillow image or an array",
    )


def _with_file(photo: Photo, content: Callable[[], bytes]) -> Photo:
    """Return a gray JPEG with what another one in color can have of it."""
    if photo.format != "jpeg" or photo.home is not None or not is_one_channel(photo.samples):
        return photo
    try:
        if photo.was_gray:
            return replace(photo, gray_jpeg=content())
        return replace(photo, luma_table=luma_table(content()))
    except OSError:
        return photo  # it has gone, and its pixels are here


def _dated(photo: Photo, path: Path) -> Photo:
    return photo.with_metadata(replace(photo.metadata, times=file_times(path)))


def _from_bytes(content: bytes, name: str, max_pixels: int | None) -> Photo:
    with _new_file("picture") as path:
        path.write_bytes(content)
        photo = decode_file(path, name, max_pixels)
        return _with_file(photo, lambda: content)


def _from_pil(picture: Image, max_pixels: int | None) -> Photo:
    """Let Pillow write the picture losslessly: one way in, with profile, EXIF and 16 bits."""
    check_pixels(picture.width, picture.height, max_pixels, "<Pillow image>")
    if picture.mode in ("F", "I"):
        values = np.asarray(picture)
        inside = picture.mode == "I" and values.min() >= 0 and values.max() <= 65535
        return from_array(values.astype(np.uint16) if inside else values)
    with _new_file("picture.tif") as path:
        plain = picture.convert("RGBA") if picture.mode in ("P", "PA", "RGBa", "RGBX") else picture
        plain = plain.convert("LA") if plain.mode == "La" else plain
        if plain.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
            plain = plain.convert("RGB")
        plain.save(path, format="TIFF", icc_profile=picture.info.get("icc_profile"))
        return decode_file(path, "<Pillow image>", max_pixels)


@contextmanager
def _new_file(name: str) -> Generator[Path]:
    """Yield a path to write to and to decode from: OpenImageIO's Python binding reads files only.

    In a folder of its own: on Windows nobody else opens a temporary file while it is open.

    Raises:
        UnwritableFileError: There is no room for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
            yield Path(folder, name)
    except OSError as error:
        if error.errno is None:
            raise  # not the system's
        raise UnwritableFileError(
            f"a temporary file can't be written: {error.strerror or error}",
            "make room where they are kept, or set TMPDIR to another folder",
        ) from error


def from_array(values: NDArray[Any]) -> Photo:
    """Return an array as a photo.

    Args:
        values: Shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with alpha; bool, uint8, uint16, or
            float in 0…1, sRGB-encoded.

    Raises:
        UnreadablePhotoError: Another shape or type, no pixels, or floats that are no numbers or out
            of 0…1 by more than a hundredth.
    """
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or values.size == 0:
        raise UnreadablePhotoError(
            f"an array of shape {values.shape} is not a picture",
            "give (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with at least one pixel",
        )
    if values.dtype.kind == "f":
        _check_range(values)
        values = np.clip(values, 0, 1).astype(np.float32)
    alpha = np.ascontiguousarray(values[..., 3]) if values.shape[2] == 4 else None
    colors, depth = _as_samples(values[..., :3])
    return Photo(
        samples=np.broadcast_to(colors, (*colors.shape[:2], 3)),
        alpha=alpha,
        bit_depth=depth,
        was_gray=colors.shape[2] == 1,
    )


def _check_range(values: NDArray[Any]) -> None:
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UnreadablePhotoError(
            "an array of floats with NaN or infinity is not a picture",
            "replace them, with numpy.nan_to_num for example",
        )
    if low < -_OVERSHOOT or high > 1 + _OVERSHOOT:
        raise UnreadablePhotoError(
            f"floats from {low:g} to {high:g} are not a picture",
            "give floats in 0…1 (divide by their white), or uint8 or uint16",
        )


def _as_samples(values: NDArray[Any]) -> tuple[NDArray[Any], BitDepth]:
    """Return a copy, so that the photo stays as it is when the caller goes on with the array."""
    match values.dtype.kind, values.dtype.itemsize:
        case "b", _:
            return values.astype(np.uint8) * np.uint8(255), 8
        case "u", 1:
            return values.copy(), 8
        case "u", 2:
            return values.copy(), 16
        case "f", _:
            return values.astype(np.float32), 32
        case _:
            raise UnreadablePhotoError(
                f"an array of {values.dtype} is not a picture", "give uint8, uint16 or float in 0…1"
            )
