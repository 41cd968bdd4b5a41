"""Which format an answer gets: what the client asks for, else the picture's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from rechroma.errors import UnwritablePhotoError
from rechroma.photo.formats import writer_of
from rechroma.web.jobs import ResultFormat
from rechroma.web.problems import Problem

if TYPE_CHECKING:
    from rechroma.web.jobs import ResultFile
    from rechroma.web.store import Store

__all__ = ["MEDIA_TYPES", "answer_with", "chosen_format"]

# OpenImageIO's name → media type, and the suffix of downloads.
MEDIA_TYPES = {
    "jpeg": ("image/jpeg", "jpg"),
    "png": ("image/png", "png"),
    "tiff": ("image/tiff", "tif"),
    "webp": ("image/webp", "webp"),
    "openexr": ("image/x-exr", "exr"),
    "jpeg2000": ("image/jp2", "jp2"),
    "bmp": ("image/bmp", "bmp"),
    "targa": ("image/x-tga", "tga"),
    "pnm": ("image/x-portable-anymap", "ppm"),
    "cube": ("application/octet-stream", "cube"),
}


def chosen_format(format: str | None, accept: str, quality: int | None) -> ResultFormat:  # noqa: A002
    """Return the format that a client asks for.

    Args:
        format: `?format=`, which wins: a name or a suffix such as "jpg".
        accept: The `Accept` header.
        quality: 1…100 of a lossy one.

    Raises:
        Problem: 422 no such format, 406 none of those that are accepted can be written.
    """
    if format:
        try:
            return ResultFormat(writer_of(format).name, quality)
        except UnwritablePhotoError as error:
            raise Problem(422, error.what, error.mend) from None
    wanted = sorted(_accepted(accept), key=lambda pair: -pair[1])
    kinds = [kind for kind, weight in wanted if weight > 0]
    names = {media: name for name, (media, _) in MEDIA_TYPES.items() if name != "cube"}
    for kind in kinds:
        if kind in ("*/*", "image/*"):
            return ResultFormat(None, quality)
        if kind in names:
            return ResultFormat(names[kind], quality)
    if not kinds:
        return ResultFormat(None, quality)
    raise Problem(406, f"no picture can be written as {', '.join(kinds)}", "accept image/*")


def _accepted(header: str) -> list[tuple[str, float]]:
    """Return the media types of an `Accept` header and their weights (RFC 9110, 12.5.1)."""
    found: list[tuple[str, float]] = []
    for part in header.split(","):
        kind, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weights = [each[2:] for each in parameters if each.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if kind:
            found.append((kind, weight))
    return found


def answer_with(store: Store, made: ResultFile, name: str, word: str) -> StreamingResponse:
    """Return a result as a download: `name` with a word before its suffix.

    Args:
        store: Takes the file over.
        made: What a worker has written.
        name: What the client calls its picture.
        word: "color", as in "grandmother.color.jpg".
    """
    media, suffix = MEDIA_TYPES[made.format]
    path = store.adopt(made.path)
    headers = {
        "Content-Length": str(path.stat().st_size),
        "Content-Disposition": _disposition(f"{Path(name).stem}.{word}.{suffix}"),
    }
    return StreamingResponse(store.stream(path), media_type=media, headers=headers)


def _disposition(name: str) -> str:
    """Return the header with a plain name for old clients and the real one (RFC 6266)."""
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
