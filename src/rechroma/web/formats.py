"""Which format an answer gets: what the client asks for, else the picture's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from rechroma.photo.formats import FORMATS, find_format
from rechroma.web.jobs import CUBE, ResultFormat
from rechroma.web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rechroma.web.jobs import ResultFile
    from rechroma.web.store import Store

__all__ = ["NOTES", "answer_with", "chosen_format", "media_types", "notes_header", "suffix_of"]

# The header that says what is unusual: a JSON array of sentences, in ASCII.
NOTES = "Rechroma-Notes"
# A hostile file may have a thousand things that can't be carried; clients take 8 kB of headers.
_MOST_NOTES = 10
_NOTE_LENGTH = 200


def media_types() -> dict[str, str]:
    """Return media type → name of the pictures that answers can be."""
    return {each.media_type: name for name, each in FORMATS.items() if each.writable}


def suffix_of(name: str) -> str:
    """Return the suffix of a result of this format, with its dot."""
    return ".cube" if name == CUBE else FORMATS[name].suffixes[0]


def _media_type(name: str) -> str:
    return "application/octet-stream" if name == CUBE else FORMATS[name].media_type


def chosen_format(format: str | None, accept: str, quality: int | None) -> ResultFormat:  # noqa: A002
    """Return the format that a client asks for.

    Args:
        format: `?format=`, which wins: a name or a suffix such as "jpg".
        accept: The `Accept` header.
        quality: 1…100 of a lossy one.

    Raises:
        UnwritablePhotoError: There is no such format.
        Problem: 406 none of those that are accepted can be written.
    """
    if format:
        return ResultFormat(find_format(format).name, quality)
    wanted = sorted(_accepted(accept), key=lambda pair: -pair[1])
    kinds = [kind for kind, weight in wanted if weight > 0]
    names = media_types()
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
    path = store.adopt(made.path)
    headers = {
        "Content-Length": str(path.stat().st_size),
        "Content-Disposition": _disposition(f"{Path(name).stem}.{word}{suffix_of(made.format)}"),
    }
    headers |= notes_header(made.notes)
    if made.gray is not None:
        headers["Rechroma-Gray"] = str(made.gray)
    content, kind = store.stream(path), _media_type(made.format)
    return StreamingResponse(content, media_type=kind, headers=headers)


def notes_header(notes: Sequence[str]) -> dict[str, str]:
    """Return the header that says what is unusual; none if nothing is."""
    if not notes:
        return {}
    shown = [note if len(note) <= _NOTE_LENGTH else f"{note[:_NOTE_LENGTH]}…" for note in notes]
    if len(shown) > _MOST_NOTES:
        shown[_MOST_NOTES:] = [f"and {len(shown) - _MOST_NOTES} more"]
    return {NOTES: json.dumps(shown)}


def _disposition(name: str) -> str:
    """Return the header with a plain name for old clients and the real one (RFC 6266)."""
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
