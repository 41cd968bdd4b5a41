"""Writing a photograph."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rechroma.color import srgb_to_linear
from rechroma.errors import UnwritablePhotoError
from rechroma.files import atomic_target
from rechroma.metadata import MetadataOptions, prepare
from rechroma.photo.codec_table import codec_for
from rechroma.photo.formats import find_format, format_of
from rechroma.photo.samples import requantize, to_float

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.formats import BitDepth, Format

__all__ = ["Picture", "encode", "write"]

_TYPES = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}


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


def write(
    photo: Picture,
    target: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the word that everybody uses
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a photo to a file that appears whole or not at all.

    Args:
        photo: A `Photo`. Its metadata are written again, its ICC profile is sRGB.
        target: The file; its folder exists.
        format: A name, such as "png"; from the target's suffix if None.
        bit_depth: The photo's own if None; the nearest that the format has.
        quality: 1…100 for lossy formats; 95 if None.
        overwrite: Replace what stands at `target`.

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
    target = Path(target)
    chosen = find_format(format) if format else format_of(target)
    with atomic_target(target, overwrite=overwrite) as temporary:
        _write(photo, temporary, chosen, bit_depth, quality)


def encode(
    photo: Picture,
    format: str,  # noqa: A002 - the word that everybody uses
    *,
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
) -> bytes:
    """Return the bytes of a picture file; see `write`."""
    chosen = find_format(format)
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "picture")
        _write(photo, file, chosen, bit_depth, quality)
        return file.read_bytes()


def _write(
    photo: Picture, file: Path, chosen: Format, bit_depth: BitDepth | None, quality: int | None
) -> None:
    height, width = photo.samples.shape[:2]
    if min(height, width) < chosen.min_side:
        raise UnwritablePhotoError(
            f"{file.name}: {chosen.title} does not take {width}×{height} pixels",
            f"choose another format; this one needs {chosen.min_side} pixels a side",
        )
    dtype = _TYPES[chosen.nearest_depth(bit_depth or photo.bit_depth)]
    values = _values(photo, chosen, dtype)
    described = prepare(photo.metadata, chosen.name, width, height, MetadataOptions())
    codec_for(chosen).encode(file, chosen, values, described, quality)


def _values(photo: Picture, chosen: Format, dtype: np.dtype[Any]) -> NDArray[Any]:
    samples = photo.samples
    if chosen.linear:
        samples = srgb_to_linear(to_float(samples)).astype(np.float32)
    values = np.ascontiguousarray(requantize(samples, dtype))
    if photo.alpha is None or not chosen.alpha:
        return values
    return np.dstack([values, requantize(photo.alpha, dtype)])
