"""What every request passes first: how much may be sent, and what every answer says."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from rechroma.web.access import path_of
from rechroma.web.drain import Drain, stopping
from rechroma.web.problems import Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rechroma.web.settings import Limits

__all__ = ["POLICY", "BodyLimit", "HeadAsGet", "SecurityHeaders", "lacks_form"]

# Where files are sent, as multipart/form-data. Whatever else is sent is JSON: it is parsed at once,
# and nobody is served meanwhile.
_UPLOADS = (
    "/v1/colorize", "/v1/original", "/v1/transfer", "/v1/looks/apply", "/v1/looks/{name}/apply",
    "/v1/prepare", "/v1/sessions", "/v1/sessions/{id}/masks/{name}", "/v1/films",
    "/v1/films/{id}/shots/{number}/still",
)  # fmt: skip
_UPLOAD = re.compile("|".join(re.sub(r"\{\w+\}", "[^/]+", path) for path in _UPLOADS))
_FILMS = "/v1/films"
_JSON_BYTES = 1_000_000

# Everything comes from here; pictures that the page made itself are blobs.
POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """Adds headers that keep browsers from doing what the page does not need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Asked for anew each time, so that modules of two versions never meet.
        kept = "no-cache" if path_of(scope).startswith("/static/") else "no-store"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", kept)
            await send(message)

        await self._app(scope, receive, with_headers)


def lacks_form(scope: Scope) -> bool:
    """Tell whether a request that should have files in a form is something else."""
    kind = Headers(scope=scope).get("content-type", "").lower()
    return _takes_form(scope) and not kind.startswith("multipart/form-data")


def _takes_form(scope: Scope) -> bool:
    return _UPLOAD.fullmatch(path_of(scope)) is not None


class BodyLimit:
    """Stops reading a body that is larger than the limit, whether it says so or not, or too slow.

    Args:
        app: What comes next.
        limits: Say how many bytes a form with files may have, of anything else it is a million, and
            how long they may take from the first to the last; a film has as long for each byte.
        drain: Says when the server stops.
    """

    def __init__(self, app: ASGIApp, limits: Limits, drain: Drain) -> None:
        self._app = app
        self._limit = limits.upload_bytes
        self._film_limit = min(limits.film_bytes, limits.stored_bytes)
        self._seconds = limits.body_seconds
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit, seconds = self._allowed(scope)
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problem_response(self._problem(limit))(scope, receive, send)
            return
        left, more = limit, True
        end = asyncio.get_running_loop().time() + seconds

        async def counted() -> Message:
            nonlocal left, more
            if not more:
                # After the body comes nothing but the client's leaving, which may be waited for.
                return await receive()
            try:
                async with self._drain.arrival(end):
                    message = await receive()
            except TimeoutError:
                raise stopping() if self._drain.stopping else _late(seconds) from None
            more = message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._problem(limit)
            return message

        await self._app(scope, counted, send)

    def _allowed(self, scope: Scope) -> tuple[int, float]:
        """Return how many bytes may come, and within how many seconds."""
        if not _takes_form(scope) or lacks_form(scope):
            return min(self._limit, _JSON_BYTES), self._seconds
        if path_of(scope) == _FILMS:
            pace = max(1.0, self._film_limit / self._limit)
            return self._film_limit, self._seconds * pace
        return self._limit, self._seconds

    def _problem(self, limit: int) -> Problem:
        takes_files = limit in (self._limit, self._film_limit)
        mend = "send a smaller file" if takes_files else "files go into a form's parts"
        return Problem(
            413, f"the request has more than {limit:,} bytes", mend, code="too-many-bytes"
        )


def _late(seconds: float) -> Problem:
    return Problem(
        408, f"the request took more than {seconds:g} seconds to arrive",
        "send a smaller file, or on a faster line", code="too-slow",
    )  # fmt: skip


class HeadAsGet:
    """Answers HEAD as GET; the server sends nothing after the headers then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, send)
        finally:
            # What counts requests stands outside, and asks which it was.
            scope["route"] = inner.get("route")
