"""What every request passes first: who may ask, and how much may be sent."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders

from rechroma.web.problems import Problem, problem_response
from rechroma.web.settings import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rechroma.web.settings import Settings

__all__ = ["AccessControl", "BodyLimit", "SecurityHeaders"]

# Where files are sent, as multipart/form-data. Whatever else is sent is JSON: it is parsed at once,
# and nobody is served meanwhile.
_UPLOADS = ("/v1/colorize", "/v1/transfer", "/v1/looks/apply", "/v1/sessions")
_JSON_BYTES = 1_000_000

# Everything comes from here; pictures that the page made itself are blobs.
_POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# What a probe asks, and the page itself, which has no data in it, need no token.
_OPEN = ("/healthz", "/readyz", "/static/")


class SecurityHeaders:
    """Adds headers that keep browsers from doing what the page does not need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # Asked for anew each time, so that modules of two versions never meet.
                kept = "no-cache" if scope["path"].startswith("/static/") else "no-store"
                headers.setdefault("Cache-Control", kept)
            await send(message)

        await self._app(scope, receive, with_headers)


class AccessControl:
    """Turns away who may not ask: other sites' pages, and everybody without the token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._token = settings.token
        self._local = is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(problem)(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        # A name that some other site lets point here is how its page would reach this service.
        if self._local and not is_loopback(_split(f"//{host}").hostname or ""):
            return Problem(421, "this service answers to localhost alone")
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != host:
            return Problem(403, "pages of other sites can't use this service")
        if self._token and not self._is_open(scope["path"]) and not self._knows(headers):
            return Problem(
                401, "the token is missing or wrong",
                "send Authorization: Bearer <token>; in a browser open …/#token=<token>",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return None

    def _is_open(self, path: str) -> bool:
        return path == "/" or path.startswith(_OPEN)

    def _knows(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        wanted = (self._token or "").encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted)


def _split(url: str) -> SplitResult:
    """Return the parts of a URL: none of one that makes no sense."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


class BodyLimit:
    """Stops reading a body that is larger than the limit, whether it says so or not, or too slow.

    Args:
        app: What comes next.
        limit: Bytes of a form with files; of anything else a million.
        seconds: From the first of them to the last.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit_of(scope["path"], headers)
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await problem_response(self._problem(limit))(scope, receive, send)
            return
        left, more = limit, True
        end = asyncio.get_running_loop().time() + self._seconds

        async def counted() -> Message:
            nonlocal left, more
            try:
                # After the body comes nothing but the client's leaving, which may be waited for.
                async with asyncio.timeout_at(end if more else None):
                    message = await receive()
            except TimeoutError:
                raise self._late() from None
            more = message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._problem(limit)
            return message

        await self._app(scope, counted, send)

    def _limit_of(self, path: str, headers: Headers) -> int:
        is_form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        return self._limit if is_form and path in _UPLOADS else min(self._limit, _JSON_BYTES)

    def _problem(self, limit: int) -> Problem:
        mend = "send a smaller file" if limit == self._limit else "files go into a form's parts"
        return Problem(413, f"the request has more than {limit:,} bytes", mend)

    def _late(self) -> Problem:
        return Problem(
            408, f"the request took more than {self._seconds:g} seconds to arrive",
            "send a smaller file, or on a faster line",
        )  # fmt: skip
