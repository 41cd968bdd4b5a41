"""Which files are films, by their first bytes: FFmpeg is shown nothing else."""

from __future__ import annotations

from importlib.util import find_spec

from rechroma.errors import MissingExtraError
from rechroma.web.problems import Problem

__all__ = ["FILM_HEAD", "check_film", "check_installed", "film_media_type", "missing_films"]

# Bytes that say whether a file is a film.
FILM_HEAD = 256
# First bytes → media type, as browsers know them.
_SIGNATURES = {
    b"\x1a\x45\xdf\xa3": "video/x-matroska",
    b"FLV\x01": "video/x-flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "video/x-ms-wmv",
    b"\x00\x00\x01\xba": "video/mpeg",
    b"\x00\x00\x01\xb3": "video/mpeg",
    b"\x00\x00\x00\x01\x67": "video/h264",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01": "application/mxf",
    b"nut/multimedia container": "video/x-nut",
    b"OggS": "video/ogg",
    b"YUV4MPEG2 ": "video/x-yuv4mpeg",
}  # fmt: skip
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# Brands of ISO files that are pictures.
_PICTURES = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"jpx ")
# Transport streams have packets of 188 bytes, on discs with four bytes before each.
_PACKET = 188


def film_media_type(head: bytes) -> str:
    """Return the media type of a film that begins with these bytes; "" if it is none.

    Args:
        head: `FILM_HEAD` bytes, or the whole file if it has fewer.
    """
    if head[4:8] in _BOXES and head[8:12] not in _PICTURES:
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "video/x-msvideo"
    for before in (0, 4):
        if head[before : before + 1] == head[before + _PACKET + before :][:1] == b"G":
            return "video/mp2t"
    found = (kind for signature, kind in _SIGNATURES.items() if head.startswith(signature))
    return next(found, "")


def missing_films() -> MissingExtraError | None:
    """Return what is missing for films; None if nothing is."""
    if all(find_spec(each) is not None for each in ("av", "cv2")):
        return None
    return MissingExtraError(
        "this service can't read films: PyAV or OpenCV is not installed",
        "pip install 'rechroma[video]' where it runs",
    )


def check_installed() -> None:
    """Say what to install where films can't be read.

    Raises:
        Problem: 501.
    """
    if missing := missing_films():
        raise Problem(501, missing.what, missing.mend, code="films-not-installed")


def check_film(head: bytes, name: str) -> None:
    """Turn away what is no film.

    Raises:
        Problem: 415, or 501 where films can't be read at all.
    """
    check_installed()
    if not film_media_type(head):
        raise Problem(
            415,
            f"{name} is not a film of a kind that is read here",
            "send MP4, QuickTime, Matroska, WebM, AVI, MPEG, MXF, Ogg, WMV or FLV",
            code="no-film",
        )
