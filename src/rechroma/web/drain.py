"""The end: what is under way may finish, what never comes is not waited for, nothing begins."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from rechroma.web.access import path_of
from rechroma.web.problems import Problem, problem_response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Drain", "DrainGate", "stopping"]

# Seconds that requests which are not here yet are given.
_ARRIVAL = 5.0
# What is taken of a request that is turned away, in bytes and in seconds.
_DISCARDED = 1 << 20
_LINGER = 1.0
# What is asked while a server stops, too.
_PROBES = ("/healthz", "/readyz", "/metrics")


class Drain:
    """What one server has to finish before it ends.

    Attributes:
        stopping: Whether it is about to end; set by a signal.
        busy: Requests under way, without those of probes.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.busy = 0
        self._end = math.inf
        self._arriving: set[asyncio.Timeout] = set()

    def begin(self) -> None:
        """Give requests that are not here yet a few seconds more."""
        self.stopping = True
        self._end = asyncio.get_running_loop().time() + _ARRIVAL
        for each in self._arriving:
            each.reschedule(min(each.when() or math.inf, self._end))

    @asynccontextmanager
    async def arrival(self, end: float) -> AsyncGenerator[None]:
        """Wait for a part of a request, until a time of the loop, or until the server's end.

        Raises:
            TimeoutError: It did not come.
        """
        async with asyncio.timeout_at(min(end, self._end)) as timeout:
            self._arriving.add(timeout)
            try:
                yield
            finally:
                self._arriving.discard(timeout)


def stopping() -> Problem:
    """Return the problem of a server that is about to end."""
    return Problem(
        503,
        "the server is stopping",
        "ask again when it is back",
        {"Retry-After": "10"},
        code="stopping",
    )


class DrainGate:
    """Turns new requests away once the server stops, but for those of probes."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        if scope["type"] != "http" or path_of(scope) in _PROBES:
            await self._app(scope, receive, send)
        elif self._drain.stopping:
            await _take(receive)
            problem = stopping()
            problem.headers["Connection"] = "close"
            await problem_response(problem)(scope, receive, send)
        else:
            self._drain.busy += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._drain.busy -= 1


async def _take(receive: Receive) -> None:
    """Take what is just arriving of a request, and let it go.

    A connection that is closed before that is reset, and its client never reads the answer.
    """
    left = _DISCARDED
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
