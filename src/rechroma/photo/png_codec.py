"""PNG: OpenImageIO's pixels, and what chunks say of them (PNG 3, sections 4.3 and 11.3.2)."""

from __future__ import annotations

import struct
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rechroma.files import file_in_memory
from rechroma.photo.code_points import of_code_points, of_gamma
from rechroma.photo.openimageio_codec import OpenImageIOCodec, open_output

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.codec import Decoded
    from rechroma.photo.formats import Format
    from rechroma.photo.matrix_profile import MatrixProfile

__all__ = ["PngCodec", "png_encoding", "with_filter"]

# libpng's flags of its filters: up, average, Paeth.
_FILTERS = (0x20, 0x40, 0x80)
# Samples of a picture whose filter is chosen first, and the pixels on which it is.
_LARGE, _TRIED = 1 << 24, 1 << 19
_WANTED = frozenset({b"IHDR", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"acTL", b"fcTL"})


class PngCodec(OpenImageIOCodec):
    """OpenImageIO as a `Codec`, told what the numbers are."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first picture of a file; see `Codec`."""
        found, chunks = super().decode(path, name, max_pixels), _chunks(path)
        profile = None if b"cICP" in chunks else found.profile
        return replace(
            found, encoding=_encoding(chunks), profile=profile, pages=max(1, _frames(chunks))
        )

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Write a file; see `Codec`."""
        super().encode(file, with_filter(format, values), values, metadata, quality)


def with_filter(
    format: Format,  # noqa: A002 - the word that everybody uses
    values: NDArray[Any],
) -> Format:
    """Return a format whose encoder filters all rows alike, in the way that is best for samples.

    libpng tries all five for each row, which takes as long as deflating them. Small pictures are
    left to it.
    """
    if values.size < _LARGE:
        return format
    # Whole rows that follow each other: what zlib finds again is far behind.
    height, width = values.shape[:2]
    rows = min(height, max(1, _TRIED // width))
    some = np.ascontiguousarray(values[(height - rows) // 2 :][:rows])
    ways = [replace(format, options={**format.options, "png:filter": each}) for each in _FILTERS]
    return min(ways, key=lambda way: _size_of(some, way))


def _size_of(values: NDArray[Any], way: Format) -> int:
    with (
        file_in_memory(".png") as file,
        closing(open_output(file, way, values.shape, values.dtype, None)) as output,
    ):
        output.write_image(values)
        output.close()
        return file.stat().st_size


def png_encoding(path: Path) -> MatrixProfile | None:
    """Return what a file's numbers are without a profile; None for sRGB or what a profile says."""
    return _encoding(_chunks(path))


def _chunks(path: Path) -> dict[bytes, bytes]:
    """Return the chunks before the pixels that say something of color or frames."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind in (b"IDAT", b"IEND"):
                break
            if kind in _WANTED and (length <= 64 or kind == b"iCCP"):
                found.setdefault(kind, b"" if kind == b"iCCP" else file.read(length))
                file.seek(length + 4 if kind == b"iCCP" else 4, 1)
            else:
                file.seek(length + 4, 1)
    return found


def _encoding(chunks: dict[bytes, bytes]) -> MatrixProfile | None:
    """Heed the first of cICP, iCCP, sRGB, and gAMA with cHRM."""
    code_points = chunks.get(b"cICP", b"")
    if len(code_points) == 4:
        primaries, transfer, _, full = code_points
        bits = chunks.get(b"IHDR", b"").ljust(13, b"\x08")[8]
        return of_code_points(primaries, transfer, full_range=bool(full), bits=max(8, bits))
    if b"iCCP" in chunks or b"sRGB" in chunks:
        return None
    gamma, points = None, None
    if len(chunks.get(b"gAMA", b"")) == 4:
        # 0 is nonsense.
        gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000 or None
    if len(chunks.get(b"cHRM", b"")) == 32:
        numbers = [value / 100_000 for value in struct.unpack(">8I", chunks[b"cHRM"])]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if points is None:
        return of_gamma(gamma)
    return of_gamma(gamma, points[1:], points[0])


def _frames(chunks: dict[bytes, bytes]) -> int:
    """Return the number of pictures: those of an animation, and one beside it if it is none."""
    if len(chunks.get(b"acTL", b"")) != 8:
        return 1
    (frames,) = struct.unpack(">I", chunks[b"acTL"][:4])
    return frames + (b"fcTL" not in chunks)
