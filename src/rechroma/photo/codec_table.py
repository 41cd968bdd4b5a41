"""Which codec reads and writes which format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rechroma.photo.openimageio_codec import OpenImageIOCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rechroma.photo.codec import Codec
    from rechroma.photo.formats import Format

__all__ = ["codec_for"]

_USUAL = OpenImageIOCodec()
# By the format's name: those that OpenImageIO does not do, or not well.
_SPECIAL: Mapping[str, Codec] = {}


def codec_for(format: Format | None) -> Codec:  # noqa: A002 - the word that everybody uses
    """Return the codec of a format; the usual one for files that don't tell what they are."""
    return _USUAL if format is None else _SPECIAL.get(format.name, _USUAL)
