"""Connections: how long one may take to ask for something, and how many there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

    from rechroma.web.settings import Limits

__all__ = ["BoundedProtocol", "protocol_of"]

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Retry-After: 2\r\nContent-Length: 37\r\nConnection: close\r\n\r\n"
    b"too many connections; try again later"
)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but connections that ask for nothing are not kept.

    uvicorn ends connections that are idle after an answer, but not those whose first request, or
    whose next one, is never whole. Where there are too many, the one that has asked for nothing for
    the longest is closed for a new one, so that whoever asks is served.

    Attributes:
        header_seconds: From a connection's start, or the first byte after an answer, to the end of
            the request's headers.
        most: Connections at once.
        waiting: Those that ask for nothing, the one that has for the longest first.
    """

    header_seconds: ClassVar[float]
    most: ClassVar[int]
    waiting: ClassVar[dict[BoundedProtocol, None]]
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, if there is room or somebody else waits for longer."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most and not self._close_oldest():
            transport.write(_FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if self._asks:
            self._served()
        elif self._header_timer is None:
            self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request: uvicorn's own timer ends that until its first byte."""
        super().on_response_complete()
        self.waiting[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._served()
        super().connection_lost(exc)

    @property
    def _asks(self) -> bool:
        """Whether a request's headers are here, and its answer is not over."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self.waiting[self] = None
        self._header_timer = self.loop.call_later(self.header_seconds, self.transport.close)

    def _served(self) -> None:
        self.waiting.pop(self, None)
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _close_oldest(self) -> bool:
        """Close the connection that has asked for nothing for the longest; tell if there is one."""
        oldest = next((each for each in self.waiting if each is not self), None)
        if oldest is None:
            return False
        # At once, so that it does not count any more.
        oldest._served()
        oldest.transport.abort()
        return True


def protocol_of(limits: Limits) -> type[BoundedProtocol]:
    """Return the protocol with the limits of a service."""
    own: dict[str, Any] = {
        "header_seconds": limits.header_seconds, "most": limits.connections, "waiting": {},
    }  # fmt: skip
    return type("Protocol", (BoundedProtocol,), own)
