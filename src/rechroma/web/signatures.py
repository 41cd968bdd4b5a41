"""Which uploads are pictures, by their first bytes.

Decoders see nothing else: a file of another kind is turned away before any of them looks at it.
"""

from __future__ import annotations

from rechroma.photo.avif import BRANDS_LENGTH, is_avif

__all__ = ["HEAD", "looks_like_picture"]

# Bytes that have to be looked at.
HEAD = BRANDS_LENGTH

_STARTS = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+",  # TIFF, BigTIFF
    b"GIF87a", b"GIF89a",
    b"BM",
    b"v/1\x01",  # OpenEXR
    b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51",  # JPEG 2000, its code stream
    b"\xff\x0a", b"\x00\x00\x00\x0cJXL ",  # JPEG XL, in its container
    b"8BPS",
    b"SDPX", b"XPDS",
    b"#?RADIANCE", b"#?RGBE",
    b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF",
)  # fmt: skip


def looks_like_picture(head: bytes) -> bool:
    """Tell whether a file that begins so is of a format that is read; RIFF alone is not WebP."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_STARTS) or webp or is_avif(head)
