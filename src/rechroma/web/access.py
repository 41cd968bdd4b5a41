"""Who may ask: by which name, from which page, with which token, through which proxy."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rechroma.web.problems import Problem, problem_response
from rechroma.web.settings import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rechroma.web.settings import Settings

__all__ = ["AccessControl", "Forwarded", "path_of"]

# What a probe asks, and the pages themselves, which have no data in them, need no token; a film's
# media have an address that nobody can guess, since players can't send one.
_PAGES = ("/", "/docs")
_OPEN = ("/healthz", "/readyz", "/favicon.ico", "/sw.js", "/static/", "/v1/media/")
# Seconds before the answer to a wrong token, and how many of one address may wait for it: beyond
# that none of its tokens is looked at, so that nobody learns more by asking more often.
_PAUSE = 1.0
_MOST_WRONG = 10


def path_of(scope: Scope) -> str:
    """Return a request's path within the service, without the prefix that a proxy has for it."""
    path, root = scope["path"], scope.get("root_path", "")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


class Forwarded:
    """Heeds what proxies that are named say of their clients, and puts paths under the prefix.

    `X-Forwarded-For`, `-Proto` and `-Host` of anybody else are not looked at.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._root = settings.root_path
        self._app = app
        self._proxied = ProxyHeadersMiddleware(app, list(settings.proxies))  # pyright: ignore[reportArgumentType]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root:
            scope["root_path"] = self._root
            # Proxies may take it off, or leave it on: the path is to have it, as ASGI says.
            if not f"{scope['path']}/".startswith(f"{self._root}/"):
                scope["path"] = self._root + scope["path"]
                scope["raw_path"] = self._root.encode() + scope.get("raw_path", b"")
        client = scope.get("client")
        if client and client[0] in self._proxied.trusted_hosts:
            host = Headers(scope=scope).get("x-forwarded-host", "").rpartition(",")[2].strip()
            if host:
                others = [pair for pair in scope["headers"] if pair[0] != b"host"]
                scope["headers"] = [(b"host", host.encode("latin-1")), *others]
        await self._proxied(scope, receive, send)  # pyright: ignore[reportArgumentType]


class AccessControl:
    """Turns away who may not ask: other sites' pages, and everybody without the token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._token = settings.token
        self._local = is_loopback(settings.host)
        self._allowed = {each.lower() for each in settings.allowed_hosts}
        self._wrong = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        problem = None
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            problem = self._other_site(headers) or await self._without_token(scope, headers)
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(problem)(scope, receive, send)

    def _other_site(self, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        name = _split(f"//{host}").hostname or ""
        # A name that some other site lets point here is how its page would reach this service.
        if self._local and not is_loopback(name) and name not in self._allowed:
            return Problem(
                421, "this service answers to localhost alone",
                "ask for it by that name, or start it with --allowed-host NAME",
            )  # fmt: skip
        origin = headers.get("origin")
        if origin is not None and not self._is_own(_split(origin), host):
            return Problem(
                403, "pages of other sites can't use this service",
                "start it with --allowed-host NAME if that is its own name behind a proxy",
            )  # fmt: skip
        return None

    def _is_own(self, origin: SplitResult, host: str) -> bool:
        return origin.netloc == host or origin.hostname in self._allowed

    async def _without_token(self, scope: Scope, headers: Headers) -> Problem | None:
        path = path_of(scope)
        if not self._token or path in _PAGES or path.startswith(_OPEN):
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            address = _address(scope)
            if self._wrong[address] >= _MOST_WRONG:
                return Problem(
                    429, "too many wrong tokens came from this address", "try again in a while",
                    {"Retry-After": "5"},
                )  # fmt: skip
            if hmac.compare_digest(given.strip().encode(), self._token.encode()):
                return None
            await self._slow(address)
        return Problem(
            401, "the token is missing or wrong",
            "send Authorization: Bearer <token>; in a browser open …/#token=<token>",
            {"WWW-Authenticate": "Bearer"},
        )  # fmt: skip

    async def _slow(self, address: str) -> None:
        """Let who guesses wait."""
        self._wrong[address] += 1
        try:
            await asyncio.sleep(_PAUSE)
        finally:
            self._wrong[address] -= 1
            # Only those that wait are remembered.
            self._wrong += Counter()


def _address(scope: Scope) -> str:
    """Return whom a request comes from: of IPv6, where each has many addresses, the network."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    is_six = isinstance(address, IPv6Address) and not address.ipv4_mapped
    return str(ip_network(f"{host}/64", strict=False)) if is_six else host


def _split(url: str) -> SplitResult:
    """Return the parts of a URL: none of one that makes no sense."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
