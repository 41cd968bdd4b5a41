"""Writing a photograph."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import OpenImageIO as oiio

from rechroma.color import srgb_to_linear
from rechroma.errors import UnwritablePhotoError
from rechroma.photo.atomic import atomic_target
from rechroma.photo.formats import format_of, writer_of
from rechroma.photo.icc import srgb_profile
from rechroma.photo.model import BitDepth, Photo, requantize

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from rechroma.photo.formats import Writer

__all__ = ["encode", "output_spec", "write"]

_TYPES = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}


def write(
    photo: Photo,
    target: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the word that everybody uses
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a photo to a file that appears whole or not at all.

    Args:
        photo: Its metadata are written again, its ICC profile is sRGB.
        target: The file; its folder exists.
        format: OpenImageIO's name, such as "png"; from the target's suffix if None.
        bit_depth: The photo's own if None; the nearest that the format has.
        quality: 1…100 for lossy formats; 95 if None.
        overwrite: Replace what stands at `target`.

    Raises:
        UnwritablePhotoError: An unknown format, something stands at `target`, or the disk says no.

    Examples:
        >>> import rechroma
        >>> photo = rechroma.read("examples/louis-armstrong-1946.jpg")
        >>> rechroma.write(photo, "louis.png", bit_depth=16)
        >>> rechroma.read("louis.png").bit_depth
        16
    """
    target = Path(target)
    writer = writer_of(format or format_of(target))
    with atomic_target(target, overwrite=overwrite) as temporary:
        _write(photo, temporary, writer, bit_depth or photo.bit_depth, quality)


def encode(
    photo: Photo,
    format: str,  # noqa: A002 - the word that everybody uses
    *,
    bit_depth: BitDepth | None = None,
    quality: int | None = None,
) -> bytes:
    """Return the bytes of a picture file; see `write`."""
    writer = writer_of(format)
    with tempfile.TemporaryDirectory(prefix="rechroma-") as folder:
        file = Path(folder, "picture")
        _write(photo, file, writer, bit_depth or photo.bit_depth, quality)
        return file.read_bytes()


def _write(
    photo: Photo, file: Path, writer: Writer, bit_depth: BitDepth, quality: int | None
) -> None:
    depth = max((d for d in writer.depths if d <= bit_depth), default=min(writer.depths))
    values = _values(photo, writer, _TYPES[depth])
    spec = output_spec(values.shape, replace(photo, bit_depth=depth), writer, quality)
    _put(file, writer, spec, values)


def output_spec(
    shape: tuple[int, ...], head: Photo, writer: Writer, quality: int | None
) -> oiio.ImageSpec:
    """Return what a file is opened with.

    Args:
        shape: (H, W, C).
        head: Its bit depth, which the format has, and metadata count, not its samples.
        writer: The format.
        quality: See `write`.
    """
    (height, width, channels), depth = shape, head.bit_depth
    kind_of_values = oiio.FLOAT if depth == 32 else oiio.UINT16 if depth == 16 else oiio.UINT8
    spec = oiio.ImageSpec(width, height, channels, kind_of_values)
    for name, kind, value in head.metadata:
        spec.attribute(name, oiio.TypeDesc(kind), value)
    if channels == 4:
        spec.alpha_channel = 3
        spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("Orientation", 1)
    if writer.linear:
        spec.attribute("oiio:ColorSpace", "lin_rec709_scene")
    else:
        profile = np.frombuffer(srgb_profile(), np.uint8)
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{profile.size}]"), profile)
    for name, value in writer.settings(quality).items():
        spec.attribute(name, value)
    return spec


def _values(photo: Photo, writer: Writer, dtype: np.dtype[Any]) -> NDArray[Any]:
    samples = photo.samples
    if writer.linear:
        samples = srgb_to_linear(photo.pixels).astype(np.float32)
    values = np.ascontiguousarray(requantize(samples, dtype))
    if photo.alpha is None or not writer.alpha:
        return values
    return np.dstack([values, requantize(photo.alpha, dtype)])


def _put(file: Path, writer: Writer, spec: oiio.ImageSpec, values: NDArray[Any]) -> None:
    output = oiio.ImageOutput.create(writer.name)
    if output is None:
        raise UnwritablePhotoError(f"{writer.name}: {oiio.geterror()}", "choose another format")
    # Every call is made, also after a failure: the file has to be closed.
    done = output.open(str(file), spec) and output.write_image(values)
    reason = output.geterror()
    closed = output.close()
    if not (done and closed):
        raise UnwritablePhotoError(
            f"{file.name}: can't be written: {reason or output.geterror()}",
            "check the disk and the format's limits on size",
        )
