"""Which formats are read and written, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rechroma.errors import UnwritablePhotoError

if TYPE_CHECKING:
    from pathlib import Path

    from rechroma.photo.model import BitDepth

__all__ = [
    "Writer",
    "format_of",
    "readable_suffixes",
    "writable_format",
    "writable_suffixes",
    "writer_of",
]

_DEFAULT_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Writer:
    """How a format is written.

    Attributes:
        name: OpenImageIO's name.
        depths: Bit depths it holds.
        alpha: Whether it holds alpha.
        linear: Whether its numbers are linear light.
        lossy: The name that its quality is set by, before the colon: "jpeg" gives "jpeg:95".
        options: Further attributes of the output.
    """

    name: str
    depths: tuple[BitDepth, ...] = (8,)
    alpha: bool = True
    linear: bool = False
    lossy: str | None = None
    options: dict[str, str | int] = field(default_factory=dict[str, str | int])

    def settings(self, quality: int | None) -> dict[str, str | int]:
        """Return the attributes of an output of this quality, 1…100."""
        if self.lossy is None:
            return self.options
        wanted = _DEFAULT_QUALITY if quality is None else quality
        return {**self.options, "Compression": f"{self.lossy}:{wanted}"}


# Chroma is not subsampled: color edges are what this package is about.
_FULL_CHROMA: dict[str, str | int] = {"jpeg:subsampling": "4:4:4"}
_WRITERS = {
    writer.name: writer
    for writer in (
        Writer("jpeg", alpha=False, lossy="jpeg", options=_FULL_CHROMA),
        Writer("png", depths=(8, 16), options={"png:compressionLevel": 4}),
        Writer("tiff", depths=(8, 16, 32), options={"compression": "zip"}),
        Writer("webp", lossy="webp"),
        Writer("openexr", depths=(32,), linear=True),
        Writer("jpeg2000", depths=(8, 16)),
        Writer("bmp", alpha=False),
        Writer("targa"),
        Writer("pnm", depths=(8, 16), alpha=False),
    )
}
# A folder is scanned for these. Formats of films, textures and terminals are left out.
_SUFFIXES = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg",
    ".png": "png",
    ".tif": "tiff", ".tiff": "tiff",
    ".webp": "webp",
    ".exr": "openexr",
    ".jp2": "jpeg2000", ".j2k": "jpeg2000",
    ".bmp": "bmp",
    ".tga": "targa",
    ".ppm": "pnm", ".pgm": "pnm", ".pbm": "pnm",
}  # fmt: skip
_READ_ONLY = frozenset({".gif", ".psd", ".jxl", ".dpx", ".hdr"})


def readable_suffixes() -> frozenset[str]:
    """Return the suffixes that a scan of a folder picks up, in lower case with their dots."""
    return frozenset(_SUFFIXES) | _READ_ONLY


def writable_suffixes() -> frozenset[str]:
    """Return the suffixes that `write` knows."""
    return frozenset(_SUFFIXES)


def format_of(target: Path) -> str:
    """Return the name of the format that a path's suffix stands for.

    Raises:
        UnwritablePhotoError: It stands for none that can be written.
    """
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise UnwritablePhotoError(
            f"{target}: {suffix or 'no suffix'} is no format that can be written",
            f"use one of {', '.join(sorted(_SUFFIXES))}",
        )
    return _SUFFIXES[suffix]


def writable_format(name: str | None) -> str:
    """Return a format of that name if it can be written, else PNG."""
    return name if name in _WRITERS else "png"


def writer_of(name: str) -> Writer:
    """Return how a format is written.

    Raises:
        UnwritablePhotoError: It can't be written.
    """
    writer = _WRITERS.get(name) or _WRITERS.get(_SUFFIXES.get(f".{name}", ""))
    if writer is None:
        raise UnwritablePhotoError(
            f"{name} is no format that can be written", f"use one of {', '.join(_WRITERS)}"
        )
    return writer
