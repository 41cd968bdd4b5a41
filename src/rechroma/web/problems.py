"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from rechroma.errors import (
    LookError,
    MissingExtraError,
    ModelError,
    OutOfMemoryError,
    PhotoError,
    PhotoTooLargeError,
    RechromaError,
    UnreadablePhotoError,
    UnwritablePhotoError,
    UsageError,
)
from rechroma.web.worker import ClosedError, DiskFullError, FilmTooLargeError, disk_full

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "GONE",
    "MEDIA_TYPE",
    "Problem",
    "UnhandledErrors",
    "busy",
    "no_room",
    "problem_of",
    "problem_response",
    "retry_after",
]

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# The first class that an error belongs to decides on the status, and on the word for programs; what
# is not here is no fault of the client's.
_STATUS: tuple[tuple[type[RechromaError], HTTPStatus, str], ...] = (
    (PhotoTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many-pixels"),
    (FilmTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "film-too-large"),
    (OutOfMemoryError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-little-memory"),
    (UnreadablePhotoError, HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable-picture"),
    (UnwritablePhotoError, HTTPStatus.UNPROCESSABLE_ENTITY, "unwritable-picture"),
    (PhotoError, HTTPStatus.UNPROCESSABLE_ENTITY, ""),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY, ""),
    (LookError, HTTPStatus.UNPROCESSABLE_ENTITY, ""),
    (ClosedError, HTTPStatus.NOT_FOUND, "not-open"),
    (MissingExtraError, HTTPStatus.NOT_IMPLEMENTED, ""),
    (ModelError, HTTPStatus.SERVICE_UNAVAILABLE, "no-model"),
    (DiskFullError, HTTPStatus.INSUFFICIENT_STORAGE, "disk-full"),
)
_UNKNOWN = (HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected")


# What there is to do where nobody knows better.
_MENDS = {
    400: "send what /openapi.json asks for",
    404: "/openapi.json says what there is",
    405: "/openapi.json says which methods there are",
    422: "send another picture, or other options; /openapi.json says which there are",
    499: "stay connected until the answer comes",
}
_ELSE = "whoever runs the service finds more in its log"

# nginx's number for an answer that nobody reads.
GONE = 499


class Problem(Exception):  # noqa: N818 (the RFC's own word)
    """Why a request is turned down.

    Args:
        status: HTTP status.
        detail: What is wrong, in one line.
        mend: What the client can do about it; by default what its status says.
        headers: Of the response: `Retry-After`, `WWW-Authenticate`.
        code: A word for programs that say it in words of their own, as the page does in other
            languages; empty where only the detail can tell.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        mend: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        code: str = "",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.mend = mend or _MENDS.get(status, _ELSE)
        self.headers = dict(headers or {})
        self.code = code


def busy(detail: str, *, status: int = 429, seconds: int = 2, code: str = "busy") -> Problem:
    """Return the problem of a service that can't now, and says when to come again."""
    headers = {"Retry-After": str(seconds)}
    return Problem(status, detail, "try again a little later", headers, code=code)


def retry_after(problem: Problem) -> int | None:
    """Return the seconds after which a client shall come again; None if that is of no use."""
    given = problem.headers.get("Retry-After")
    return None if given is None else int(given)


def no_room() -> Problem:
    """Return the problem of a disk that is full."""
    return problem_of(disk_full())


def problem_of(error: RechromaError) -> Problem:
    """Return what the service says of an error of the package."""
    found = ((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    status, code = next(found, _UNKNOWN)
    # On the command line an option lifts this limit; here whoever runs the service sets it.
    mend = "make the picture smaller" if isinstance(error, PhotoTooLargeError) else error.mend
    return Problem(status, error.what, mend, code=code)


def _title(status: int) -> str:
    return "Client Closed Request" if status == GONE else HTTPStatus(status).phrase


def problem_response(problem: Problem) -> JSONResponse:
    """Return the response: what the RFC names, with `mend` and, if there is one, `code`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(problem.status),
        "status": int(problem.status),
        "detail": problem.detail,
        "mend": problem.mend,
    }
    if problem.code:
        body["code"] = problem.code
    return JSONResponse(
        body, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


class UnhandledErrors:
    """Answers with a problem document where everything else has failed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on.

        Raises:
            Exception: It came after the answer had begun: the connection has to be closed.
        """
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            _log.exception("unexpected")
            problem = Problem(
                500,
                f"unexpected {type(error).__name__}",
                "this is a bug; please report the server's log",
                code="unexpected",
            )
            await problem_response(problem)(scope, receive, send)
