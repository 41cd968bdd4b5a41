"""Parts of requests and answers that several routes share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Query

from rechroma.metadata import MetadataOptions
from rechroma.options import options_of
from rechroma.web.formats import NOTES, chosen_format, media_types
from rechroma.web.jobs import ResultFormat
from rechroma.web.problems import MEDIA_TYPE, Problem

__all__ = [
    "RequestedBox",
    "RequestedFormat",
    "RequestedMetadata",
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
_MEANINGS = {each.name: each.meaning for each in options_of(MetadataOptions)}
_StripMetadata = Annotated[bool, Query(description=_MEANINGS["strip_metadata"])]
_StripGps = Annotated[bool, Query(description=_MEANINGS["strip_gps"])]
_Mark = Annotated[bool, Query(description=_MEANINGS["mark"])]


def _metadata(
    strip_metadata: _StripMetadata = MetadataOptions.strip_metadata,
    strip_gps: _StripGps = MetadataOptions.strip_gps,
    mark: _Mark = MetadataOptions.mark,
) -> MetadataOptions:
    # An upload has no dates that could be kept.
    return MetadataOptions(strip_metadata=strip_metadata, strip_gps=strip_gps, mark=mark)


# What of a picture's metadata the client wants to keep.
RequestedMetadata = Annotated[MetadataOptions, Depends(_metadata)]


def _requested_format(
    metadata: RequestedMetadata,
    format: _Format = None,  # noqa: A002 (the parameter's name in the URL)
    quality: _Quality = None,
    accept: _Accept = "*/*",
) -> ResultFormat:
    return replace(chosen_format(format, accept, quality), metadata=metadata)


# As what the client wants its picture.
RequestedFormat = Annotated[ResultFormat, Depends(_requested_format)]
_BoxText = Annotated[
    str | None,
    Query(
        pattern=r"^\d{1,7},\d{1,7},[1-9]\d{0,6},[1-9]\d{0,6}$", examples=["400,300,800,600"],
        description="A part of the picture: left, top, width, height in pixels; else all of it.",
    ),
]  # fmt: skip


def _requested_box(box: _BoxText = None) -> tuple[int, int, int, int] | None:
    if box is None:
        return None
    left, top, width, height = map(int, box.split(","))
    return left, top, width, height


# Which part of a picture the client wants.
RequestedBox = Annotated["tuple[int, int, int, int] | None", Depends(_requested_box)]
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
        "code": {"type": "string", "description": "For programs: stays when words change."},
    },
}


_NOTED: dict[str, Any] = {
    "description": "If anything is unusual: what, as a JSON array of sentences. Such as that a "
    "picture is in color already, or black and white, or what of its metadata the format can't "
    "carry.",
    "content": {
        "application/json": {
            "schema": {"type": "array", "items": {"type": "string"}},
            "example": ["in color already; it is colored anew from its lightness"],
        }
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that a route answers with."""
    # Whatever stands before the routes says these, and whatever goes wrong in them.
    known = {400, 401, 403, 408, 413, 421, 422, 429, 500, *statuses}
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


_FILE = {"schema": {"type": "string", "format": "binary"}}


def file_answer(media: str, text: str, *others: str) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a file of one kind, or of others."""
    return {200: {"description": text, "content": dict.fromkeys((media, *others), _FILE)}}


def picture_answer(media: Sequence[str] = ()) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a picture, and of what is said about it.

    Args:
        media: What it may be; by default every kind that is written.
    """
    kinds = dict.fromkeys(media or media_types(), _FILE)
    return {200: {"description": "The picture.", "content": kinds, "headers": {NOTES: _NOTED}}}


def invalid(errors: Sequence[Any], *, wants_form: bool = False) -> Problem:
    """Return the problem of a request that does not validate: the first thing that is wrong.

    Args:
        errors: As pydantic lists them.
        wants_form: Whether the body should have been a form, and is none.
    """
    where = ".".join(str(part) for part in errors[0]["loc"])
    detail = f"{where}: {errors[0]['msg']}" if where else str(errors[0]["msg"])
    form = "send a form, multipart/form-data, as curl -F picture=@old.jpg does"
    return Problem(422, detail, form if wants_form else "see /openapi.json")
