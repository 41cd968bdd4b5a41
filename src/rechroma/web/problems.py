"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from rechroma.errors import (
    LookError,
    ModelError,
    OutOfMemoryError,
    PhotoTooLargeError,
    RechromaError,
    UnreadablePhotoError,
    UnwritablePhotoError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GONE", "MEDIA_TYPE", "Problem", "busy", "problem_of", "problem_response"]

MEDIA_TYPE = "application/problem+json"

# The first class that an error belongs to decides.
_STATUS: tuple[tuple[type[RechromaError], HTTPStatus], ...] = (
    (PhotoTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (OutOfMemoryError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnreadablePhotoError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnwritablePhotoError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (LookError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
)


# nginx's number for an answer that nobody reads.
GONE = 499


class Problem(Exception):  # noqa: N818 (the RFC's own word)
    """Why a request is turned down.

    Args:
        status: HTTP status.
        detail: What is wrong, in one line.
        mend: What the client can do about it.
        headers: Of the response: `Retry-After`, `WWW-Authenticate`.
    """

    def __init__(
        self, status: int, detail: str, mend: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.mend = mend
        self.headers = dict(headers or {})


def busy(detail: str, *, status: int = 429, seconds: int = 2) -> Problem:
    """Return the problem of a service that can't now, and says when to come again."""
    return Problem(status, detail, "try again a little later", {"Retry-After": str(seconds)})


def problem_of(error: RechromaError) -> Problem:
    """Return what the service says of an error of the package."""
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    status = next(found, HTTPStatus.UNPROCESSABLE_ENTITY)
    # On the command line an option lifts this limit; here whoever runs the service sets it.
    mend = "make the picture smaller" if isinstance(error, PhotoTooLargeError) else error.mend
    return Problem(status, error.what, mend)


def _title(status: int) -> str:
    return "Client Closed Request" if status == GONE else HTTPStatus(status).phrase


def problem_response(problem: Problem) -> JSONResponse:
    """Return the response: `type`, `title`, `status` and `detail` of the RFC, and `mend`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(problem.status),
        "status": int(problem.status),
        "detail": problem.detail,
        "mend": problem.mend,
    }
    return JSONResponse(
        body, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )
