"""Photographs: reading and writing them with everything that a file carries."""

from rechroma.photo.codec import DEFAULT_MAX_PIXELS
from rechroma.photo.formats import (
    BitDepth,
    readable_suffixes,
    writable_format,
    writable_suffixes,
)
from rechroma.photo.jpeg_original import Original, original
from rechroma.photo.model import Photo
from rechroma.photo.reading import Source, read
from rechroma.photo.writing import encode, write

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "BitDepth",
    "Original",
    "Photo",
    "Source",
    "encode",
    "original",
    "read",
    "readable_suffixes",
    "writable_format",
    "writable_suffixes",
    "write",
]
