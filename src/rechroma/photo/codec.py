"""What a codec is: from a file to samples with what stands beside them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rechroma.errors import PhotoTooLargeError, UnreadablePhotoError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rechroma.metadata import Metadata
    from rechroma.photo.formats import BitDepth, Format
    from rechroma.photo.matrix_profile import MatrixProfile

__all__ = ["DEFAULT_MAX_PIXELS", "Codec", "Decoded", "check_pixels", "unreadable"]

# 400 megapixels are 4.8 GB as float32; more is asked for on purpose.
DEFAULT_MAX_PIXELS = 400_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The first page of a file, as it is stored: neither upright nor in sRGB.

    Attributes:
        colors: Shape (H, W, C): C = 1 gray, 3 RGB, 4 ink (0 none … 1 full); integers with their
            whole range, or floats.
        alpha: Shape (H, W), not multiplied into the colors; None without one.
        bit_depth: Bits of a channel in the file.
        format: The name of its format.
        encoding: What the numbers are, where the file says so without a profile or against it; None
            for sRGB or what the profile says.
        profile: The ICC profile's bytes; None without one.
        orientation: EXIF's tag 274.
        metadata: What describes the picture, to be written again.
        pages: Pages, layers or frames, this one included.
        chroma_halved: Whether it is a JPEG of 4:2:0: chroma has half the resolution, both ways.
    """

    colors: NDArray[Any]
    alpha: NDArray[Any] | None
    bit_depth: BitDepth
    format: str
    encoding: MatrixProfile | None
    profile: bytes | None
    orientation: int
    metadata: Metadata
    pages: int
    chroma_halved: bool = False


class Codec(Protocol):
    """Reads and writes files of some formats."""

    def decode(self, path: Path, name: str, max_pixels: int | None) -> Decoded:
        """Decode the first page of a file.

        Args:
            path: The file; its content decides, not its suffix.
            name: For messages.
            max_pixels: Refuse more pixels than this before decoding.

        Raises:
            UnreadablePhotoError: Not a picture, or a broken one.
            PhotoTooLargeError: More pixels than the limit.
            MemoryError: The pixels don't fit into memory.
        """
        ...

    def encode(
        self,
        file: Path,
        format: Format,  # noqa: A002 - the word that everybody uses
        values: NDArray[Any],
        metadata: Metadata,
        quality: int | None,
    ) -> None:
        """Write a file, tagged as sRGB where the format is not linear.

        Args:
            file: The new file; its name says nothing.
            format: Has the depth that the type of `values` stands for.
            values: Upright, shape (H, W, 3), or (H, W, 4) with alpha: uint8, uint16 or float32.
            metadata: As `rechroma.metadata.prepare` has made it for this format.
            quality: 1…100 of a lossy format; None for the default.

        Raises:
            UnwritablePhotoError: The format does not hold this picture, or the disk is full.
        """
        ...


def check_pixels(width: int, height: int, max_pixels: int | None, name: str) -> None:
    """Raise `PhotoTooLargeError` if a picture has more pixels than the limit; None lifts it."""
    if max_pixels is not None and width * height > max_pixels:
        raise PhotoTooLargeError(
            f"{name}: {width}×{height} are more than {max_pixels:,} pixels",
            "raise the limit with --max-pixels (0 lifts it) if you trust the file",
        )


def unreadable(name: str, reason: str, path: Path | None = None) -> UnreadablePhotoError:
    """Return the error of a file that can't be decoded.

    Args:
        name: What people call it.
        reason: The decoder's own words.
        path: What it is called in them: a temporary file, perhaps, of which people know nothing.
    """
    first = next(iter(reason.strip().splitlines()), "unknown reason")
    first = first if path is None else first.replace(str(path), name)
    return UnreadablePhotoError(
        f"{name}: can't be read as a picture: {first}",
        "check that the file is complete and of a supported format",
    )
