"""Running the service."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import signal
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from rechroma.colorizer import load_card
from rechroma.errors import UsageError
from rechroma.web.access_log import write_access_log
from rechroma.web.app import make_app
from rechroma.web.connections import protocol_of
from rechroma.web.films import take_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

    from fastapi import FastAPI

    from rechroma.web.drain import Drain
    from rechroma.web.settings import Settings

__all__ = ["serve"]

# Connections that may wait to be accepted: uvicorn's own number.
_BACKLOG = 2048
# Seconds between looks at what is still under way.
_TICK = 0.1


class _Server(uvicorn.Server):
    """Says that it stops as soon as it is told to, and forgets all pictures however it is told."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, seconds: float) -> None:
        super().__init__(config)
        self._seconds = seconds
        self._drain: Drain = app.state.drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal; probes send nobody here any more."""
        self._drain.stopping = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin; what is loaded by now stays to the end, and is no garbage to look for."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Heed SIGHUP, too: the terminal was closed. Whoever has it ignored (nohup) goes on."""
        with super().capture_signals(), _handled("SIGHUP", self.handle_exit):
            yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; pictures are deleted even if a second Ctrl-C lets nothing be finished.

        Meanwhile probes are told that it stops: uvicorn itself would hear nobody any more.
        """
        self._drain.begin()
        end = time.monotonic() + self._seconds
        while self._drain.busy and not self.force_exit and time.monotonic() < end:
            await asyncio.sleep(_TICK)
        self.config.timeout_graceful_shutdown = max(1, math.ceil(end - time.monotonic()))
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()


class _NoCancellations(logging.Filter):
    """Drops what uvicorn says of requests that a second Ctrl-C has ended: that was the wish."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is written."""
        return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def serve(settings: Settings, *, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; requests that are under way are finished then.

    Args:
        settings: How.
        tell: Called with the address, once it is known.

    Raises:
        UsageError: The address is taken or isn't this machine's, or another service has the
            folder of films.
        ModelError: The model isn't there.
    """
    load_card(settings.model)
    # Before anything is told: the service itself takes it when it starts.
    if settings.films is not None and (lock := take_folder(Path(settings.films))) is not None:
        os.close(lock)
    app = make_app(settings)
    config = uvicorn.Config(
        app, http=protocol_of(settings.limits), ws="none", log_level="warning", access_log=False,
        server_header=False, proxy_headers=False,
    )  # fmt: skip
    logging.getLogger("uvicorn.error").addFilter(_NoCancellations())
    if settings.access_log != "off":
        write_access_log()
    with _bound(settings) as listener:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"http://{host}:{listener.getsockname()[1]}/")
        _Server(config, app, _drain_seconds(settings)).run(sockets=[listener])


def _drain_seconds(settings: Settings) -> float:
    """Return how long requests may take to end: one waits, and is worked on, at most so long."""
    return 2 * settings.limits.seconds


@contextmanager
def _handled(name: str, handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    """Handle a signal, unless it is ignored or this system does not have it."""
    number = getattr(signal, name, None)
    if number is None or signal.getsignal(number) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # A browser that comes before the server is ready waits, and is not turned away.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"{settings.host}:{settings.port}: {error.strerror}", "choose another --port or --host"
        ) from error
    return listener
