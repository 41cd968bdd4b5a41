"""Parts of requests and answers that several routes share."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query

from rechroma.web.formats import chosen_format, media_types
from rechroma.web.jobs import ResultFormat
from rechroma.web.problems import MEDIA_TYPE, Problem

__all__ = [
    "PREVIEW",
    "RequestedFormat",
    "Side",
    "file_answer",
    "invalid",
    "picture_answer",
    "problems",
]

_Format = Annotated[
    str | None,
    Query(max_length=16, description="The answer's format; else `Accept`, else the input's."),
]
_Quality = Annotated[int | None, Query(ge=1, le=100, description="Of a lossy format.")]
_Accept = Annotated[str, Header()]


def _requested_format(
    format: _Format = None,  # noqa: A002 (the parameter's name in the URL)
    quality: _Quality = None,
    accept: _Accept = "*/*",
) -> ResultFormat:
    return chosen_format(format, accept, quality)


# As what the client wants its picture.
RequestedFormat = Annotated[ResultFormat, Depends(_requested_format)]
Side = Annotated[int, Query(ge=16, le=1600, description="Pixels of the longer side, at most.")]

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "mend"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "mend": {"type": "string", "description": "What can be done about it."},
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that a route answers with."""
    # Whatever stands before the routes says these, and whatever goes wrong in them.
    known = {400, 401, 403, 408, 421, 422, 500, *statuses}
    if 503 in known:
        # Where there is work, there are files.
        known.add(507)
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
        }
        for status in sorted(known)
    }


def file_answer(media: str, text: str) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a file of one kind."""
    content = {media: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": text, "content": content}}


PREVIEW = file_answer("image/jpeg", "The preview.")


def picture_answer() -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a picture."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    kinds = dict.fromkeys(media_types(), schema)
    return {200: {"description": "The picture.", "content": kinds}}


def invalid(errors: Sequence[Any]) -> Problem:
    """Return the problem of a request that does not validate: the first thing that is wrong."""
    where = ".".join(str(part) for part in errors[0]["loc"])
    detail = f"{where}: {errors[0]['msg']}" if where else str(errors[0]["msg"])
    return Problem(422, detail, "see /openapi.json")
