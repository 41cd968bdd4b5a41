"""An id for each request, and a line in the log for each answer."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders

from rechroma.web.metrics import route_of
from rechroma.web.problems import GONE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["REQUEST_ID", "AccessLog", "write_access_log"]

REQUEST_ID = "X-Request-ID"
# What others send is put into logs as it is.
_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("rechroma.access")


class AccessLog:
    """Gives each request an id, its client's own if it has a sound one, and notes its answer.

    What is noted is the route, not the path: who knows the id of a picture may work on it.

    Args:
        app: What comes next.
        style: "text", "json", or "off" for no lines.
    """

    def __init__(self, app: ASGIApp, style: str) -> None:
        self._app = app
        self._style = style

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        key = given if _SOUND_ID.fullmatch(given) else secrets.token_hex(8)
        start, status, size = time.perf_counter(), GONE, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = key
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if self._style != "off":
                self._note(scope, key, status, size, time.perf_counter() - start)

    def _note(self, scope: Scope, key: str, status: int, size: int, seconds: float) -> None:
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("-",))[0],
            "method": scope["method"], "route": route_of(scope), "status": status,
            "bytes": size, "seconds": round(seconds, 4), "request_id": key,
        }  # fmt: skip
        if self._style == "json":
            _log.info("%s", json.dumps(entry))
        else:
            _log.info("%s", " ".join(str(value) for value in entry.values()))


def write_access_log() -> None:
    """Let the lines go to stderr, and nowhere else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)
    _log.propagate = False
