"""Which of a file's attributes are written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import OpenImageIO as oiio

    from rechroma.photo.model import Attribute

__all__ = ["kept_attributes"]

# What describes the old file's encoding, or is set anew: color, orientation, chunks, profile.
_DROPPED_PREFIXES = (
    "oiio:", "ICCProfile", "jpeg:", "png:", "tiff:", "openexr:", "webp:", "gif:", "jp2:", "jpegxl:",
    "bmp:", "targa:", "pnm:", "dpx:", "thumbnail", "textureformat", "wrapmodes",
)  # fmt: skip
_DROPPED = frozenset(
    {"Orientation", "compression", "Compression", "planarconfig", "Exif:ColorSpace",
     "chromaticities", "Exif:PixelXDimension", "Exif:PixelYDimension", "Exif:ImageWidth",
     "Exif:ImageHeight"}
)  # fmt: skip


def kept_attributes(spec: oiio.ImageSpec) -> tuple[Attribute, ...]:
    """Return EXIF, XMP, IPTC, resolution and other descriptions of what the picture shows."""
    return tuple(
        (entry.name, str(entry.type), entry.value)
        for entry in spec.extra_attribs
        if entry.name not in _DROPPED and not entry.name.startswith(_DROPPED_PREFIXES)
    )
